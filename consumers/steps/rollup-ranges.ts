/**
 * Step 3: a contiguous range of a partition into ClickHouse, exactly once.
 *
 *   planned ──► PENDING (Postgres) ──► insert per month (ClickHouse) ──► DONE and offset (Postgres)
 *                  │                        │
 *                  └── crash ───────────────┴── crash: the range is read back; if nothing is there, the identical
 *                                               rows go again with the same token, and it is read back again
 *
 * The token makes a repeated insert a no-op while ClickHouse remembers it; the read-back says what is there after all.
 * All there: DONE. None there even so, and nobody else can be at it: again under a new token. Anything else: stop and say so.
 */
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { announceMoment } from '../../platform/moments.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { HELD_BRIEFLY } from './offsets.ts';

export const ROLLUPS = 'rollups';

export const EVENTS_TABLE = 'tallyline.usage_events';
export const EVENTS_COLUMNS = ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'] as const;

/** How often rows that ClickHouse says it does not have are sent under a new token before that counts as broken. */
const ATTEMPTS_MAX = 3;

export interface RangeKey {
  epoch: number;
  partition: number;
  firstOffset: number;
  nextOffset: number;
}

/** Rows that a control message puts into a month are inserted by their index, this many indexes at a time. */
export const REVIVED_ROWS = 50_000;

/** What a range changes in one month. */
export interface PlannedRows {
  month: number;
  rows: number;
  /** Of a control message's rows: where these begin, a multiple of REVIVED_ROWS. */
  firstIndex?: number;
  /** Rows that a control message deletes. */
  voided?: number;
}

/** The rows of a range in one month; one insert. */
export interface MonthRows extends PlannedRows {
  tsv: string;
}

export class RollupDisagreement extends Error {
  constructor(range: RangeKey, month: number, expected: number, found: number, holder = 'ClickHouse') {
    super(
      `${holder} holds ${found} of ${expected} rows of partition ${range.partition}, offsets ${range.firstOffset} to ${range.nextOffset}, month ${month}. ` +
        `Rollups of this partition have stopped; ClickHouse has to be rebuilt from Postgres.`,
    );
    this.name = 'RollupDisagreement';
  }
}

export function rangeToken(range: RangeKey, { month, firstIndex }: PlannedRows, attempt: number): string {
  const part = firstIndex === undefined ? `${month}` : `${month}.${firstIndex}`;
  const token = `${range.epoch}:${range.partition}:${range.firstOffset}-${range.nextOffset}:${part}`;
  return attempt === 0 ? token : `${token}:${attempt}`;
}

