/**
 * Where to compare: regions, a customer in a month with the hours from the first to the last event that matters, as either
 * store knows them, put together into rectangles of a size that one query answers.
 */
import { instantText } from '../../core/window.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import {
  BELOW_IN_CLICKHOUSE,
  belowInPostgres,
  compareText,
  HOUR_MS,
  type CellRectangle,
  type CellWatermark,
} from '../../platform/usage-cells.ts';
import { align } from './align.ts';

/** Regions of one query. */
const PAGE_REGIONS = 20_000;
/** Events whose hours are compared at a time: at the most as many cells. */
const RECTANGLE_EVENTS = 20_000;
/** Customers named in one query: a server takes parameters of some hundred kilobytes. */
const RECTANGLE_CUSTOMERS = 200;

export interface Region {
  /** YYYYMM. */
  month: number;
  customer: string;
  /** Hours of the first and the last event, epoch milliseconds. */
  first: number;
  last: number;
  events: number;
}

/** Events between two offsets of a partition. */
export interface Span {
  epoch: number;
  partition: number;
  firstOffset: number;
  nextOffset: number;
  /** The months that the span has rows in. */
  months: readonly number[];
}

/** Events of a time, of one customer or of all. */
export interface Scope {
  customer: string | undefined;
  /** Half-open, epoch milliseconds. */
  from: number;
  to: number;
}

interface RegionRow {
  month: number;
  customer: string;
  first: string;
  last: string;
  events: string;
  [column: string]: unknown;
}

interface Condition {
  postgres: { sql: string; values: readonly unknown[] };
  clickhouse: { sql: string; params: Record<string, string | number | readonly number[]> };
}

export function regionsOfSpan(postgres: Postgres, clickhouse: ClickHouse, span: Span): AsyncGenerator<Region> {
  const { epoch, partition, firstOffset, nextOffset, months } = span;
  return readRegions(postgres, clickhouse, {
    postgres: {
      sql: `epoch = $1 AND partition = $2 AND "offset" >= $3 AND "offset" < $4`,
      values: [epoch, partition, firstOffset, nextOffset],
    },
    clickhouse: {
      sql: `toYYYYMM(time) IN {months:Array(UInt32)} AND epoch = {epoch:UInt32} AND log_partition = {partition:UInt16}
        AND log_offset >= {first:UInt64} AND log_offset < {next:UInt64}`,
      params: { months, epoch, partition, first: firstOffset, next: nextOffset },
    },
  });
}

export function regionsOfScope(postgres: Postgres, clickhouse: ClickHouse, below: CellWatermark, scope: Scope): AsyncGenerator<Region> {
  const { customer = null, from, to } = scope;
  const { epoch, nextOffsets } = below;
  return readRegions(postgres, clickhouse, {
    postgres: {
      sql: `${belowInPostgres('$1', '$2')} AND time >= $3 AND time < $4 AND ($5::text IS NULL OR customer = $5::text)`,
      values: [epoch, nextOffsets, instantText(from), instantText(to), customer],
    },
    clickhouse: {
      sql: `${BELOW_IN_CLICKHOUSE} AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        ${customer === null ? '' : 'AND customer = {only:String}'}`,
      params: { epoch, nextOffsets, from, to, ...(customer === null ? {} : { only: customer }) },
    },
  });
}

/** Regions of one month, and not more than one query answers for. */
export async function* rectangles(regions: AsyncIterable<Region>): AsyncGenerator<CellRectangle> {
  let waiting: Region[] = [];
  let events = 0;
  for await (const region of regions) {
    const isFull = events + region.events > RECTANGLE_EVENTS || waiting.length === RECTANGLE_CUSTOMERS;
    if (waiting[0] !== undefined && (isFull || waiting[0].month !== region.month)) {
      yield enclose(waiting);
      [waiting, events] = [[], 0];
    }
    waiting.push(region);
    events += region.events;
  }
  if (waiting.length > 0) yield enclose(waiting);
}

function enclose(regions: readonly Region[]): CellRectangle {
  const first = regions.reduce((least, region) => Math.min(least, region.first), Infinity);
  const last = regions.reduce((most, region) => Math.max(most, region.last), -Infinity);
  return { customers: regions.map(({ customer }) => customer), from: first, to: last + HOUR_MS };
}

async function* readRegions(postgres: Postgres, clickhouse: ClickHouse, condition: Condition): AsyncGenerator<Region> {
  const kept = pages((after) => readPostgresPage(postgres, condition.postgres, after));
  const counted = pages((after) => readClickHousePage(clickhouse, condition.clickhouse, after));
  for await (const { left, right } of align(kept, counted, compareRegions)) {
    const [a, b] = [left ?? right, right ?? left];
    if (a === undefined || b === undefined) continue;
    yield { ...a, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last), events: Math.max(a.events, b.events) };
  }
}

function compareRegions(a: Region, b: Region): number {
  return a.month - b.month || compareText(a.customer, b.customer);
}

async function* pages(readPage: (after: { month: number; customer: string }) => Promise<RegionRow[]>): AsyncGenerator<Region> {
  let after = { month: 0, customer: '' };
  for (;;) {
    const rows = await readPage(after);
    for (const { month, customer, first, last, events } of rows) {
      after = { month, customer };
      yield { month, customer, first: Number(first), last: Number(last), events: Number(events) };
    }
    if (rows.length < PAGE_REGIONS) return;
  }
}

const POSTGRES_HOUR = (time: string) => `(extract(epoch FROM date_trunc('hour', ${time})) * 1000)::bigint`;
const CLICKHOUSE_HOUR = (time: string) => `toUnixTimestamp64Milli(toStartOfInterval(${time}, INTERVAL ${HOUR_MS} MILLISECOND))`;

async function readPostgresPage(
  postgres: Postgres,
  { sql, values }: Condition['postgres'],
  after: { month: number; customer: string },
): Promise<RegionRow[]> {
  const n = values.length;
  const { rows } = await postgres.query<RegionRow>(
    `SELECT month, customer, ${POSTGRES_HOUR('earliest')} AS first, ${POSTGRES_HOUR('latest')} AS last, events
       FROM (SELECT (extract(year FROM time) * 100 + extract(month FROM time))::integer AS month, customer, min(time) AS earliest, max(time) AS latest, count(*) AS events
               FROM usage_records WHERE ${sql} GROUP BY 1, 2) AS regions
      WHERE (month, customer) > ($${n + 1}::integer, $${n + 2}::text) ORDER BY month, customer LIMIT $${n + 3}`,
    [...values, after.month, after.customer, PAGE_REGIONS],
  );
  return rows;
}

function readClickHousePage(
  clickhouse: ClickHouse,
  { sql, params }: Condition['clickhouse'],
  after: { month: number; customer: string },
): Promise<RegionRow[]> {
  return clickhouse.query<RegionRow>({
    name: 'reconcile_regions',
    sql: `SELECT month, customer, ${CLICKHOUSE_HOUR('earliest')} AS first, ${CLICKHOUSE_HOUR('latest')} AS last, events
          FROM (SELECT toYYYYMM(time) AS month, customer, min(time) AS earliest, max(time) AS latest, count() AS events
                FROM tallyline.usage_events WHERE ${sql} GROUP BY month, customer)
          WHERE (month, customer) > ({afterMonth:UInt32}, {afterCustomer:String}) ORDER BY month, customer LIMIT ${PAGE_REGIONS}`,
    params: { ...params, afterMonth: after.month, afterCustomer: after.customer },
  });
}
