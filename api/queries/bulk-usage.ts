/**
 * The buckets of many customers in one stream, in order of (customer, meter, time): what a billing run reads, a query per page and never one
 * per customer.
 *
 * Customers of a query may live in several zones: it groups by UTC buckets that are as long as all their hours allow. That is an hour in
 * most zones; 30 or 15 minutes where local hours begin at :30 or :45, or the clock moves by half an hour.
 */
import { MINUTE_MS } from '../../core/zone.ts';
import { SLOT_MS, type Window } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import { type ClickHouse, type ClickHouseQuery, PAGE_ROWS_MAX } from '../../platform/clickhouse/clickhouse.ts';
import { compareText } from '../../platform/usage-cells.ts';

/** Longest first. */
const GRAINS_MS = [60 * MINUTE_MS, 30 * MINUTE_MS, SLOT_MS] as const;
export type GrainMs = (typeof GRAINS_MS)[number];

/** The longest bucket of which all the windows are made up. */
export function grainOf(windows: readonly Window[]): GrainMs {
  return GRAINS_MS.find((grain) => windows.every(({ from, to }) => from % grain === 0 && to % grain === 0)) ?? SLOT_MS;
}

export interface UsageBucket {
  customer: string;
  meter: string;
  /** Epoch ms. */
  start: number;
  /** Exact; 18 fraction digits, padded. Likewise `max`. */
  quantity: string;
  events: number;
  max: string;
}

interface BucketRow {
  customer_id: string;
  meter_key: string;
  bucket: string;
  total: string;
  event_count: string;
  largest: string;
}

/** `customers` in byte order; the period is the union of theirs. */
export async function* readBulkUsage(
  clickhouse: ClickHouse,
  _scope: EveryCustomer,
  { customers, period, grain }: { customers: readonly string[]; period: Window; grain: GrainMs },
): AsyncGenerator<UsageBucket[]> {
  let after: UsageBucket | undefined;
  for (;;) {
    const last = after?.customer;
    const rest = last === undefined ? customers : customers.filter((customer) => compareText(customer, last) >= 0);
    const rows = await clickhouse.query<BucketRow>(bulkQuery(rest, period, grain, after));
    const page = rows.map(toBucket);
    if (page.length > 0) yield page;
    after = page.at(-1);
    if (page.length < PAGE_ROWS_MAX) return;
  }
}

function bulkQuery(customers: readonly string[], period: Window, grain: GrainMs, after: UsageBucket | undefined): ClickHouseQuery {
  // The very expression of the projection `slots`, so that buckets are read instead of events.
  const slot = `toStartOfInterval(e.time, INTERVAL ${SLOT_MS} MILLISECOND)`;
  const bucket = `toUnixTimestamp64Milli(toStartOfInterval(${slot}, INTERVAL ${grain} MILLISECOND))`;
  const goOn = `AND (e.customer, toString(e.meter), ${bucket}) > ({afterCustomer:String}, {afterMeter:String}, {afterBucket:Int64})`;
  return {
    name: 'bulk_usage',
    sql: `
      SELECT e.customer AS customer_id, toString(e.meter) AS meter_key, ${bucket} AS bucket,
             toString(sum(toDecimal256(e.quantity, 18))) AS total, count() AS event_count, toString(max(e.quantity)) AS largest
      FROM tallyline.usage_events AS e
      WHERE e.customer IN {customers:Array(String)}
        AND ${slot} >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ${slot} < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        ${after === undefined ? '' : goOn}
      GROUP BY customer_id, meter_key, bucket
      ORDER BY customer_id, meter_key, bucket
      LIMIT {limit:UInt32}`,
    params: {
      customers,
      from: period.from,
      to: period.to,
      limit: PAGE_ROWS_MAX,
      ...(after === undefined ? {} : { afterCustomer: after.customer, afterMeter: after.meter, afterBucket: after.start }),
    },
  };
}

function toBucket({ customer_id, meter_key, bucket, total, event_count, largest }: BucketRow): UsageBucket {
  return { customer: customer_id, meter: meter_key, start: Number(bucket), quantity: total, events: Number(event_count), max: largest };
}
