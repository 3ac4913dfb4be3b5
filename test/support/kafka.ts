/** A real Kafka broker for tests: one that is there already, or one of our own that can be killed and started again. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { createKafka } from '../../platform/event-log/kafka-client.ts';
import { eventually } from './eventually.ts';
import { KAFKA_VARIABLE, provisionKafka } from './provision-kafka.ts';
import type { KafkaSource } from './provision-kafka.ts';

const source = findSource();

/** For `describe.skipIf(!kafkaAvailable)`. */
export const kafkaAvailable = source !== undefined;

export interface TestKafka {
  readonly brokers: string[];
  /** Of the broker's process; undefined where it is not ours. */
  readonly pid: number | undefined;
  /** A topic and group that no other test has. */
  name(): string;
  /** SIGKILL, as a crash. Only for a broker of our own. */
  kill(): Promise<void>;
  /** Starts a killed broker on its old data and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Is told the broker's port and answers with the one that clients are to use: that of a proxy. Only for a broker of our own. */
  advertise?: (port: number) => Promise<number>;
  /** In place of those that start quickly. Only for a broker of our own. */
  jvmOptions?: readonly string[];
}

/** Starts a broker, or connects to the given one; the caller stops it. Where this process dies first, the broker dies with it. */
export async function startKafka(options: StartOptions = {}): Promise<TestKafka> {
  if (source === undefined) throw new Error('There is no Kafka: set KAFKA_BROKERS, or install Java 17 and Maven');
  return 'brokers' in source ? given(source.brokers) : await start(source.jars, options);
}

function findSource(): KafkaSource | undefined {
  const found = process.env[KAFKA_VARIABLE];
  if (found !== undefined) return found === '' ? undefined : (JSON.parse(found) as KafkaSource);
  const outcome = provisionKafka();
  return outcome.ok ? outcome.source : undefined;
}

const name = () => `test-${randomUUID()}`;

function given(brokers: string[]): TestKafka {
  const refuse = () => Promise.reject(new Error('The broker of KAFKA_BROKERS is not ours to kill'));
  return { brokers, pid: undefined, name, kill: refuse, restart: refuse, stop: () => Promise.resolve() };
}

/** Small and quick to start: tests send megabytes, and share two cores with what they test. */
const JVM_OPTIONS = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * Ends the broker and removes its directory when the pipe to this process closes, which it also does when this process is
 * killed. The first line of output is the JVM's process id.
 */
const GUARD =
  'directory=$1; shift; "$@" </dev/null >"$directory/broker.log" 2>&1 & jvm=$!; echo $jvm; cat >/dev/null; kill -9 $jvm; wait; rm -rf "$directory"';

async function start(
  jars: string,
  { advertise = (port) => Promise.resolve(port), jvmOptions = JVM_OPTIONS }: StartOptions,
): Promise<TestKafka> {
  const directory = mkdtempSync(join(tmpdir(), 'tallyline-test-kafka-'));
  const [port, controllerPort] = await freePorts();
  const advertisedPort = await advertise(port);
  const brokers = [`127.0.0.1:${advertisedPort}`];
  const properties = join(directory, 'server.properties');
  writeFileSync(properties, serverProperties({ port, advertisedPort, controllerPort, directory }));
  const java = (...args: string[]) => [...jvmOptions, '-cp', join(jars, '*'), ...args];
  const format = spawnSync('java', java('kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', properties), { encoding: 'utf8' });
  if (format.status !== 0) throw new Error(`Kafka's storage could not be formatted: ${format.stdout}${format.stderr}`);

  const run = async () => {
    const running = await guard(directory, ['java', ...java('kafka.Kafka', properties)]);
    await ready(port, brokers);
    return running;
  };
  let broker = await run();
  return {
    brokers,
    get pid() {
      return broker.pid;
    },
    name,
    async kill() {
      // The guard first: it would take the data with it.
      await ended(broker.guard, () => broker.guard.kill('SIGKILL'));
      process.kill(broker.pid, 'SIGKILL');
      await eventually('the broker is gone', () => Promise.resolve(!isRunning(broker.pid)));
    },
    async restart() {
      broker = await run();
    },
    async stop() {
      await ended(broker.guard, () => broker.guard.stdin?.end());
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function guard(directory: string, command: readonly string[]): Promise<{ guard: ChildProcess; pid: number }> {
  const child = spawn('sh', ['-c', GUARD, 'guard', directory, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) return { guard: child, pid: Number(line) };
  throw new Error('the broker was not started');
}

async function ready(port: number, brokers: string[]): Promise<void> {
  await eventually('the broker listens', () => isListening(port));
  const admin = createKafka({ brokers, clientId: 'tallyline-test' }, pino({ level: 'silent' })).admin();
  await admin.connect();
  await eventually('the broker has joined its cluster', async () => (await admin.describeCluster()).brokers.length > 0);
  await admin.disconnect();
}

function isListening(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function ended(child: ChildProcess, end: () => unknown): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((settle) => child.once('exit', settle));
  end();
  await exited;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Kafka names clusters by 16 random bytes in base64url; one that begins with a dash it would take for an option. */
function clusterId(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url').replace(/^-/, 'A');
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  for (const server of servers) await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await new Promise((closed) => server.close(closed));
  return ports as [number, number];
}

interface Ports {
  port: number;
  advertisedPort: number;
  controllerPort: number;
}

/** Internal topics as small as they go; a short session of the broker, since a killed one is let in again only when it has run out. */
function serverProperties({ port, advertisedPort, controllerPort, directory }: Ports & { directory: string }): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${advertisedPort}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${join(directory, 'log')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
`;
}
