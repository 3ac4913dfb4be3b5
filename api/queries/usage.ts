/**
 * Usage by windows of time, from the 15-minute buckets.
 *
 * The windows come from core/window.ts and are bound as an array of boundaries, so that this and the invoices use one
 * time zone database and one meaning of "hour": ClickHouse has its own, of another version, and its hours on days on which
 * the clock moves by half an hour differ.
 */
import { SLOT_MS, type Window } from '../../core/window.ts';
import { customerWithin, type Scope } from '../../platform/access/scope.ts';
import { type ClickHouse, type ClickHouseQuery, PAGE_ROWS_MAX } from '../../platform/clickhouse/clickhouse.ts';

/**
 * Boundaries bound to one query, some 14 characters each: small beside the limit of a query's text, and enough for a month by hours and
 * the month before in one pass.
 */
const WINDOWS_PER_QUERY_MAX = 2_000;

export interface UsageSelection {
  scope: Scope;
  /** Consecutive windows; each begins where the one before ends. */
  windows: readonly Window[];
  customer?: string | undefined;
  /** Of these alone; their number is small beside the limit of a query's text. */
  customers?: readonly string[] | undefined;
  meter?: string | undefined;
  byCustomer: boolean;
  /** `max` is not wanted: a third less to read. */
  withoutMax?: boolean;
}

export interface WindowUsage {
  window: Window;
  /** '' unless by customer. */
  customer: string;
  meter: string;
  /** Exact; 18 fraction digits, padded. */
  quantity: string;
  events: string;
  /** Largest single quantity, likewise exact; '0' without it. */
  max: string;
}

interface UsageRow {
  /** Start of the window, epoch milliseconds. */
  bucket: string;
  customer_id: string;
  meter_key: string;
  total: string;
  event_count: string;
  largest: string;
}

interface Place {
  /** Index of the window to go on with. */
  index: number;
  /** Within it, go on after this (customer, meter). */
  after?: { customer: string; meter: string } | undefined;
}

/** Pages in order of (window, customer, meter); windows without usage are left out. */
export async function* readUsage(clickhouse: ClickHouse, selection: UsageSelection): AsyncGenerator<WindowUsage[]> {
  const { windows } = selection;
  let place: Place = { index: 0 };
  let span = WINDOWS_PER_QUERY_MAX;
  while (place.index < windows.length) {
    const chunk = windows.slice(place.index, place.index + span);
    const windowByStart = new Map(chunk.map((window) => [window.from, window]));
    const rows = await clickhouse.query<UsageRow>(usageQuery(selection, chunk, place.after));
    const page = rows.map((row) => toWindowUsage(row, windowByStart));
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_ROWS_MAX) {
      place = { index: place.index + chunk.length };
      span = Math.min(span * 2, WINDOWS_PER_QUERY_MAX);
      continue;
    }
    const reached = place.index + chunk.indexOf(last.window);
    // The next query covers about as many windows as fit a page: what lies beyond would be added up only to be cut off.
    span = Math.max(1, reached - place.index);
    place = { index: reached, after: { customer: last.customer, meter: last.meter } };
  }
}

function usageQuery(selection: UsageSelection, windows: readonly Window[], after: Place['after']): ClickHouseQuery {
  const time = timeOf(windows);
  const customerKey = selection.byCustomer ? 'e.customer' : "''";
  const { conditions, params } = conditionsOf(selection, windows);
  if (after !== undefined) {
    conditions.push(
      `(${time} >= {afterWindow:DateTime64(3, 'UTC')} OR (${customerKey}, toString(e.meter)) > ({afterCustomer:String}, {afterMeter:String}))`,
    );
  }
  return {
    name: 'usage_by_window',
    sql: `
      SELECT
        toInt64(roundDown(toUnixTimestamp64Milli(${time}), {boundaries:Array(Int64)})) AS bucket,
        ${customerKey} AS customer_id,
        e.meter AS meter_key,
        toString(sum(toDecimal256(e.quantity, 18))) AS total,
        count() AS event_count,
        ${selection.withoutMax === true ? "'0'" : 'toString(max(e.quantity))'} AS largest
      FROM tallyline.usage_events AS e
      WHERE ${conditions.join(' AND ')}
      GROUP BY bucket, customer_id, meter_key
      ORDER BY bucket, customer_id, toString(meter_key)
      LIMIT {limit:UInt32}`,
    params: {
      ...params,
      boundaries: windows.map((window) => window.from),
      limit: PAGE_ROWS_MAX,
      ...(after === undefined
        ? {}
        : { afterWindow: toDateTime(windows[0]?.to ?? 0), afterCustomer: after.customer, afterMeter: after.meter }),
    },
  };
}

