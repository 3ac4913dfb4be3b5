/** What has become DONE since it was last compared, and how far the figures go. */
import { instantText } from '../../core/window.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import type { CellWatermark } from '../../platform/usage-cells.ts';
import { RECORDS } from './offsets.ts';
import type { Span } from './reconcile-regions.ts';
import { ROLLUPS } from './rollup-ranges.ts';

/** Events of one span: Postgres groups them by customer and month in one go. */
const SPAN_EVENTS = 1_000_000;

export interface ReconciliationWatermark extends CellWatermark {
  /** RFC 3339: usage that was durable then is below the watermark. */
  upTo: string;
  /** Events in the log that rollups has not had. */
  backlog: number;
}

/** Where rollups is. Reads clock, end of the log and offsets in this order, so that `upTo` never promises too much. */
export async function readWatermark(
  { log, postgres, clock }: Pick<Platform, 'log' | 'postgres' | 'clock'>,
  epoch: number,
): Promise<ReconciliationWatermark> {
  const nowMs = clock.now().getTime();
  const ends = await log.endOffsets();
  const { rows } = await postgres.query<{ partition: number; next_offset: string; updated: string }>(
    `SELECT partition, next_offset, floor(extract(epoch FROM updated_at) * 1000)::bigint AS updated FROM consumer_offsets WHERE consumer = $1 AND epoch = $2`,
    [ROLLUPS, epoch],
  );
  const offsets = new Map(rows.map((row) => [row.partition, row]));
  let [backlog, upToMs] = [0, nowMs];
  const nextOffsets = ends.map((end, partition) => {
    const row = offsets.get(partition);
    const nextOffset = Number(row?.next_offset ?? 0);
    if (nextOffset < end) upToMs = Math.min(upToMs, Number(row?.updated ?? 0));
    backlog += Math.max(0, end - nextOffset);
    return nextOffset;
  });
  return { epoch, nextOffsets, upTo: instantText(upToMs), backlog };
}

/** The next span of a partition that is to be compared; undefined when all is. */
export async function nextSpan(
  postgres: Postgres,
  { epoch, nextOffsets }: CellWatermark,
  partition: number,
  checkedOffset: number,
): Promise<Span | undefined> {
  const end = nextOffsets[partition] ?? 0;
  if (checkedOffset >= end) return undefined;
  const { rows } = await postgres.query<{ next_offset: string | null; months: number[] | null }>(
    `SELECT max(next_offset) AS next_offset, array_agg(DISTINCT month) AS months
       FROM (SELECT next_offset, month, sum(rows) OVER (ORDER BY first_offset, month) - rows AS before FROM rollup_ranges
              WHERE epoch = $1 AND partition = $2 AND first_offset >= $3 AND next_offset <= $4 AND state = 'DONE') AS ranges
      WHERE before < $5`,
    [epoch, partition, checkedOffset, end, SPAN_EVENTS],
  );
  // Behind the last range there is nothing that was accepted.
  const { next_offset: nextOffset = null, months = null } = rows[0] ?? {};
  return { epoch, partition, firstOffset: checkedOffset, nextOffset: nextOffset === null ? end : Number(nextOffset), months: months ?? [] };
}

/** By partition; undefined where nothing was ever compared in this epoch. */
export async function readProgress(postgres: Postgres, { epoch, nextOffsets }: CellWatermark): Promise<(number | undefined)[]> {
  const { rows } = await postgres.query<{ partition: number; checked_offset: string }>(
    'SELECT partition, checked_offset FROM reconciliation_progress WHERE epoch = $1',
    [epoch],
  );
  const checked = new Map(rows.map((row) => [row.partition, Number(row.checked_offset)]));
  return nextOffsets.map((_, partition) => checked.get(partition));
}

/** Everything below the watermark has been compared. */
export async function saveProgress(
  postgres: Postgres,
  { epoch, nextOffsets, upTo }: ReconciliationWatermark,
  checkedAt: Date,
): Promise<void> {
  await postgres.query(
    `INSERT INTO reconciliation_progress AS p (epoch, partition, checked_offset, checked_at, up_to)
     SELECT $1, partition - 1, checked_offset, $3::timestamptz, $4::timestamptz FROM unnest($2::bigint[]) WITH ORDINALITY AS t (checked_offset, partition)
     ON CONFLICT (epoch, partition) DO UPDATE SET checked_offset = greatest(p.checked_offset, excluded.checked_offset),
       checked_at = excluded.checked_at, up_to = greatest(p.up_to, excluded.up_to)`,
    [epoch, nextOffsets, checkedAt.toISOString(), upTo],
  );
}

/** Whether an import of this size is on its way that records has not even stored: what is read now stands in its way. */
export async function isHot({ log, postgres }: Pick<Platform, 'log' | 'postgres'>, epoch: number, eventsMax: number): Promise<boolean> {
  const ends = await log.endOffsets();
  const { rows } = await postgres.query<{ partition: number; next_offset: string }>(
    'SELECT partition, next_offset FROM consumer_offsets WHERE consumer = $1 AND epoch = $2',
    [RECORDS, epoch],
  );
  const records = new Map(rows.map((row) => [row.partition, Number(row.next_offset)]));
  return ends.reduce((sum, end, partition) => sum + Math.max(0, end - (records.get(partition) ?? 0)), 0) > eventsMax;
}
