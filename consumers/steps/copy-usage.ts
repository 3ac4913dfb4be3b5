/**
 * Usage of Postgres into a fresh ClickHouse table, in the order of the log.
 *
 * Old rows go in windows of many ranges; recent ones range by range, under the token each was inserted with: a process that
 * has been asleep since it announced one, and wakes up to insert it, must find its token in the new table too.
 */
import type { Logger } from 'pino';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { retry } from '../retry.ts';
import { EVENTS_COLUMNS, rangeToken, type RangeKey } from './rollup-ranges.ts';

/** Rows per insert, as rollups does it. */
const BATCH_ROWS = 50_000;
/** Offsets of a window: one offset may hold one event or hundreds, so it grows and shrinks with what is found. */
const WINDOW_OFFSETS = { first: 50_000, max: 10_000_000 };
/** Ranges of a partition that count as recent. At four a second that is two minutes, longer than a process sleeps without being replaced. */
const RECENT_RANGES = 500;

export type Reader = Pick<Transaction, 'query'>;

export interface CopyTarget {
  clickhouse: ClickHouse;
  logger: Logger;
  signal: AbortSignal;
  table: string;
  /** Makes the tokens of this copy its own. */
  name: string;
}

export interface LogPartition {
  epoch: number;
  partition: number;
}

interface MonthBatch {
  month: number;
  rows: number;
  tsv: string;
  lastOffset: string;
  lastIndex: number;
  [column: string]: unknown;
}

/** The rows that stand in [`firstOffset`, `nextOffset`). */
export async function copyWindows(
  reader: Reader,
  target: CopyTarget,
  { epoch, partition }: LogPartition,
  { firstOffset, nextOffset }: { firstOffset: number; nextOffset: number },
  onRows: (rows: number) => Promise<void>,
): Promise<void> {
  let span = WINDOW_OFFSETS.first;
  for (let from = firstOffset; from < nextOffset;) {
    const to = Math.min(from + span, nextOffset);
    let after = { offset: from, index: -1 };
    let isDense = false;
    for (;;) {
      target.signal.throwIfAborted();
      const batches = await readBatch(reader, { epoch, partition }, after, to);
      const rows = sumRows(batches);
      for (const batch of batches)
        await insert(target, batch, `rebuild:${target.name}:${epoch}:${partition}:${after.offset}.${after.index + 1}-${to}:${batch.month}`);
      await onRows(rows);
      if (rows < BATCH_ROWS) break;
      isDense = true;
      after = lastOf(batches);
    }
    span = isDense ? Math.max(1, Math.floor(span / 2)) : Math.min(span * 2, WINDOW_OFFSETS.max);
    from = to;
  }
}

/** The ranges of a partition that are DONE, from `firstOffset` on. Answers the offset after the last one. */
export async function copyRanges(
  reader: Reader,
  target: CopyTarget,
  { epoch, partition }: LogPartition,
  firstOffset: number,
  onRows: (rows: number) => Promise<void>,
): Promise<number> {
  let copied = firstOffset;
  for (const { range, plans } of await doneRanges(reader, { epoch, partition }, firstOffset)) {
    target.signal.throwIfAborted();
    for (const batch of await readBatch(reader, range, { offset: range.firstOffset, index: -1 }, range.nextOffset, null)) {
      const { firstIndex, attempt } = plans.get(batch.month) ?? { firstIndex: undefined, attempt: 0 };
      await insert(
        target,
        batch,
        rangeToken(range, { month: batch.month, rows: batch.rows, ...(firstIndex === undefined ? {} : { firstIndex }) }, attempt),
      );
      await onRows(batch.rows);
    }
    copied = range.nextOffset;
  }
  return copied;
}

/** Where the recent ranges of a partition begin; `nextOffset` when there are none. */
export async function recentFrom(reader: Reader, { epoch, partition }: LogPartition, nextOffset: number): Promise<number> {
  const { rows } = await reader.query<{ first_offset: string | null }>(
    `SELECT min(first_offset) AS first_offset FROM (
       SELECT DISTINCT first_offset FROM rollup_ranges WHERE epoch = $1 AND partition = $2 AND state = 'DONE' ORDER BY first_offset DESC LIMIT $3) AS recent`,
    [epoch, partition, RECENT_RANGES],
  );
  return Number(rows[0]?.first_offset ?? nextOffset);
}

