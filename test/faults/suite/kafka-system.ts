/** Distributed mode under faults: two ingest replicas, two consumers, an api, and each of their three servers behind a proxy. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { connectClickHouse } from '../../../platform/clickhouse/http.ts';
import { startCluster, type Cluster } from '../../support/cluster.ts';
import { queryDatabase } from '../../support/embedded-postgres.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestKafkaLog } from '../../support/kafka-log.ts';
import { startTallyline } from '../../support/tallyline.ts';
import type { Fault } from '../../support/tcp-proxy.ts';
import { fillDisk, mountDisk, unmountDisk } from './disk.ts';
import type { PlannedFault } from './planned-fault.ts';
import { supervise, type Supervised } from './supervised.ts';
import type { System } from './system.ts';

/** Each in a process of its own. The second ingest replica is also the api. */
const ROLES = ['ingest', 'ingest,api', 'consumers', 'consumers'] as const;
const PARTITIONS = 3;
/** The shortest that a broker allows, so that a zombie is made in seconds. */
const SESSION_MS = 6_000;
const ZOMBIE_MS = SESSION_MS + 1_500;
/** A replica that is gone is followed by the other within seconds. */
const LEASE_SECONDS = '3';
const SPOOL = '64m';
const STORM_MEMBERS = 3;
/** Of the end of each partition. */
const AGAIN_EVENTS = 500;

type Faults = Record<string, (fault: PlannedFault) => Promise<void>>;

export async function startKafkaSystem(): Promise<System> {
  const environment = { TALLYLINE_KAFKA_SESSION_TIMEOUT_MS: String(SESSION_MS), TALLYLINE_LEASE_SECONDS: LEASE_SECONDS };
  const cluster = await startCluster({ partitions: PARTITIONS, environment, proxied: true });
  const spool = cluster.dataDirectory;
  const mounted = await mountDisk(spool, SPOOL);
  const killFile = (name: string) => join(cluster.dataDirectory, '..', `kill-${name}`);
  const startProcess = (roles: string) => (env: Record<string, string>) =>
    startTallyline({ dataDirectory: cluster.dataDirectory, env: { ...cluster.environment, ...env }, args: ['--roles', roles] });
  const processes = ROLES.map((roles, n) => supervise(`${n} ${roles}`, killFile(String(n)), startProcess(roles)));
  const met: string[] = [];
  const faults: Faults = {
    ...processFaults(processes, () => supervise('member', killFile('member'), startProcess('consumers'))),
    ...serverFaults(cluster),
    'rewind the publisher': () => rewindPublisher(cluster, processes),
    'spool full': async ({ forMs }) => {
      if (mounted) await fillDisk(spool, () => pause(forMs));
      else met.push('(not possible: no disk of our own could be mounted)');
    },
  };
  let calls = 0;
  // Both ingest replicas take turns.
  const ingest = () => processes[calls++ % 2];

  return {
    kinds: Object.keys(faults),
    async call(path, init) {
      const serving = /^\/v1\/(imports|events)/.test(path) ? ingest() : processes[1];
      if (!serving?.running) throw new Error('down');
      return serving.running.fetch(path, init);
    },
    ingest() {
      const { running } = ingest() ?? {};
      if (!running) throw new Error('down');
      return running;
    },
    async meet(fault) {
      met.push(fault.kind);
      await faults[fault.kind]?.(fault);
    },
    async heal() {
      for (const proxy of Object.values(cluster.proxies)) proxy.set({ kind: 'none' });
      for (const { thaw } of processes) thaw();
      for (const one of processes) {
        const ready = async () => (await one.running?.fetch('/health/ready').catch(() => undefined))?.ok;
        await eventually(`${one.name} is ready`, ready, 120_000);
      }
    },
    postgres: async (sql) => (await queryDatabase(cluster.postgresUrl, sql)).rows as never,
    stop: async () => void (await Promise.all(processes.map((one) => one.stop()))),
    clickhouse: (sql) => askClickHouse(cluster, sql),
    report: () => [...met, ...processes.flatMap(({ endedAt }) => endedAt.map((moment) => `ended at ${moment}`))].join(', '),
    output: () => processes.map((one) => one.output()).join('\n'),
    async close() {
      for (const proxy of Object.values(cluster.proxies)) proxy.set({ kind: 'none' });
      for (const { thaw } of processes) thaw();
      await Promise.allSettled(processes.map((one) => one.stop()));
      if (mounted) await unmountDisk(spool);
      await cluster.close();
    },
  };
}