/** What of the events is meant, from the first to the last of these windows, and the values to bind. */
export function conditionsOf(
  { scope, customers, meter, ...asked }: Omit<UsageSelection, 'byCustomer'>,
  windows: readonly Window[],
): { conditions: string[]; params: NonNullable<ClickHouseQuery['params']> } {
  const customer = customerWithin(scope, asked.customer);
  const time = timeOf(windows);
  const conditions = [`${time} >= {from:DateTime64(3, 'UTC')}`, `${time} < {to:DateTime64(3, 'UTC')}`];
  if (customer !== undefined) conditions.push('e.customer = {customer:String}');
  if (customers !== undefined) conditions.push('e.customer IN {customers:Array(String)}');
  if (meter !== undefined) conditions.push('e.meter = {meter:String}');
  return {
    conditions,
    params: {
      from: toDateTime(windows[0]?.from ?? 0),
      to: toDateTime(windows.at(-1)?.to ?? 0),
      ...(customer === undefined ? {} : { customer }),
      ...(customers === undefined ? {} : { customers }),
      ...(meter === undefined ? {} : { meter }),
    },
  };
}

/**
 * What to group by. Windows of whole slots: the very expression of the projections `slots` and `totals`, so that buckets are read
 * instead of events (and directly, not through the view, whose own GROUP BY would be carried out first). A range cut at 10:07 is
 * added up from the events.
 */
function timeOf(windows: readonly Window[]): string {
  const isWhole = windows.every(({ from, to }) => from % SLOT_MS === 0 && to % SLOT_MS === 0);
  return isWhole ? 'toStartOfInterval(e.time, INTERVAL 900000 MILLISECOND)' : 'e.time';
}

/** First and last 15 minutes with usage; no row when there is none. */
export async function readUsageExtent(clickhouse: ClickHouse, { customer }: Scope): Promise<UsageExtentRow | undefined> {
  const [extent] = await clickhouse.query<UsageExtentRow>({
    name: 'usage_extent',
    // Grouped by the slot first: only so are the buckets read, and not all events.
    sql: `
    SELECT toUnixTimestamp64Milli(min(slot)) AS first, toUnixTimestamp64Milli(max(slot)) AS last
    FROM (
      SELECT toStartOfInterval(e.time, INTERVAL 900000 MILLISECOND) AS slot
      FROM tallyline.usage_events AS e ${customer === undefined ? '' : 'WHERE e.customer = {customer:String}'}
      GROUP BY slot)
    HAVING count() > 0`,
    params: customer === undefined ? {} : { customer },
  });
  return extent;
}

export interface UsageExtentRow {
  /** Epoch milliseconds. */
  first: string;
  last: string;
}

/** The same by meter. */
export function readMeterExtents(clickhouse: ClickHouse, { customer }: Scope): Promise<MeterExtentRow[]> {
  return clickhouse.query<MeterExtentRow>({
    name: 'meter_extents',
    sql: `
    SELECT meter_key, toUnixTimestamp64Milli(min(slot)) AS first, toUnixTimestamp64Milli(max(slot)) AS last, sum(slot_events) AS event_count
    FROM (
      SELECT e.meter AS meter_key, toStartOfInterval(e.time, INTERVAL 900000 MILLISECOND) AS slot, count() AS slot_events
      FROM tallyline.usage_events AS e ${customer === undefined ? '' : 'WHERE e.customer = {customer:String}'}
      GROUP BY meter_key, slot)
    GROUP BY meter_key
    ORDER BY meter_key`,
    params: customer === undefined ? {} : { customer },
  });
}
export interface MeterExtentRow extends UsageExtentRow {
  meter_key: string;
  event_count: string;
}

function toWindowUsage(row: UsageRow, windows: ReadonlyMap<number, Window>): WindowUsage {
  const window = windows.get(Number(row.bucket));
  if (window === undefined) throw new Error(`no window begins at ${row.bucket}`);
  return { window, customer: row.customer_id, meter: row.meter_key, quantity: row.total, events: row.event_count, max: row.largest };
}

function toDateTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('T', ' ').replace('Z', '');
}
