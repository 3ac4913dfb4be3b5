/** What the pages about everybody's usage read: the buckets of all customers together, exact whatever happens to the rows. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Top } from '../../schemas/http/top.ts';
import type { Usage } from '../../schemas/http/usage.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
const TOTALS = new URL('../../schemas/clickhouse/0006_totals.sql', import.meta.url);
/** More than one granule of the table and of its buckets by customer, in each part. */
const ROWS = 40_000;
const CUSTOMERS = 2_000;
const MONTH = 'from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z';

beforeAll(async () => {
  api = await openTestApi();
  await insert('first', 0);
});
afterAll(() => api.close());
afterEach(() => vi.restoreAllMocks());

/** One row for each number: quantities of 0 to 39,999 and some more, over twenty hours, of customers and meters in turn. */
async function insert(name: string, offset: number): Promise<void> {
  await api.platform.clickhouse.command(`
    INSERT INTO tallyline.usage_events SETTINGS insert_deduplication_token = 'test:${name}', max_block_size = ${ROWS}
    SELECT concat('c', toString(1000 + number % ${CUSTOMERS})), concat('m', toString(intDiv(number, ${CUSTOMERS}) % 2)),
           toDateTime64('2026-10-01 00:00:00', 6, 'UTC') + toIntervalSecond(intDiv(number, ${CUSTOMERS}) * 3600 + 60),
           toDecimal128(number, 18) + toDecimal128('0.000000000000000001', 18), 1, 0, ${offset} + number, 0 FROM numbers(${ROWS})`);
}

/** Asks, and answers what ClickHouse reads for each query that this takes. */
async function readBy(path: string): Promise<string[]> {
  const spy = vi.spyOn(api.platform.clickhouse, 'query');
  expect((await api.get(path)).status).toBe(200);
  const queries = spy.mock.calls.map(([query]) => query);
  spy.mockRestore();
  const sources: string[] = [];
  for (const query of queries) {
    const plan = await api.platform.clickhouse.query<{ explain: string }>({ ...query, sql: `EXPLAIN ${query.sql}` });
    sources.push(...plan.flatMap(({ explain }) => /ReadFromMergeTree \((?<source>[^)]+)\)/.exec(explain)?.groups?.['source'] ?? []));
  }
  return sources;
}

async function usage(): Promise<Usage['total']> {
  return ((await api.get(`/v1/usage?${MONTH}&grain=month`)).body as Usage).total;
}

describe('buckets of all customers', () => {
  it.each([
    ['/v1/usage/extent', ['totals']],
    ['/v1/usage/meters', ['totals']],
    [`/v1/usage?${MONTH}&grain=day`, ['totals']],
    [`/v1/top?by=meter&${MONTH}`, ['totals']],
    // Who is largest; their bars; the bars of all.
    [`/v1/top?by=customer&meter=m1&${MONTH}`, ['slots', 'slots', 'totals']],
    [`/v1/top?by=customer&${MONTH}`, ['slots', 'slots', 'totals']],
  ])('%s reads %j', async (path, sources) => {
    expect(await readBy(path)).toEqual(sources);
  });

  it('have a month by hours and the month before in one query', async () => {
    expect(await readBy(`/v1/top?by=meter&grain=hour&${MONTH}`)).toEqual(['totals']);
  });

  it('agree with those of each customer when rows are deleted', async () => {
    const all = (await api.get(`/v1/top?by=customer&meter=m1&${MONTH}&limit=2`)).body as Top;
    // Of 2,000 to 3,999, 6,000 to 7,999 and so on.
    expect(all.total).toMatchObject({ count: CUSTOMERS, quantity: '419990000.00000000000002', events: ROWS / 2 });
    await api.platform.clickhouse.command(
      `ALTER TABLE tallyline.usage_events DELETE WHERE log_offset % 2000 < 500 SETTINGS mutations_sync = 2`,
    );
    const { items, others, total } = (await api.get(`/v1/top?by=customer&meter=m1&${MONTH}&limit=2`)).body as Top;
    expect(total).toMatchObject({ count: CUSTOMERS - 500, quantity: '318742500.000000000000015', events: (CUSTOMERS - 500) * 10 });
    expect([items.map(({ id }) => id), others.events]).toEqual([['c2999', 'c2998'], total.events - 20]);
    expect(await readBy(`/v1/usage?${MONTH}&grain=month`)).toEqual(['totals']);
  });
});

describe('a table from before there were such buckets', () => {
  it('tells the same before it has them, and after', async () => {
    const { clickhouse } = api.platform;
    await clickhouse.command('ALTER TABLE tallyline.usage_events DROP PROJECTION totals SETTINGS mutations_sync = 2');
    await insert('second', ROWS);
    const before = await usage();
    expect(await readBy(`/v1/usage?${MONTH}&grain=month`)).toEqual(['slots']);
    for (const statement of (await readFile(TOTALS, 'utf8')).split(/^-- statement$/m)) await clickhouse.command(statement);
    expect(await usage()).toEqual(before);
    expect(before.map(({ events }) => events)).toEqual([35_000, 35_000]);
    expect(await readBy(`/v1/usage?${MONTH}&grain=month`)).toEqual(['totals']);
  });
});