async function doneRanges(
  reader: Reader,
  { epoch, partition }: LogPartition,
  firstOffset: number,
): Promise<{ range: RangeKey; plans: Map<number, { firstIndex: number | undefined; attempt: number }> }[]> {
  const { rows } = await reader.query<{ first: string; next: string; month: number; attempt: number; is_control: boolean }>(
    `SELECT first_offset AS first, next_offset AS next, month, max(attempt)::integer AS attempt,
            EXISTS (SELECT FROM revivals v WHERE v.epoch = r.epoch AND v.partition = r.partition AND v.control_offset = r.first_offset) AS is_control
       FROM rollup_ranges r WHERE epoch = $1 AND partition = $2 AND first_offset >= $3 AND state = 'DONE'
      GROUP BY epoch, partition, first_offset, next_offset, month ORDER BY first_offset, month`,
    [epoch, partition, firstOffset],
  );
  return [...Map.groupBy(rows, ({ first }) => first).values()].map((months) => ({
    range: { epoch, partition, firstOffset: Number(months[0]?.first), nextOffset: Number(months[0]?.next) },
    plans: new Map(months.map(({ month, attempt, is_control }) => [month, { firstIndex: is_control ? 0 : undefined, attempt }])),
  }));
}

/** Rows behind `after` and before the offset `to`, by month, as text for ClickHouse; at most BATCH_ROWS unless `limit` is null. */
async function readBatch(
  reader: Reader,
  { epoch, partition }: LogPartition,
  after: { offset: number; index: number },
  to: number,
  limit: number | null = BATCH_ROWS,
): Promise<MonthBatch[]> {
  const { rows } = await reader.query<MonthBatch>(
    `SELECT (extract(year FROM time) * 100 + extract(month FROM time))::integer AS month, count(*)::integer AS rows,
            string_agg(${ROW_TEXT}, '' ORDER BY "offset", idx) AS tsv,
            (array_agg("offset" ORDER BY "offset" DESC, idx DESC))[1]::text AS "lastOffset", (array_agg(idx ORDER BY "offset" DESC, idx DESC))[1] AS "lastIndex"
       FROM (SELECT * FROM usage_records WHERE epoch = $1 AND partition = $2 AND "offset" >= $3 AND "offset" < $5 AND ("offset", idx) > ($3, $4)
              ORDER BY "offset", idx LIMIT $6) AS batch
      GROUP BY 1 ORDER BY 1`,
    [epoch, partition, after.offset, after.index, to, limit],
  );
  return rows;
}

/** TabSeparated escapes the backslash, the tab and the two line ends. */
const escaped = (column: string) =>
  `replace(replace(replace(replace(${column}, E'\\\\', E'\\\\\\\\'), E'\\t', E'\\\\t'), E'\\n', E'\\\\n'), E'\\r', E'\\\\r')`;
const ROW_TEXT = `concat_ws(E'\\t', ${escaped('customer')}, ${escaped('meter')}, to_char(time, 'YYYY-MM-DD HH24:MI:SS.US'), quantity, epoch, partition, "offset", idx) || E'\\n'`;

/** In doubt the same rows go again under the same token; the table is new, so it remembers them all. */
async function insert({ clickhouse, logger, signal, table }: CopyTarget, { rows, tsv }: MonthBatch, token: string): Promise<void> {
  const done = await retry('rebuild: insert', logger, signal, async () => {
    await clickhouse.insert({ table, columns: EVENTS_COLUMNS, tsv, rows, token });
    return true;
  });
  if (done !== true) signal.throwIfAborted();
}

function lastOf(batches: readonly MonthBatch[]): { offset: number; index: number } {
  return batches
    .map(({ lastOffset, lastIndex }) => ({ offset: Number(lastOffset), index: lastIndex }))
    .reduce((a, b) => ((b.offset - a.offset || b.index - a.index) > 0 ? b : a));
}

function sumRows(batches: readonly MonthBatch[]): number {
  return batches.reduce((sum, { rows }) => sum + rows, 0);
}
