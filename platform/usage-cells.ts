/**
 * Usage by customer, hour of UTC and meter, as each store adds it up: what reconciliation compares.
 *
 * Both sides count the same events: those below one watermark, by position. What lies above it may be in the one store and not
 * yet in the other. Rows come in the order (customer, hour, meter), bytewise, in pages.
 */
import { formatDecimal, toScaled } from '../core/decimal.ts';
import { instantText } from '../core/window.ts';
import type { ClickHouse } from './clickhouse/clickhouse.ts';
import type { Postgres } from './postgres/postgres.ts';

export const HOUR_MS = 3_600_000;

/** Fraction digits of a quantity, in both stores. */
export const SCALE = 18;

/** Cells of one query: a few megabytes, and well below what ClickHouse answers with. */
const PAGE_CELLS = 20_000;

/** All events of earlier epochs (nothing comes to them any more), and those of this epoch below an offset per partition. */
export interface CellWatermark {
  epoch: number;
  nextOffsets: readonly number[];
}

/** Some customers during some hours. */
export interface CellRectangle {
  /** In byte order. */
  customers: readonly string[];
  /** Half-open, whole hours, epoch milliseconds. */
  from: number;
  to: number;
}

export interface UsageCell {
  customer: string;
  /** Its beginning, epoch milliseconds. */
  hour: number;
  meter: string;
  quantity: string;
  events: number;
}

interface CellRow {
  customer: string;
  hour: string;
  meter: string;
  quantity: string;
  events: string;
  [column: string]: unknown;
}

/** Byte order, which both stores sort by; JavaScript's own is another beyond U+FFFF. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function compareCells(a: UsageCell, b: UsageCell): number {
  return compareText(a.customer, b.customer) || a.hour - b.hour || compareText(a.meter, b.meter);
}

/** The condition that both stores understand in their own words; parameters: epoch, next offsets. `prefix`: of the columns' names. */
export function belowInPostgres(epoch: string, nextOffsets: string, prefix = ''): string {
  const next = `(${nextOffsets}::bigint[])[${prefix}partition + 1]`;
  return `(${prefix}epoch < ${epoch}::integer OR (${prefix}epoch = ${epoch}::integer AND "${prefix}offset" < ${next}))`;
}

export const BELOW_IN_CLICKHOUSE =
  '(epoch < {epoch:UInt32} OR (epoch = {epoch:UInt32} AND log_offset < {nextOffsets:Array(UInt64)}[log_partition + 1]))';

/** The rows of Postgres. */
export function readPostgresCells(postgres: Postgres, below: CellWatermark, rectangle: CellRectangle): AsyncGenerator<UsageCell> {
  return readPages(rectangle, async (customers, after) => {
    const { rows } = await postgres.query<CellRow>(
      `SELECT customer, (extract(epoch FROM date_trunc('hour', time)) * 1000)::bigint AS hour, meter, sum(quantity)::text AS quantity, count(*) AS events
         FROM usage_records
        WHERE customer = ANY($1::text[]) AND time >= $2 AND time < $3 AND ${belowInPostgres('$4', '$5')}
          AND ($6::text IS NULL OR (customer, date_trunc('hour', time), meter) > ($6::text, $7::timestamptz, $8::text))
        GROUP BY customer, date_trunc('hour', time), meter
        ORDER BY customer, date_trunc('hour', time), meter LIMIT $9`,
      [
        customers,
        instantText(rectangle.from),
        instantText(rectangle.to),
        below.epoch,
        below.nextOffsets,
        after?.customer ?? null,
        after === undefined ? null : instantText(after.hour),
        after?.meter ?? null,
        PAGE_CELLS,
      ],
    );
    return rows;
  });
}

/** The rows of ClickHouse. */
export function readClickHouseCells(clickhouse: ClickHouse, below: CellWatermark, rectangle: CellRectangle): AsyncGenerator<UsageCell> {
  return readPages(rectangle, (customers, after) =>
    clickhouse.query<CellRow>({
      name: 'usage_cells',
      // The aliases differ from the columns: an alias would take the column's place in the conditions.
      sql: `SELECT e.customer AS customer, toUnixTimestamp64Milli(cell_hour) AS hour, toString(cell_meter) AS meter, quantity, events FROM (
              SELECT customer, toStartOfInterval(time, INTERVAL ${HOUR_MS} MILLISECOND) AS cell_hour, meter AS cell_meter,
                     sum(toDecimal256(u.quantity, ${SCALE})) AS quantity, count() AS events
              FROM tallyline.usage_events AS u
              WHERE customer IN {customers:Array(String)} AND ${BELOW_IN_CLICKHOUSE}
                AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
              GROUP BY customer, cell_hour, cell_meter) AS e
            WHERE (customer, hour, meter) > ({afterCustomer:String}, {afterHour:Int64}, {afterMeter:String})
            ORDER BY customer, hour, meter LIMIT ${PAGE_CELLS}`,
      params: {
        customers,
        epoch: below.epoch,
        nextOffsets: below.nextOffsets,
        from: rectangle.from,
        to: rectangle.to,
        afterCustomer: after?.customer ?? '',
        afterHour: after?.hour ?? 0,
        afterMeter: after?.meter ?? '',
      },
    }),
  );
}

async function* readPages(
  { customers }: CellRectangle,
  readPage: (customers: readonly string[], after: UsageCell | undefined) => Promise<CellRow[]>,
): AsyncGenerator<UsageCell> {
  let after: UsageCell | undefined;
  for (;;) {
    const last = after?.customer;
    const rest = last === undefined ? customers : customers.filter((customer) => compareText(customer, last) >= 0);
    const rows = await readPage(rest, after);
    for (const row of rows) yield (after = toCell(row));
    if (rows.length < PAGE_CELLS) return;
  }
}

function toCell(row: CellRow): UsageCell {
  return {
    customer: row.customer,
    hour: Number(row.hour),
    meter: row.meter,
    quantity: formatDecimal(toScaled(row.quantity, SCALE), SCALE),
    events: Number(row.events),
  };
}
