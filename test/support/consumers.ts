/** The consumers role on real stores: a database and a log of its own per test, one Postgres server and one ClickHouse per file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { startConsumers } from '../../consumers/consumers.ts';
import { commitRecords, type CommittedBatch } from '../../consumers/steps/commit-records.ts';
import { decodeBatch, rollupRows, type DecodedBatch } from '../../consumers/steps/decode.ts';
import { resolveEpoch } from '../../consumers/steps/epochs.ts';
import { InsertPath } from '../../consumers/steps/insert-path.ts';
import { readOffset, RECORDS } from '../../consumers/steps/offsets.ts';
import type { RecentKeys } from '../../consumers/steps/recent-keys.ts';
import { ROLLUPS, type MonthRows, type RangeKey } from '../../consumers/steps/rollup-ranges.ts';
import { systemClock } from '../../platform/clock.ts';
import { openEmbeddedLog } from '../../platform/event-log/embedded-log.ts';
import type { LogBatch, PartitionReader } from '../../platform/event-log/event-log.ts';
import { openDirectoryFileStore } from '../../platform/file-store/directory.ts';
import type { Platform } from '../../platform/platform.ts';
import { encodeUsageEvent, type UsageEvent } from '../../schemas/usage-event.ts';
import { openTestClickHouse } from './clickhouse.ts';
import { eventually } from './eventually.ts';
import { openTestPostgres } from './postgres.ts';

/** A row of ClickHouse, times as `YYYY-MM-DD hh:mm:ss.ffffff`. */
export interface StoredUsage {
  partition: number;
  offset: string;
  index: number;
  customer: string;
  meter: string;
  time: string;
  quantity: string;
}

export interface Counts {
  accepted: number;
  duplicate: number;
  conflict: number;
  redelivered: number;
}

/** What rollups would announce and insert for a partition after `commitAll`. */
export interface PlannedRange {
  range: RangeKey;
  months: MonthRows[];
}

/** What must hold at every moment, watched by triggers, as a look now and then would miss it. */
const WATCHES = `
  CREATE TABLE violations (what text);
  CREATE FUNCTION watch_offsets() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.consumer = 'rollups' AND NEW.next_offset > (SELECT next_offset FROM consumer_offsets
        WHERE consumer = 'records' AND epoch = NEW.epoch AND partition = NEW.partition)
      THEN INSERT INTO violations VALUES ('rollups passed records'); END IF;
    IF NEW.next_offset < OLD.next_offset THEN INSERT INTO violations VALUES (NEW.consumer || ' went back'); END IF;
    RETURN NEW; END $$;
  CREATE TRIGGER watch_offsets BEFORE UPDATE ON consumer_offsets FOR EACH ROW EXECUTE FUNCTION watch_offsets();
  CREATE FUNCTION watch_trim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.start_offset > coalesce((SELECT max(next_offset) FROM consumer_offsets WHERE consumer = 'rollups' AND partition = NEW.partition), 0)
      THEN INSERT INTO violations VALUES ('trimmed what rollups has not had'); END IF;
    RETURN NEW; END $$;
  CREATE TRIGGER watch_trim BEFORE UPDATE ON log_partitions FOR EACH ROW EXECUTE FUNCTION watch_trim();`;

export type TestStores = Awaited<ReturnType<typeof openTestStores>>;
export type TestPipeline = Awaited<ReturnType<TestStores['open']>>;

