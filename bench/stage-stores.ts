/** The stores of embedded mode, opened as the program opens them, and one consumer on them at a time. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { Handoff, type RollupBatch } from '../consumers/handoff.ts';
import { consumeRecords } from '../consumers/records.ts';
import { consumeRollups } from '../consumers/rollups.ts';
import { resolveEpoch } from '../consumers/steps/epochs.ts';
import { RECORDS } from '../consumers/steps/offsets.ts';
import { ROLLUPS } from '../consumers/steps/rollup-ranges.ts';
import { openChdb } from '../platform/clickhouse/chdb.ts';
import type { ClickHouse } from '../platform/clickhouse/clickhouse.ts';
import { migrateClickHouse } from '../platform/clickhouse/migrate.ts';
import { systemClock } from '../platform/clock.ts';
import { openEmbeddedLog } from '../platform/event-log/embedded-log.ts';
import type { EventLog } from '../platform/event-log/event-log.ts';
import { startEmbeddedPostgres } from '../platform/postgres/embedded-server.ts';
import { migratePostgres } from '../platform/postgres/migrate.ts';
import { connectPostgres } from '../platform/postgres/pg-driver.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { UsageSum } from './generate.ts';

/** Those of the program by default. */
const PARTITIONS = 2;
const POOL_SIZE = 16;
const SUM = `count(*) AS rows, coalesce(trim_scale(sum(quantity)), 0)::text AS total`;

export interface StageStores {
  postgres: Postgres;
  clickhouse: ClickHouse;
  log: EventLog;
  epoch: number;
  sumOfRecords(): Promise<UsageSum>;
  sumOfRollups(): Promise<UsageSum>;
  close(): Promise<void>;
}

/** A log that takes `rows` events without a consumer. */
export async function openStageStores(directory: string, rows: number): Promise<StageStores> {
  const logger = pino({ level: 'warn' });
  const clock = systemClock;
  await mkdir(directory, { recursive: true });
  const server = await startEmbeddedPostgres({
    dataDirectory: join(directory, 'postgres'),
    systemDirectory: join(directory, '..', 'system'),
    clock,
    logger,
  });
  const postgres = connectPostgres({ connection: server.connection, poolSize: POOL_SIZE, logger, applicationName: 'tallyline-bench' });
  await migratePostgres(postgres);
  const clickhouse = await openChdb({ directory: join(directory, 'clickhouse'), logger });
  await migrateClickHouse({ clickhouse, logger });
  const log = await openEmbeddedLog({ postgres, partitions: PARTITIONS, backlogEventsMax: rows + 1, clock, logger });
  const sum = (found: Record<string, unknown> | undefined) => ({ rows: Number(found?.['rows']), total: String(found?.['total']) });
  return {
    postgres,
    clickhouse,
    log,
    epoch: await resolveEpoch(postgres, await log.incarnation()),
    sumOfRecords: async () => sum((await postgres.query(`SELECT ${SUM} FROM usage_records`)).rows[0]),
    sumOfRollups: async () => {
      const sql = `SELECT toString(count()) AS rows, toString(sum(toDecimal256(quantity, 18))) AS total FROM tallyline.usage_events`;
      return sum((await clickhouse.query<Record<string, unknown>>({ name: 'bench_sum', sql }))[0]);
    },
    async close() {
      await log.close();
      await clickhouse.close();
      await postgres.close();
      await server.stop();
    },
  };
}

/** Until all that the log holds is in Postgres. Nothing is handed over: rollups is not there. */
export async function runRecords({ postgres, log, epoch }: StageStores): Promise<void> {
  const ends = await log.endOffsets();
  await Promise.all(
    ends.map((end, partition) => {
      const stop = new AbortController();
      const handoff = new PassingHandoff((batch) => {
        if (batch.nextOffset >= end) stop.abort();
      });
      if (end === 0) return Promise.resolve();
      const logger = pino({ level: 'warn' });
      return consumeRecords(log.reader(partition), stop.signal, { postgres, logger, epoch, handoff, partitions: log.partitions });
    }),
  );
  await requireOffsets(postgres, RECORDS, ends);
}

/** Until ClickHouse has all that records has committed, read from the log. */
export async function runRollups({ postgres, clickhouse, log, epoch }: StageStores): Promise<void> {
  const ends = await log.endOffsets();
  const stop = new AbortController();
  const onProgress = () => {
    readOffsets(postgres, ROLLUPS).then(
      (offsets) => {
        if (ends.every((end, partition) => end === 0 || offsets[partition] === end)) stop.abort();
      },
      () => stop.abort(),
    );
  };
  const dependencies = { postgres, clickhouse, log, clock: systemClock, logger: pino({ level: 'warn' }), epoch, alone: true, onProgress };
  await Promise.all(
    ends.map((_, partition) => consumeRollups(log.reader(partition), stop.signal, { ...dependencies, handoff: new Handoff() })),
  );
  await requireOffsets(postgres, ROLLUPS, ends);
}

/** Says that a batch is committed, and keeps none. */
class PassingHandoff extends Handoff {
  readonly #committed: (batch: RollupBatch) => void;

  constructor(committed: (batch: RollupBatch) => void) {
    super();
    this.#committed = committed;
  }

  override offer(batch: RollupBatch): void {
    this.#committed(batch);
  }
}

async function readOffsets(postgres: Postgres, consumer: string): Promise<number[]> {
  const { rows } = await postgres.query<{ partition: number; next_offset: string }>(
    `SELECT partition, next_offset FROM consumer_offsets WHERE consumer = $1`,
    [consumer],
  );
  const offsets: number[] = [];
  for (const { partition, next_offset: next } of rows) offsets[partition] = Number(next);
  return offsets;
}

async function requireOffsets(postgres: Postgres, consumer: string, ends: readonly number[]): Promise<void> {
  const offsets = await readOffsets(postgres, consumer);
  if (ends.every((end, partition) => (offsets[partition] ?? 0) === end)) return;
  throw new Error(`${consumer} came to ${offsets.join(', ')}, the log ends at ${ends.join(', ')}`);
}