function processFaults(processes: readonly Supervised[], startMember: () => Supervised): Faults {
  const chosen = ({ target }: PlannedFault) => processes[target % processes.length] as Supervised;
  const consumers = processes.filter(({ name }) => name.includes('consumers'));
  const frozen = async (one: Supervised, forMs: number) => {
    one.freeze();
    await pause(forMs);
    one.thaw();
  };
  return {
    'kill at a moment': async ({ moment, nth }) => {
      for (const one of processes) await one.killAt(moment, nth);
    },
    'kill a process': async (fault) => chosen(fault).kill(),
    'freeze a process': (fault) => frozen(chosen(fault), fault.forMs),
    'zombie consumer': ({ target }) => frozen(consumers[target % consumers.length] as Supervised, ZOMBIE_MS),
    'rebalance storm': async ({ forMs }) => {
      for (let n = 0; n < STORM_MEMBERS; n++) {
        const member = startMember();
        await eventually('another consumer has joined', async () => member.running !== undefined);
        await pause(forMs / STORM_MEMBERS);
        if (n % 2 === 0) member.kill();
        await member.stop().catch(() => undefined);
      }
    },
  };
}

function serverFaults(cluster: Cluster): Faults {
  const { proxies, kafka, postgres, clickhouse } = cluster;
  const during = async ({ target, forMs }: PlannedFault, fault: Fault) => {
    const proxy = [proxies.kafka, proxies.postgres, proxies.clickhouse][target % 3];
    proxy?.set(fault);
    await pause(forMs);
    proxy?.set({ kind: 'none' });
  };
  const restarted = async (kill: () => Promise<void>, restart: () => Promise<void>, forMs: number) => {
    await kill();
    await pause(forMs);
    await restart();
  };
  const kill = {
    broker: ({ forMs }: PlannedFault) => restarted(kafka.kill, kafka.restart, forMs),
    Postgres: ({ forMs }: PlannedFault) => restarted(postgres.kill, postgres.restart, forMs),
    ClickHouse: ({ forMs }: PlannedFault) =>
      restarted(
        () => clickhouse.kill(),
        () => clickhouse.start(),
        forMs,
      ),
  };
  return {
    'kill the broker': kill.broker,
    'kill Postgres': kill.Postgres,
    'kill ClickHouse': kill.ClickHouse,
    'kill all servers': async (fault) => void (await Promise.all(Object.values(kill).map((one) => one(fault)))),
    'lose answers, cut': (fault) => during(fault, { kind: 'lost-answer', then: 'cut' }),
    'lose answers, in silence': (fault) => during(fault, { kind: 'lost-answer', then: 'silence' }),
    'cut requests': (fault) => during(fault, { kind: 'cut-request', afterBytes: fault.target * 50 }),
    'delay answers': (fault) => during(fault, { kind: 'delay', byMs: fault.target }),
    'deliver again': () => deliverAgain(cluster),
  };
}

/** As if no checkpoint had been written: all that is being published is published from its first row. */
async function rewindPublisher({ postgresUrl }: Cluster, processes: readonly Supervised[]): Promise<void> {
  for (const { name, kill } of processes) if (name.includes('ingest')) kill();
  await queryDatabase(postgresUrl, REWIND).catch(() => undefined);
}

const REWIND = `
  UPDATE imports SET rows_published = 0 WHERE status = 'publishing' AND form = 'file';
  UPDATE imports SET rows_published = 0, rows_read = 0, lines_read = 0, bytes_read = 0, rows_rejected = 0, events_published = 0, rejected_bytes = 0, errors = '[]'
  WHERE status = 'publishing' AND form <> 'file'`;

/** The last messages of each partition once more, as a producer does that has not learnt of their arrival. */
async function deliverAgain({ kafka, environment }: Cluster): Promise<void> {
  const log = await openTestKafkaLog(kafka, { topic: environment['TALLYLINE_KAFKA_TOPIC'] ?? '', partitions: PARTITIONS });
  try {
    for (const [partition, end] of (await log.endOffsets()).entries()) {
      const batch = await log.reader(partition).read(Math.max(0, end - AGAIN_EVENTS), { maxEvents: AGAIN_EVENTS, waitMs: 0 });
      const events = (batch?.payloads ?? []).filter((payload) => payload.includes('"id"'));
      if (events.length > 0) await log.append(partition, events);
    }
  } finally {
    await log.close();
  }
}

async function askClickHouse<Row>({ clickhouse }: Cluster, sql: string): Promise<Row[]> {
  const client = connectClickHouse({ ...clickhouse.server, requestTimeoutMs: 60_000, logger: pino({ level: 'silent' }) });
  try {
    return await client.query<Row>({ name: 'faults', sql });
  } finally {
    await client.close();
  }
}
