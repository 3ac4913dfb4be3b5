/**
 * ClickHouse over HTTP for tests: the server that CLICKHOUSE_URL names (user and password in CLICKHOUSE_USER, CLICKHOUSE_PASSWORD),
 * or else the real engine behind a small front of our own, in a process of its own and a fresh directory.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { connectClickHouse } from '../../platform/clickhouse/http.ts';
import type { ClickHouseServer } from '../../platform/clickhouse/http.ts';
import { migrateClickHouse } from '../../platform/clickhouse/migrate.ts';
import type { FrontOptions } from './clickhouse-front.ts';
import type { TestClickHouse } from './clickhouse.ts';

const FRONT = fileURLToPath(new URL('clickhouse-front.ts', import.meta.url));
const logger = pino({ level: 'silent' });
/** Longer than any statement of a test takes on a machine that is busy with others. */
const REQUEST_TIMEOUT_MS = 120_000;
/** Each statement at work occupies a thread of the pool that the front's engine runs on. */
const FRONT_THREADS = 16;

export interface ClickHouseFront {
  readonly server: ClickHouseServer;
  /** Of the process, for signals. It changes with every start. */
  readonly pid: number;
  readonly directory: string;
  /** Starts it again after `stop` or `kill`: same port, same data. */
  start(): Promise<void>;
  /** In order, like a server that is shut down. */
  stop(): Promise<void>;
  /** SIGKILL: what is at work breaks off. */
  kill(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

type FrontProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** The front, whatever CLICKHOUSE_URL says: for tests that stop it. */
export async function startClickHouseFront(): Promise<ClickHouseFront> {
  const directory = await mkdtemp(join(tmpdir(), 'tallyline-clickhouse-http-'));
  const credentials = { username: 'tallyline', password: randomBytes(12).toString('base64url') };
  let running: FrontProcess | undefined;
  let port = 0;

  async function start(): Promise<void> {
    ({ child: running, port } = await spawnFront({ directory, port, ...credentials }));
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  try {
    await start();
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    server: { url: `http://127.0.0.1:${port}`, ...credentials },
    get pid() {
      if (running?.pid === undefined) throw new Error('the front is not running');
      return running.pid;
    },
    directory,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async close() {
      await end('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function spawnFront(options: FrontOptions): Promise<{ child: FrontProcess; port: number }> {
  const child = spawn(process.execPath, [FRONT, JSON.stringify(options)], {
    // Its standard input ends when this process does, however it ends.
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(FRONT_THREADS) },
  });
  const complaints = text(child.stderr);
  const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (line.done === true) throw new Error(`the ClickHouse front did not start: ${await complaints}`);
  return { child, port: (JSON.parse(line.value) as { port: number }).port };
}

/**
 * A migrated store over HTTP, for one test file. With CLICKHOUSE_URL, the database `tallyline` of that server is dropped before and
 * after: name a server that serves tests alone, and run one file at a time against it.
 */
export async function openClickHouseHttp(): Promise<TestClickHouse & { readonly server: ClickHouseServer }> {
  const front = serverOfEnvironment() === undefined ? await startClickHouseFront() : undefined;
  const server = front?.server ?? serverOfEnvironment();
  if (server === undefined) throw new Error('unreachable: there is a server or a front');
  const connect = (): ClickHouse => connectClickHouse({ ...server, requestTimeoutMs: REQUEST_TIMEOUT_MS, logger });
  let clickhouse = connect();
  if (front === undefined) await clickhouse.command('DROP DATABASE IF EXISTS tallyline SYNC');
  await migrateClickHouse({ clickhouse, logger });
  return {
    server,
    get clickhouse() {
      return clickhouse;
    },
    async reopen() {
      await clickhouse.close();
      await front?.stop();
      await front?.start();
      clickhouse = connect();
    },
    async close() {
      if (front === undefined) await clickhouse.command('DROP DATABASE IF EXISTS tallyline SYNC');
      await clickhouse.close();
      await front?.close();
    },
  };
}

function serverOfEnvironment(): ClickHouseServer | undefined {
  const url = process.env['CLICKHOUSE_URL'];
  if (url === undefined || url === '') return undefined;
  return { url, username: process.env['CLICKHOUSE_USER'] ?? 'default', password: process.env['CLICKHOUSE_PASSWORD'] ?? '' };
}
