/**
 * ClickHouse anew from Postgres, while everything runs.
 *
 *   fresh table ─► copy to the watermark ─► catch up until little is left ─► all rollups offsets locked ─► copy the rest
 *     ─► mark what is PENDING as exchanged (committed) ─► EXCHANGE TABLES ─► done, locks released ─► drop the old table
 *
 * While the locks are held no range is announced and none finished, so everything below the watermark is in the new table, and
 * nothing above it. A range that is PENDING then may have put its rows into the old table: its owner finds it marked when
 * it wants to finish, and looks for its rows in the new one. So nobody has to wait for a range to end, nor for a dead owner.
 *
 * A crash before EXCHANGE leaves a table to be dropped; one after it, a rebuild that is done once more. Both start anew.
 */
import { announceMoment } from '../../platform/moments.ts';
import type { Platform } from '../../platform/platform.ts';
import { requireRoom } from '../../platform/clickhouse/room.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { copyRanges, copyWindows, recentFrom, type CopyTarget, type LogPartition } from './copy-usage.ts';
import { RECORDS } from './offsets.ts';
import { EVENTS_TABLE, ROLLUPS } from './rollup-ranges.ts';

const NEW_TABLE = 'tallyline.usage_events_rebuild';
/** Rows left to copy at which rollups can be made to wait: well under a second. */
const TAIL_ROWS = 20_000;
/** Passes after which it is locked anyway: the copy is then not faster than what arrives. */
const PASSES_MAX = 10;

/** Rows were taken back while they were copied: which of them are in the copy is not known. */
export class UndoneMeanwhile extends Error {
  constructor() {
    super('an import was undone while ClickHouse was rebuilt');
    this.name = 'UndoneMeanwhile';
  }
}

/** The copy does not hold what was put into it. */
export class RebuildFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RebuildFailed';
  }
}

export interface Rebuild {
  id: string;
  /** Distinguishes the tokens of one try from those of another. */
  attempt: number;
  epoch: number;
}

/** Throws when the signal fires, when a store is away, `UndoneMeanwhile`, or `RebuildFailed`; nothing has changed then. */
export async function rebuildClickHouse(platform: Platform, rebuild: Rebuild, signal: AbortSignal): Promise<number> {
  const { postgres, clickhouse, logger } = platform;
  const voids = await countVoids(postgres);
  await createNewTable(platform);
  const copy = new Copy(platform, rebuild, { clickhouse, logger, signal, table: NEW_TABLE, name: `${rebuild.id}.${rebuild.attempt}` });
  await copy.toWatermark();
  await copy.catchUp();
  // One connection holds the locks, the other reads and writes meanwhile: nothing waits for the pool, which those who wait for
  // the locks may have used up.
  await postgres.transaction(async (locks) => {
    await postgres.transaction(async (transaction) => {
      await lockRollups(locks);
      if ((await countVoids(transaction)) !== voids) throw new UndoneMeanwhile();
      await copy.rest(transaction);
      await requireRows(platform, copy.rows);
      await transaction.query(`UPDATE rollup_ranges SET exchanged = true WHERE state = 'PENDING'`);
    });
    // Without the locks the copy would be out of date.
    await locks.query('SELECT 1');
    signal.throwIfAborted();
    announceMoment('rebuild-copied');
    await clickhouse.command(`EXCHANGE TABLES ${EVENTS_TABLE} AND ${NEW_TABLE}`);
    announceMoment('rebuild-exchanged');
    await finish(locks, rebuild.id, copy.rows);
  });
  await dropNewTable(platform);
  return copy.rows;
}

class Copy {
  readonly #platform: Platform;
  readonly #rebuild: Rebuild;
  readonly #target: CopyTarget;
  /** Of the running epoch, by partition: all before this offset is copied. */
  readonly #copied = new Map<number, number>();
  rows = 0;

  constructor(platform: Platform, rebuild: Rebuild, target: CopyTarget) {
    this.#platform = platform;
    this.#rebuild = rebuild;
    this.#target = target;
  }