export async function openTestStores() {
  const root = await mkdtemp(join(tmpdir(), 'tallyline-consumers-'));
  const [server, engine] = await Promise.all([openTestPostgres(), openTestClickHouse()]);
  const files = await openDirectoryFileStore({ root, alone: true });
  let pipelines = 0;
  return {
    engine,
    /** A pipeline of its own: epochs tell their rows in ClickHouse apart. */
    async open(partitions = 1) {
      const { postgres } = await server.createDatabase();
      pipelines += 1;
      await postgres.query(`ALTER SEQUENCE log_epochs_epoch_seq RESTART WITH ${pipelines}`);
      await postgres.query(WATCHES);
      const messages: { level: number; msg: string; err?: { type: string } }[] = [];
      const logger = pino({ level: 'info' }, { write: (line: string) => messages.push(JSON.parse(line) as (typeof messages)[number]) });
      const log = await openEmbeddedLog({ postgres, partitions, backlogEventsMax: 1_000_000, clock: systemClock, logger });
      const platform: Platform = {
        log,
        postgres,
        get clickhouse() {
          return engine.clickhouse;
        },
        files,
        clock: systemClock,
        logger,
        instance: 'test',
        alone: true,
      };
      return new Pipeline(platform, await resolveEpoch(postgres, await log.incarnation()), messages);
    },
    async close() {
      await Promise.all([server.close(), engine.close()]);
      await rm(root, { recursive: true, force: true });
    },
  };
}

class Pipeline {
  readonly platform: Platform;
  readonly epoch: number;
  /** What was logged, oldest first. */
  readonly messages: readonly { level: number; msg: string; err?: { type: string } }[];

  constructor(platform: Platform, epoch: number, messages: Pipeline['messages']) {
    this.platform = platform;
    this.epoch = epoch;
    this.messages = messages;
  }

  async close(): Promise<void> {
    await this.platform.log.close();
    await this.platform.postgres.close();
  }

  /** Appends events, objects or encoded, to one partition as one batch. Answers the offset of the first. */
  async append(events: readonly (UsageEvent | string)[], partition = 0): Promise<number> {
    const payloads = events.map((event) => (typeof event === 'string' ? event : encodeUsageEvent(event)));
    return (await this.platform.log.append(partition, payloads)).firstOffset;
  }

  /** Appends each event to the partition of its customer, in order, as `batches` batches. */
  async publish(events: readonly UsageEvent[], batches = 1): Promise<void> {
    const size = Math.ceil(events.length / batches);
    for (let from = 0; from < events.length; from += size) {
      const byPartition = Map.groupBy(events.slice(from, from + size), ({ customer }) => this.platform.log.partitionFor(customer));
      for (const [partition, some] of byPartition) await this.append(some, partition);
    }
  }