/** Announces the range. Answers false when the partition is not where the caller thinks it is (another owner, another range). */
export async function announceRange(postgres: Postgres, range: RangeKey, months: readonly PlannedRows[]): Promise<boolean> {
  return postgres.transaction(async (transaction) => {
    const { rows } = await transaction.query<{ next_offset: string; pending: boolean }>(
      `SELECT next_offset, ${HELD_BRIEFLY}, EXISTS (SELECT FROM rollup_ranges WHERE epoch = $2 AND partition = $3 AND state = 'PENDING') AS pending
       FROM consumer_offsets WHERE consumer = $1 AND epoch = $2 AND partition = $3 FOR UPDATE`,
      [ROLLUPS, range.epoch, range.partition],
    );
    if (Number(rows[0]?.next_offset) !== range.firstOffset || rows[0]?.pending) return false;
    for (const { month, rows: count, firstIndex = 0, voided = 0 } of months) {
      await transaction.query(
        `INSERT INTO rollup_ranges (epoch, partition, first_offset, next_offset, month, first_index, rows, voided) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [range.epoch, range.partition, range.firstOffset, range.nextOffset, month, firstIndex, count, voided],
      );
    }
    return true;
  });
}

/**
 * Marks the range DONE, moves the offset, and tells whoever waits for usage. False: another owner has done it, or a rebuild has
 * exchanged the table since it was announced, so that its rows may have gone into the old one: look again.
 */
export async function finishRange(postgres: Postgres, range: RangeKey, rows: number): Promise<boolean> {
  return postgres.transaction(async (transaction) => {
    // Held first: a statement that had to wait for a rebuild would not see what that has marked meanwhile.
    await transaction.query(
      `SELECT ${HELD_BRIEFLY} FROM consumer_offsets WHERE consumer = $1 AND epoch = $2 AND partition = $3 FOR UPDATE`,
      [ROLLUPS, range.epoch, range.partition],
    );
    const moved = await transaction.query(
      `UPDATE consumer_offsets SET next_offset = $5, updated_at = now() WHERE consumer = $1 AND epoch = $2 AND partition = $3 AND next_offset = $4
         AND NOT EXISTS (SELECT FROM rollup_ranges WHERE epoch = $2 AND partition = $3 AND first_offset = $4 AND exchanged)`,
      [ROLLUPS, range.epoch, range.partition, range.firstOffset, range.nextOffset],
    );
    if (moved.rowCount === 0) return false;
    await transaction.query(
      `UPDATE rollup_ranges SET state = 'DONE', done_at = now() WHERE epoch = $1 AND partition = $2 AND first_offset = $3`,
      [range.epoch, range.partition, range.firstOffset],
    );
    await transaction.query(`SELECT pg_notify('usage', $1)`, [String(rows)]);
    return true;
  });
}

/** One insert, one month, one block. After a throw the outcome is unknown: use `insertDoubtful`. */
export async function insertMonth(clickhouse: ClickHouse, range: RangeKey, rows: MonthRows, attempt = 0): Promise<void> {
  announceMoment('announced');
  await clickhouse.insert({
    table: EVENTS_TABLE,
    columns: EVENTS_COLUMNS,
    tsv: rows.tsv,
    rows: rows.rows,
    token: rangeToken(range, rows, attempt),
  });
  announceMoment('inserted');
}

/**
 * After a crash or a failed insert: what is really there; if nothing, the identical rows under the same token, and a look again.
 * The look comes first because ClickHouse forgets tokens (after 10,000 inserts): rows sent on trust could then be doubled.
 *
 * The same token once more is safe whoever else is at it. A new one is not: an older owner of the partition, asleep since before its
 * insert, still has the old token, and whether ClickHouse will remember that one when he wakes up nobody knows. So a new one is for a
 * process that is `alone`, whose own attempts have ended by now, and whose predecessors are dead.
 *
 * Returns with nothing done when the range is no longer PENDING: another owner has finished it, and what he inserted may have been
 * voided since.
 */
export async function insertDoubtful(stores: DoubtStores, range: RangeKey, rows: MonthRows): Promise<void> {
  const { clickhouse, alone } = stores;
  for (;;) {
    const attempt = await readAttempt(stores, range, rows);
    if (attempt === undefined) return;
    const table = await readTable(clickhouse);
    if (await isThere(stores, range, rows)) return;
    await insertMonth(clickhouse, range, rows, attempt);
    if (await isThere(stores, range, rows)) return;
    // They went into a table that a rebuild has exchanged since; the new one does not know the token.
    if ((await readTable(clickhouse)) !== table) continue;
    if (!alone || attempt >= ATTEMPTS_MAX) return await disagree(stores, range, rows, 0);
    await raiseAttempt(stores, range, rows, attempt);
  }
}

/** What a doubt is settled with. */
export interface DoubtStores {
  postgres: Postgres;
  clickhouse: ClickHouse;
  /** No other process can be at work on these stores, or come back to it. */
  alone: boolean;
}

async function isThere(stores: DoubtStores, range: RangeKey, rows: MonthRows): Promise<boolean> {
  const found = await countRows(stores.clickhouse, range, rows);
  if (found !== 0 && found !== rows.rows) await disagree(stores, range, rows, found);
  return found !== 0;
}

/** Throws, unless the range has been another's business meanwhile. */
async function disagree(stores: DoubtStores, range: RangeKey, rows: MonthRows, found: number): Promise<void> {
  if ((await readAttempt(stores, range, rows)) !== undefined) throw new RollupDisagreement(range, rows.month, rows.rows, found);
}

/** The announced ranges of a partition that are not DONE, as its last owner left them. The caller looks for their rows after this. */
export async function pendingRanges(
  postgres: Postgres,
  epoch: number,
  partition: number,
): Promise<{ range: RangeKey; months: Map<number, number> }[]> {
  // First this, then the look: a table that is exchanged in between marks them again.
  await postgres.query(
    `UPDATE rollup_ranges SET exchanged = false WHERE epoch = $1 AND partition = $2 AND state = 'PENDING' AND exchanged`,
    [epoch, partition],
  );
  const { rows } = await postgres.query<{ first_offset: string; next_offset: string; month: number; rows: number }>(
    `SELECT first_offset, next_offset, month, rows FROM rollup_ranges WHERE epoch = $1 AND partition = $2 AND state = 'PENDING' ORDER BY first_offset, month`,
    [epoch, partition],
  );
  const ranges = new Map<string, { range: RangeKey; months: Map<number, number> }>();
  for (const row of rows) {
    const entry = ranges.get(row.first_offset) ?? {
      range: { epoch, partition, firstOffset: Number(row.first_offset), nextOffset: Number(row.next_offset) },
      months: new Map<number, number>(),
    };
    entry.months.set(row.month, row.rows);
    ranges.set(row.first_offset, entry);
  }
  return [...ranges.values()];
}

/** Undefined: the range is not PENDING. */
async function readAttempt(
  { postgres }: DoubtStores,
  range: RangeKey,
  { month, firstIndex = 0 }: PlannedRows,
): Promise<number | undefined> {
  const { rows } = await postgres.query<{ attempt: number }>(
    `SELECT attempt FROM rollup_ranges
     WHERE epoch = $1 AND partition = $2 AND first_offset = $3 AND month = $4 AND first_index = $5 AND state = 'PENDING'`,
    [range.epoch, range.partition, range.firstOffset, month, firstIndex],
  );
  return rows[0]?.attempt;
}

/** Written down before the token is used: whoever comes next begins with it. */
async function raiseAttempt(
  { postgres }: DoubtStores,
  range: RangeKey,
  { month, firstIndex = 0 }: PlannedRows,
  attempt: number,
): Promise<void> {
  await postgres.query(
    `UPDATE rollup_ranges SET attempt = $6 + 1
     WHERE epoch = $1 AND partition = $2 AND first_offset = $3 AND month = $4 AND first_index = $5 AND state = 'PENDING' AND attempt = $6`,
    [range.epoch, range.partition, range.firstOffset, month, firstIndex, attempt],
  );
}

/** Which table has the name now. */
async function readTable(clickhouse: ClickHouse): Promise<string> {
  const [database, table] = EVENTS_TABLE.split('.');
  const rows = await clickhouse.query<{ uuid: string }>({
    name: 'rollup_table',
    sql: 'SELECT toString(uuid) AS uuid FROM system.tables WHERE database = {database:String} AND name = {table:String}',
    params: { database: database ?? '', table: table ?? '' },
  });
  if (rows[0] === undefined) throw new Error(`ClickHouse has no table ${EVENTS_TABLE}`);
  return rows[0].uuid;
}

async function countRows(clickhouse: ClickHouse, range: RangeKey, { month, firstIndex }: PlannedRows): Promise<number> {
  const indexes = firstIndex === undefined ? '' : `AND log_index >= ${firstIndex} AND log_index < ${firstIndex + REVIVED_ROWS}`;
  const rows = await clickhouse.query<{ found: string }>({
    name: 'rollup_read_back',
    sql: `SELECT count() AS found FROM ${EVENTS_TABLE}
          WHERE toYYYYMM(time) = {month:UInt32} AND epoch = {epoch:UInt32} AND log_partition = {partition:UInt16}
            AND log_offset >= {first:UInt64} AND log_offset < {next:UInt64} ${indexes}`,
    params: { month, epoch: range.epoch, partition: range.partition, first: String(range.firstOffset), next: String(range.nextOffset) },
  });
  return Number(rows[0]?.found ?? 0);
}