  async toWatermark(): Promise<void> {
    const { postgres } = this.#platform;
    await createOffsets(this.#platform, this.#rebuild.epoch);
    for (const { epoch, partition, nextOffset } of await readExtents(postgres, this.#rebuild.epoch)) {
      const place = { epoch, partition };
      const end = epoch === this.#rebuild.epoch ? await recentFrom(postgres, place, nextOffset) : nextOffset;
      await copyWindows(postgres, this.#target, place, { firstOffset: 0, nextOffset: end }, (rows) => this.#report(rows));
      if (epoch === this.#rebuild.epoch) this.#copied.set(partition, end);
    }
  }

  async catchUp(): Promise<void> {
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const before = this.rows;
      await this.#copyDone(this.#platform.postgres, (rows) => this.#report(rows));
      if (this.rows - before < TAIL_ROWS) return;
    }
  }

  /** With the locks held. Progress is not written then: it would need another connection. */
  rest(transaction: Transaction): Promise<void> {
    return this.#copyDone(transaction, async (rows) => void (this.rows += rows));
  }

  async #copyDone(reader: Pick<Transaction, 'query'>, onRows: (rows: number) => Promise<void>): Promise<void> {
    for (const [partition, from] of this.#copied) {
      const place: LogPartition = { epoch: this.#rebuild.epoch, partition };
      this.#copied.set(partition, await copyRanges(reader, this.#target, place, from, onRows));
    }
  }

  async #report(rows: number): Promise<void> {
    this.rows += rows;
    announceMoment('rebuild-copying');
    if (rows > 0)
      await this.#platform.postgres.query('UPDATE clickhouse_rebuilds SET rows_copied = $2 WHERE rebuild_id = $1', [
        this.#rebuild.id,
        this.rows,
      ]);
  }
}

/** A partition that nobody has consumed yet has no row to lock. */
async function createOffsets({ postgres, log }: Platform, epoch: number): Promise<void> {
  await postgres.query(
    `INSERT INTO consumer_offsets (consumer, epoch, partition) SELECT $1, $2, generate_series(0, $3::integer - 1) ON CONFLICT DO NOTHING`,
    [ROLLUPS, epoch, log.partitions],
  );
}

/** Of the running epoch what rollups has had; of earlier ones everything, as nothing comes after it. */
async function readExtents(postgres: Pick<Transaction, 'query'>, epoch: number): Promise<(LogPartition & { nextOffset: number })[]> {
  const { rows } = await postgres.query<{ epoch: number; partition: number; next_offset: string }>(
    `SELECT epoch, partition, next_offset FROM consumer_offsets
      WHERE (consumer = $1 AND epoch = $3) OR (consumer = $2 AND epoch < $3) ORDER BY epoch, partition`,
    [ROLLUPS, RECORDS, epoch],
  );
  return rows.map((row) => ({ epoch: row.epoch, partition: row.partition, nextOffset: Number(row.next_offset) }));
}

/** In one order, so that two rebuilds cannot wait for each other. Consumers hold one at a time, for moments. */
async function lockRollups(transaction: Transaction): Promise<void> {
  await transaction.query(`SELECT FROM consumer_offsets WHERE consumer = $1 ORDER BY epoch, partition FOR UPDATE`, [ROLLUPS]);
}

async function requireRows({ clickhouse }: Platform, rows: number): Promise<void> {
  const [found] = await clickhouse.query<{ rows: string }>({ name: 'rebuild_count', sql: `SELECT count() AS rows FROM ${NEW_TABLE}` });
  if (Number(found?.rows) !== rows) throw new RebuildFailed(`${rows} rows were copied, but the new table holds ${found?.rows}`);
}

async function countVoids(postgres: Pick<Transaction, 'query'>): Promise<string> {
  const { rows } = await postgres.query<{ voids: string }>('SELECT count(*) AS voids FROM voids');
  return rows[0]?.voids ?? '0';
}

/** Together with the release of the locks. Everything is then compared again, as a rebuild is done for a reason. */
async function finish(transaction: Transaction, id: string, rows: number): Promise<void> {
  await transaction.query(`UPDATE clickhouse_rebuilds SET state = 'done', finished_at = now(), rows_copied = $2 WHERE rebuild_id = $1`, [
    id,
    rows,
  ]);
  await transaction.query(`INSERT INTO reconciliation_runs (requested_by) VALUES ('rebuild')`);
  await transaction.query(`SELECT pg_notify('rebuilt', ''), pg_notify('reconciliation', '')`);
}

/**
 * There has to be room for a definition, and it is looked at before the table is put in place: an empty one would keep ClickHouse from
 * starting again. Throws what freeing space mends; nothing of the table is left then.
 */
async function createNewTable(platform: Platform): Promise<void> {
  const { clickhouse } = platform;
  await dropNewTable(platform);
  await requireRoom(clickhouse);
  await clickhouse.command(`CREATE TABLE ${NEW_TABLE} AS ${EVENTS_TABLE}`);
  const [made] = await clickhouse.query<{ isDefined: number }>({
    name: 'rebuild_definition',
    sql: `SELECT create_table_query != '' AS isDefined FROM system.tables WHERE concat(database, '.', name) = {table:String}`,
    params: { table: NEW_TABLE },
  });
  if (made?.isDefined === 1) return;
  await dropNewTable(platform);
  throw new Error('ClickHouse could not write the definition of the new table; the disk may be full');
}

/** Also what is larger than ClickHouse drops without being told: it is a copy. */
async function dropNewTable({ clickhouse }: Platform): Promise<void> {
  await clickhouse.command(`DROP TABLE IF EXISTS ${NEW_TABLE} SYNC SETTINGS max_table_size_to_drop = 0`);
}
