/**
 * Which events of an hour only one store has: the positions of both, side by side in the order of the log, below one watermark.
 * Flat memory: a page of each at a time.
 */
import { instantText } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import { BELOW_IN_CLICKHOUSE, belowInPostgres, type CellWatermark } from '../../platform/usage-cells.ts';
import type { ReconciliationMissing } from '../../schemas/http/reconciliation.ts';

type Range = ReconciliationMissing['ranges'][number];

export interface EventsOfHour {
  customer: string;
  meter: string;
  /** Half-open, epoch milliseconds. */
  from: number;
  to: number;
}

/** Epoch, partition, offset, index. */
type Position = readonly [epoch: number, partition: number, offset: number, index: number];

const PAGE = 10_000;
/** Events of each store that are looked at: what somebody waits for on a page. */
const EVENTS_MAX = 200_000;
/** More gaps than this nobody reads. */
const RANGES_MAX = 100;
const BEFORE_ALL: Position = [-1, -1, -1, -1];

export async function findMissing(
  platform: Platform,
  _scope: EveryCustomer,
  hour: EventsOfHour,
  below: CellWatermark,
): Promise<ReconciliationMissing> {
  const [kept, counted] = [keptPositions(platform, hour, below), countedPositions(platform, hour, below)];
  const gaps = new Gaps();
  try {
    let [left, right] = [await kept.next(), await counted.next()];
    for (let looked = 0; left.done !== true || right.done !== true; looked += 1) {
      const order = left.done === true ? 1 : right.done === true ? -1 : compare(left.value, right.value);
      const only = order < 0 ? left.value : order > 0 ? right.value : undefined;
      if (only === undefined) gaps.close();
      else gaps.add(order < 0 ? 'clickhouse' : 'postgres', only);
      if (looked === EVENTS_MAX || gaps.ranges.length > RANGES_MAX) return { ranges: gaps.ranges.slice(0, RANGES_MAX), isWhole: false };
      if (order <= 0) left = await kept.next();
      if (order >= 0) right = await counted.next();
    }
    return { ranges: gaps.ranges, isWhole: true };
  } finally {
    await Promise.all([kept.return(undefined), counted.return(undefined)]);
  }
}

/** Missing events that follow one another are one range. */
class Gaps {
  readonly ranges: Range[] = [];
  #last: Range | undefined;

  add(store: Range['store'], [epoch, partition, offset]: Position): void {
    const last = this.#last;
    if (last?.store === store && last.epoch === epoch && last.partition === partition) {
      last.lastOffset = offset;
      last.events += 1;
      return;
    }
    this.#last = { store, epoch, partition, firstOffset: offset, lastOffset: offset, events: 1 };
    this.ranges.push(this.#last);
  }

  /** Here is an event that both stores have. */
  close(): void {
    this.#last = undefined;
  }
}

function keptPositions(
  { postgres }: Platform,
  { customer, meter, from, to }: EventsOfHour,
  below: CellWatermark,
): AsyncGenerator<Position> {
  return readPages(async (after) => {
    const { rows } = await postgres.query<PositionRow>(
      `SELECT epoch, partition, "offset", idx AS index FROM usage_records
        WHERE customer = $1 AND meter = $2 AND time >= $3 AND time < $4 AND ${belowInPostgres('$5', '$6')}
          AND (epoch, partition, "offset", idx) > ($7::integer, $8::smallint, $9::bigint, $10::integer)
        ORDER BY epoch, partition, "offset", idx LIMIT ${PAGE}`,
      [customer, meter, instantText(from), instantText(to), below.epoch, below.nextOffsets, ...after],
    );
    return rows;
  });
}

function countedPositions(
  { clickhouse }: Platform,
  { customer, meter, from, to }: EventsOfHour,
  { epoch, nextOffsets }: CellWatermark,
): AsyncGenerator<Position> {
  return readPages(([afterEpoch, afterPartition, afterOffset, afterIndex]) =>
    clickhouse.query<PositionRow>({
      name: 'missing_events',
      sql: `SELECT u.epoch AS epoch, u.log_partition AS partition, u.log_offset AS offset, u.log_index AS index FROM tallyline.usage_events AS u
            WHERE customer = {customer:String} AND meter = {meter:String} AND ${BELOW_IN_CLICKHOUSE}
              AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
              AND (toInt64(u.epoch), toInt64(u.log_partition), toInt64(u.log_offset), toInt64(u.log_index))
                  > ({afterEpoch:Int64}, {afterPartition:Int64}, {afterOffset:Int64}, {afterIndex:Int64})
            ORDER BY u.epoch, u.log_partition, u.log_offset, u.log_index LIMIT ${PAGE}`,
      params: { customer, meter, from, to, epoch, nextOffsets, afterEpoch, afterPartition, afterOffset, afterIndex },
    }),
  );
}

interface PositionRow {
  epoch: number | string;
  partition: number | string;
  offset: number | string;
  index: number | string;
  [column: string]: unknown;
}

async function* readPages(readPage: (after: Position) => Promise<PositionRow[]>): AsyncGenerator<Position> {
  let after = BEFORE_ALL;
  for (;;) {
    const rows = await readPage(after);
    for (const { epoch, partition, offset, index } of rows) {
      after = [Number(epoch), Number(partition), Number(offset), Number(index)];
      yield after;
    }
    if (rows.length < PAGE) return;
  }
}

function compare(a: Position, b: Position): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