  async query<Row extends Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    return (await this.platform.postgres.query<Row>(sql, values)).rows;
  }

  /** Runs the consumers until both have passed all that the log holds, and stops them. */
  async drain(change: Partial<Platform> = {}): Promise<void> {
    await this.running(() => this.drained(), change);
  }

  /** Runs the consumers around `work`. */
  async running(work: () => Promise<unknown>, change: Partial<Platform> = {}): Promise<void> {
    const consumers = await startConsumers({ ...this.platform, ...change });
    try {
      await Promise.race([work(), consumers.done]);
    } finally {
      await consumers.stop();
    }
    if ((await this.query('SELECT * FROM violations')).length > 0)
      throw new Error(JSON.stringify(await this.query('SELECT * FROM violations')));
  }

  async drained(): Promise<void> {
    const ends = await this.platform.log.endOffsets();
    await eventually(`offsets reach ${ends.join()}`, async () =>
      (await this.offsets(ROLLUPS)).every((offset, partition) => offset === ends[partition]),
    );
  }

  /** By partition; 0 where the consumer has not been. */
  async offsets(consumer: string): Promise<number[]> {
    const rows = await this.query<{ partition: number; next_offset: string }>(
      'SELECT partition, next_offset FROM consumer_offsets WHERE consumer = $1 AND epoch = $2',
      [consumer, this.epoch],
    );
    return Array.from({ length: this.platform.log.partitions }, (_, at) =>
      Number(rows.find(({ partition }) => partition === at)?.next_offset ?? 0),
    );
  }

  /** The counts of an import over all partitions. */
  async counts(importId: string): Promise<Counts> {
    const [row] = await this.query<{ counts: Counts }>(
      `SELECT json_build_object('accepted', coalesce(sum(accepted), 0), 'duplicate', coalesce(sum(duplicate), 0),
         'conflict', coalesce(sum(conflict), 0), 'redelivered', coalesce(sum(redelivered), 0)) AS counts FROM import_partitions WHERE import_id = $1`,
      [importId],
    );
    if (row === undefined) throw new Error('an aggregate has a row');
    return row.counts;
  }

  /** Positions that rollups must leave out, as `partition:offset`. */
  async marks(): Promise<string[]> {
    const rows = await this.query<{ mark: string }>(
      `SELECT partition || ':' || at AS mark FROM log_marks, unnest(offsets) AS at WHERE epoch = $1 ORDER BY partition, at`,
      [this.epoch],
    );
    return rows.map(({ mark }) => mark);
  }

  /** What ClickHouse holds of this pipeline, in the order of the log; at most a page. */
  usage(): Promise<StoredUsage[]> {
    return this.platform.clickhouse.query<StoredUsage>({
      name: 'test_usage',
      sql: `SELECT log_partition AS partition, log_offset AS offset, log_index AS index, customer, meter, toString(time) AS time, quantity
            FROM tallyline.usage_events WHERE epoch = {epoch:UInt32} ORDER BY partition, offset, index`,
      params: { epoch: this.epoch },
    });
  }

  /** The same of Postgres. */
  records(): Promise<StoredUsage[]> {
    return this.query<StoredUsage & Record<string, unknown>>(
      `SELECT partition, "offset", idx AS index, customer, meter, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS time,
              quantity::text AS quantity FROM usage_records WHERE epoch = $1 ORDER BY partition, "offset", idx`,
      [this.epoch],
    );
  }

  /** Runs `work` with the log's own reader of a partition. */
  async reading<T>(partition: number, work: (reader: PartitionReader, signal: AbortSignal) => Promise<T>): Promise<T> {
    const done = Promise.withResolvers<T>();
    const assignment = await this.platform.log.assign(async (reader, signal) => {
      if (reader.partition === partition) await work(reader, signal).then(done.resolve, done.reject);
    });
    try {
      return await done.promise;
    } finally {
      await assignment.stop();
    }
  }

  /** The next batch of a partition, as the records consumer would take it. */
  async nextBatch(partition = 0, recentKeys?: RecentKeys): Promise<DecodedBatch> {
    return decodeBatch(await this.readNext(partition), this.epoch, recentKeys);
  }

  private readNext(partition: number): Promise<LogBatch> {
    return this.reading(partition, async (reader) => {
      const batch = await reader.read(await readOffset(this.platform.postgres, RECORDS, this.epoch, partition), {
        maxEvents: 10_000,
        waitMs: 0,
      });
      if (!batch) throw new Error('there is no next batch');
      return batch;
    });
  }

  commit(batch: DecodedBatch, path = new InsertPath(), postgres = this.platform.postgres): Promise<CommittedBatch> {
    const unseen = { customers: [...batch.customers], meters: [...batch.meters] };
    return commitRecords(postgres, this.epoch, batch, unseen, path);
  }

  /** Runs records alone over one batch, as if the process had died before rollups. */
  async commitAll(partition = 0): Promise<PlannedRange> {
    const batch = await this.readNext(partition);
    const { dropped } = await this.commit(decodeBatch(batch, this.epoch));
    await readOffset(this.platform.postgres, ROLLUPS, this.epoch, partition);
    const { firstOffset, nextOffset, months } = rollupRows(batch, this.epoch, dropped);
    return {
      range: { epoch: this.epoch, partition, firstOffset, nextOffset },
      months: [...months].map(([month, rows]) => ({ month, rows: rows.rows, tsv: rows.tsv.toString() })).sort((a, b) => a.month - b.month),
    };
  }
}
