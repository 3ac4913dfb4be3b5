/**
 * A customer's events one by one, in the order in which contributions are told. For meters that cannot be told from buckets. Read from
 * Postgres, which holds the properties, and as they stood at a place of the log that ClickHouse has reached too.
 */
import type { MeteredEvent } from '../../core/contribution.ts';
import { toScaled } from '../../core/decimal.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { Window } from '../../core/window.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Scope } from '../../platform/access/scope.ts';
import type { CellWatermark } from '../../platform/usage-cells.ts';
import { readStanding, type StandingRow } from './standing-records.ts';

/** Rows of one query: a few megabytes with properties of usual size, and few enough round trips. */
const PAGE_EVENTS = 5_000;

export interface EventSelection {
  scope: Scope;
  customer: string;
  /** Meters, and the property to read of each one's events, if any. */
  properties: ReadonlyMap<string, string | undefined>;
  period: Window;
  below: CellWatermark;
}

export interface CustomerEvent extends MeteredEvent {
  meter: string;
}

/** Any number of events passes through the memory of one page. */
export async function* readMeteredEvents(postgres: Queryable, selection: EventSelection): AsyncGenerator<CustomerEvent[]> {
  const { scope, customer, properties, period, below } = selection;
  const withProperty = [...properties].flatMap(([meter, property]) => (property === undefined ? [] : [meter]));
  const standing = { scope, customer, meters: [...properties.keys()], window: period, moments: [{ below, weight: 1 }] };
  let after: StandingRow | undefined;
  for (;;) {
    const rows = await readStanding(postgres, standing, { after, rows: PAGE_EVENTS, properties: withProperty });
    if (rows.length > 0) yield rows.map((row) => toEvent(row, properties.get(row.meter)));
    after = rows.at(-1);
    if (rows.length < PAGE_EVENTS) return;
  }
}

function toEvent(row: StandingRow, property: string | undefined): CustomerEvent {
  const value = property === undefined || row.properties === null ? undefined : propertyOf(row.properties, property);
  return {
    meter: row.meter,
    time: microsecondTime(row.time),
    position: { epoch: Number(row.epoch), partition: Number(row.partition), offset: BigInt(row.offset), index: Number(row.idx) },
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
export function microsecondTime(instant: string): string {
  const [seconds = '', fraction = ''] = instant.slice(0, -1).split('.');
  return `${seconds}.${fraction.padEnd(6, '0')}Z`;
}
