/**
 * A customer's events one by one, in the order in which contributions are told: time, then position. For meters that cannot be told
 * from buckets. Read from Postgres, which holds the properties, and only what ClickHouse has too.
 */
import type { MeteredEvent } from '../../core/contribution.ts';
import { toScaled } from '../../core/decimal.ts';
import { toInstant } from '../../core/instant-text.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText, type Window } from '../../core/window.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { belowInPostgres, type CellWatermark } from '../../platform/usage-cells.ts';

/** Rows of one query: a few megabytes with properties of usual size, and few enough round trips. */
const PAGE_EVENTS = 5_000;

export interface EventSelection {
  customer: string;
  /** Meters, and the property to read of each one's events, if any. */
  properties: ReadonlyMap<string, string | undefined>;
  period: Window;
  below: CellWatermark;
}

export interface CustomerEvent extends MeteredEvent {
  meter: string;
}

interface EventRow {
  meter: string;
  time: string;
  quantity: string;
  /** Null where the meter asks for none. */
  properties: string | null;
  epoch: number;
  partition: number;
  offset: string;
  idx: number;
  [column: string]: unknown;
}

/** Pages by key, over the index `usage_records_customer_time`; any number of events passes through the memory of one page. */
export async function* readMeteredEvents(postgres: Queryable, selection: EventSelection): AsyncGenerator<CustomerEvent[]> {
  const { customer, properties, period, below } = selection;
  const withProperty = [...properties].flatMap(([meter, property]) => (property === undefined ? [] : [meter]));
  let after: EventRow | undefined;
  for (;;) {
    // Ordered by the columns of the table: an offset that is answered as text would be ordered as text.
    const { rows } = await postgres.query<EventRow>(
      `SELECT meter, time, quantity::text AS quantity, CASE WHEN meter = ANY($3::text[]) THEN properties END AS properties,
              epoch, partition, "offset"::text AS "offset", idx
         FROM usage_records AS r
        WHERE customer = $1 AND meter = ANY($2::text[]) AND time >= $4 AND time < $5 AND ${belowInPostgres('$6', '$7')}
          AND ($8::timestamptz IS NULL OR (time, epoch, partition, "offset", idx) > ($8::timestamptz, $9::integer, $10::smallint, $11::bigint, $12::integer))
        ORDER BY r.time, r.epoch, r.partition, r."offset", r.idx LIMIT $13`,
      [
        customer,
        [...properties.keys()],
        withProperty,
        instantText(period.from),
        instantText(period.to),
        below.epoch,
        below.nextOffsets,
        after?.time ?? null,
        after?.epoch ?? null,
        after?.partition ?? null,
        after?.offset ?? null,
        after?.idx ?? null,
        PAGE_EVENTS,
      ],
    );
    if (rows.length > 0) yield rows.map((row) => toEvent(row, properties.get(row.meter)));
    after = rows.at(-1);
    if (rows.length < PAGE_EVENTS) return;
  }
}

function toEvent(row: EventRow, property: string | undefined): CustomerEvent {
  const value = property === undefined || row.properties === null ? undefined : propertyOf(row.properties, property);
  return {
    meter: row.meter,
    time: microsecondTime(row.time),
    position: { epoch: row.epoch, partition: row.partition, offset: BigInt(row.offset), index: row.idx },
    quantity: toScaled(row.quantity, QUANTITY_SCALE),
    ...(value === undefined ? {} : { value }),
  };
}

/** Undefined where the event has no such property; a name such as `toString` is one like any other. */
export function propertyOf(text: string, property: string): string | undefined {
  const properties = JSON.parse(text) as Record<string, unknown>;
  if (!Object.hasOwn(properties, property)) return undefined;
  const value = properties[property];
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Postgres leaves out a fraction of zero, and its last zeros. */
function microsecondTime(postgresText: string): string {
  const [seconds = '', fraction = ''] = toInstant(postgresText).slice(0, -1).split('.');
  return `${seconds}.${fraction.padEnd(6, '0')}Z`;
}
