/** Usage of many customers in one stream, from the real engine, put together to each one's own hours. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readUsageByCustomer, type BilledCustomer, type CustomerUsage } from '../../api/billing/bulk-usage.ts';
import { grainOf } from '../../api/queries/bulk-usage.ts';
import { hoursOf, monthPeriod } from '../../core/window.ts';
import { WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import { PAGE_ROWS_MAX, type ClickHouse, type ClickHouseQuery } from '../../platform/clickhouse/clickhouse.ts';
import { openTestClickHouse, type TestClickHouse } from '../support/clickhouse.ts';

let engine: TestClickHouse;
const { from } = monthPeriod('2026-10', 'UTC');
const hour = (n: number) => from + n * 3_600_000;
const METERS = 80;
const HOURS = 700;

beforeAll(async () => {
  engine = await openTestClickHouse();
  // Of "large" more than a page, two events in each hour; of the others one.
  await insert(
    'large',
    METERS * HOURS * 2,
    `concat('m', toString(10 + intDiv(number, ${2 * HOURS})))`,
    `intDiv(number % ${2 * HOURS}, 2) * 3600 + 60`,
  );
  for (const customer of ['after', 'kolkata', 'new-york']) await insert(customer, HOURS, `'calls'`, 'number * 3600 + 60');
});
afterAll(() => engine?.close());

async function insert(customer: string, rows: number, meter: string, seconds: string): Promise<void> {
  await engine.clickhouse.command(`
    INSERT INTO tallyline.usage_events SETTINGS insert_deduplication_token = 'test:${customer}'
    SELECT '${customer}', ${meter}, toDateTime64('2026-10-01 00:00:00', 6, 'UTC') + toIntervalSecond(${seconds}),
           toDecimal128('1.5', 18), 1, 0, number, 0 FROM numbers(${rows})`);
}

const customer = (id: string, timeZone = 'UTC'): BilledCustomer => ({ customer: id, timeZone, period: monthPeriod('2026-10', timeZone) });

async function collect(customers: BilledCustomer[], hoursMax = 1_000_000) {
  const queries: ClickHouseQuery[] = [];
  const clickhouse: ClickHouse = {
    ...engine.clickhouse,
    query: (query) => {
      queries.push(query);
      return engine.clickhouse.query(query);
    },
  };
  const found = new Map<string, CustomerUsage>();
  let rows = 0;
  for await (const usage of readUsageByCustomer(clickhouse, WHOLE_INSTALLATION, customers, {
    hoursMax,
    onRows: (read) => void (rows += read),
  }))
    found.set(usage.customer, usage);
  return { found, queries, rows };
}

describe('the grain of a query', () => {
  it.each([
    ['UTC', 60],
    ['Europe/Berlin', 60],
    ['Asia/Kolkata', 30],
    ['Asia/Kathmandu', 15],
    // The clock moves by half an hour there on 4 October.
    ['Australia/Lord_Howe', 30],
  ])('in %s is %d minutes', (zone, minutes) => {
    expect(grainOf(hoursOf(monthPeriod('2026-10', zone), zone))).toBe(minutes * 60_000);
  });
});

describe('usage of many customers', () => {
  it('goes on behind the last bucket of a full page, and misses and doubles none', async () => {
    const { found, queries, rows } = await collect([customer('after'), customer('large')]);
    expect([queries.length, rows]).toEqual([2, METERS * HOURS + HOURS]);
    expect(rows).toBeGreaterThan(PAGE_ROWS_MAX);
    expect(queries[1]?.params).toMatchObject({ customers: ['large'] });
    const large = found.get('large')?.usage ?? [];
    expect(large).toHaveLength(METERS);
    for (const { hours } of large) {
      expect(hours.map(({ start }) => start)).toEqual(Array.from({ length: HOURS }, (_, n) => hour(n)));
      expect(new Set(hours.map(({ quantity, events }) => `${Number(quantity)} ${events}`))).toEqual(new Set(['3 2']));
    }
    expect(found.get('after')?.usage[0]?.hours).toHaveLength(HOURS);
  });

  it('is asked for once per group of zones alike, and cut to each customer’s own period and hours', async () => {
    const { found, queries } = await collect([
      customer('after'),
      customer('kolkata', 'Asia/Kolkata'),
      customer('new-york', 'America/New_York'),
    ]);
    expect(queries.map(({ params }) => params?.['customers'])).toEqual([['after', 'new-york'], ['kolkata']]);
    const first = (id: string) => found.get(id)?.usage[0]?.hours[0];
    // 20:01 on 30 September in New York, whose October begins four hours later; 05:31 in India.
    expect(first('new-york')).toMatchObject({ start: hour(4), end: hour(5) });
    expect(found.get('new-york')?.usage[0]?.hours).toHaveLength(HOURS - 4);
    expect(first('kolkata')).toMatchObject({ start: hour(-0.5), end: hour(0.5) });
  });

  it('is read from the buckets, not from the events', async () => {
    const { queries } = await collect([customer('after'), customer('large')]);
    for (const { name, sql, params } of queries)
      await engine.clickhouse.query({
        name,
        sql: `${sql} SETTINGS force_optimize_projection = 1`,
        ...(params === undefined ? {} : { params }),
      });
  });

  it('of one customer beyond what an invoice can list is said to be too long, and the next one is not', async () => {
    const { found } = await collect([customer('after'), customer('large')], HOURS);
    expect([found.get('large'), found.get('after')]).toMatchObject([
      { isTooLong: true, usage: [] },
      { isTooLong: false, usage: [{ meter: 'calls' }] },
    ]);
  });
});
