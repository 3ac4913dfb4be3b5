/** `/v1/usage` on a real ClickHouse: zones, exactness, pages. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hoursOf } from '../../core/window.ts';
import { readUsage, type WindowUsage } from '../../api/queries/usage.ts';
import { WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import type { Usage } from '../../schemas/http/usage.ts';
import { openTestApi, type TestApi, type TestEvent } from '../support/api.ts';

let api: TestApi;
const event = (customer: string, meter: string, time: string, quantity: string): TestEvent => ({ customer, meter, time, quantity });

/** One event each 15 minutes, of quantity 1. */
function quarterly(customer: string, from: string, to: string): TestEvent[] {
  const events: TestEvent[] = [];
  for (let time = Date.parse(from); time < Date.parse(to); time += 900_000)
    events.push(event(customer, 'ticks', new Date(time).toISOString(), '1'));
  return events;
}

beforeAll(async () => {
  api = await openTestApi();
  expect((await api.get('/v1/usage/extent')).body).toBeNull();
  await api.fill([
    event('acme', 'tokens', '2026-10-01T00:10:00.000001Z', '0.000000000000000001'),
    event('acme', 'tokens', '2026-10-01T00:50:00Z', '99999999999999999999.999999999999999999'),
    event('acme', 'tokens', '2026-10-01T01:00:00Z', '99999999999999999999'),
    event('acme', 'calls', '2026-10-01T18:20:00Z', '-2.50'),
    event('=cmd', 'tokens', '2026-10-31T23:59:59.999999Z', '7'),
    ...quarterly('berlin', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'),
    ...quarterly('howe', '2026-04-03T13:00:00Z', '2026-04-05T13:30:00Z'),
  ]);
});
afterAll(() => api.close());

async function usage(query: string): Promise<Usage> {
  const { status, body, text } = await api.get(`/v1/usage?${query}`);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as Usage;
}

const OCTOBER = 'from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z';

describe('usage', () => {
  it('is added up exactly, to the last of 38 digits and beyond', async () => {
    const { buckets, total, timeZone } = await usage(`${OCTOBER}&customer=acme&grain=month`);
    expect(timeZone).toBe('UTC');
    expect(buckets).toEqual([
      { start: '2026-10-01T00:00:00Z', end: '2026-11-01T00:00:00Z', meter: 'calls', quantity: '-2.5', events: 1 },
      { start: '2026-10-01T00:00:00Z', end: '2026-11-01T00:00:00Z', meter: 'tokens', quantity: '199999999999999999999', events: 3 },
    ]);
    expect(total).toEqual([
      { meter: 'calls', quantity: '-2.5', events: 1 },
      { meter: 'tokens', quantity: '199999999999999999999', events: 3 },
    ]);
  });

  it('falls into the hours of the zone asked for', async () => {
    const inUtc = await usage(`${OCTOBER}&customer=acme&meter=tokens`);
    expect(inUtc.buckets.map(({ start, events }) => [start, events])).toEqual([
      ['2026-10-01T00:00:00Z', 2],
      ['2026-10-01T01:00:00Z', 1],
    ]);
    const inKathmandu = await usage(`${OCTOBER}&customer=acme&meter=tokens&timeZone=Asia/Kathmandu`);
    expect(inKathmandu.buckets.map(({ start, end, events }) => [start, end, events])).toEqual([
      ['2026-10-01T00:00:00Z', '2026-10-01T00:15:00Z', 1],
      ['2026-10-01T00:15:00Z', '2026-10-01T01:15:00Z', 2],
    ]);
  });

  it('falls into the days of the zone: 18:20 UTC is the next day in Kathmandu', async () => {
    const { buckets } = await usage('from=2026-09-30T18:15:00Z&to=2026-10-02T18:15:00Z&meter=calls&grain=day&timeZone=Asia/Kathmandu');
    expect(buckets).toMatchObject([{ start: '2026-10-01T18:15:00Z', end: '2026-10-02T18:15:00Z', quantity: '-2.5' }]);
  });

  it('has a day of 25 hours in Berlin in October, and no hour in two days', async () => {
    const range = 'customer=berlin&timeZone=Europe/Berlin&from=2026-10-24T22:00:00Z&to=2026-10-25T23:00:00Z';
    const days = await usage(`${range}&grain=day`);
    expect(days.buckets).toMatchObject([{ start: '2026-10-24T22:00:00Z', end: '2026-10-25T23:00:00Z', quantity: '100', events: 100 }]);
    const hours = await usage(`${range}&grain=hour`);
    expect(hours.buckets.map((bucket) => bucket.quantity)).toEqual(Array.from({ length: 25 }, () => '4'));
  });

  it('agrees with the windows of invoices where the clock moves by half an hour', async () => {
    const [from, to] = ['2026-04-03T13:00:00Z', '2026-04-05T13:30:00Z'];
    const { buckets } = await usage(`customer=howe&timeZone=Australia/Lord_Howe&from=${from}&to=${to}&grain=hour`);
    const windows = hoursOf({ from: Date.parse(from), to: Date.parse(to) }, 'Australia/Lord_Howe');
    expect(buckets.map(({ start, end, events }) => [Date.parse(start), Date.parse(end), events])).toEqual(
      windows.map((window) => [window.from, window.to, (window.to - window.from) / 900_000]),
    );
    expect(windows.some((window) => window.to - window.from === 1_800_000)).toBe(true);
  });

  it('uses the zone of the customer where none is given', async () => {
    expect((await api.send('PUT', '/v1/customers/howe', { timeZone: 'Australia/Lord_Howe' })).status).toBe(200);
    expect((await usage(`${OCTOBER}&customer=howe`)).timeZone).toBe('Australia/Lord_Howe');
    expect((await usage(OCTOBER)).timeZone).toBe('UTC');
  });

  it('can be grouped by customer', async () => {
    const { buckets } = await usage(`${OCTOBER}&grain=month&groupBy=customer,meter`);
    expect(buckets.map(({ customer, meter, events }) => [customer, meter, events])).toEqual([
      ['=cmd', 'tokens', 1],
      ['acme', 'calls', 1],
      ['acme', 'tokens', 3],
      ['berlin', 'ticks', 100],
    ]);
  });

  it('is exact where the range cuts a quarter of an hour', async () => {
    const { total } = await usage('from=2026-10-01T00:10:00.001Z&to=2026-10-01T00:50:00.001Z&customer=acme');
    expect(total).toEqual([{ meter: 'tokens', quantity: '99999999999999999999.999999999999999999', events: 1 }]);
    const before = await usage('from=2026-10-01T00:09:59Z&to=2026-10-01T00:10:00.001Z&customer=acme');
    expect(before.total).toEqual([{ meter: 'tokens', quantity: '0.000000000000000001', events: 1 }]);
  });

  it('has months that equal the sum of their hours, in any zone', async () => {
    for (const zone of ['UTC', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Europe/Berlin', 'America/St_Johns']) {
      const range = `from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&timeZone=${zone}`;
      const [hours, days, months] = await Promise.all(['hour', 'day', 'month'].map((grain) => usage(`${range}&grain=${grain}`)));
      expect(months?.total).toEqual(hours?.total);
      expect(days?.total).toEqual(hours?.total);
    }
  });

  it('says when the first and the last of it was', async () => {
    expect((await api.get('/v1/usage/extent')).body).toEqual({ from: '2026-04-03T13:00:00Z', to: '2026-11-01T00:00:00Z' });
  });

  it.each([
    ['an empty range', 'from=2026-10-01T00:00:00Z&to=2026-10-01T00:00:00Z', 422, 'invalid_range'],
    ['a range of too many hours', 'from=2000-01-01T00:00:00Z&to=2026-10-01T00:00:00Z', 422, 'invalid_range'],
    ['years that are not kept', 'from=0001-01-01T00:00:00Z&to=9999-01-01T00:00:00Z&grain=month', 422, 'invalid_range'],
    ['an unknown zone', `${OCTOBER}&timeZone=Mars/Olympus`, 422, 'unknown_time_zone'],
    ['an abbreviation for a zone', `${OCTOBER}&timeZone=IST`, 422, 'unknown_time_zone'],
    ['no range', '', 400, 'invalid_request'],
    ['a date that does not exist', 'from=2026-02-30T00:00:00Z&to=2026-10-01T00:00:00Z', 400, 'invalid_request'],
  ])('is refused for %s', async (_name, query, status, code) => {
    const response = await api.get(`/v1/usage?${query}`);
    expect([response.status, (response.body as { code: string }).code]).toEqual([status, code]);
  });

  it('passes whatever a customer is called as a value, never as SQL', async () => {
    const { total } = await usage(`${OCTOBER}&customer=${encodeURIComponent("x' OR '1'='1\\")}`);
    expect(total).toEqual([]);
  });
});

describe('usage.csv', () => {
  it('has the total of the JSON and is safe to open in a spreadsheet', async () => {
    const { text } = await api.get(`/v1/usage.csv?${OCTOBER}&grain=month&groupBy=customer`);
    expect(text.split('\n').slice(0, 4)).toEqual([
      'start,end,customer,meter,quantity,events,aggregation',
      "2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,'=cmd,tokens,7,1,sum",
      '2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,acme,calls,-2.5,1,sum',
      '2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,acme,tokens,199999999999999999999,3,sum',
    ]);
  });
});

describe('more rows than a page', () => {
  it('come each once and in order', async () => {
    const [customers, hours, start] = [5_200, 24, Date.UTC(2025, 0, 1)];
    const rows: string[] = [];
    for (let hour = 0; hour < hours; hour++) {
      const time = new Date(start + hour * 3_600_000).toISOString();
      for (let n = 0; n < customers; n++) rows.push(`c${String(n).padStart(5, '0')}\tm\t${time}\t1\t2\t0\t${hour * customers + n}\t0\n`);
    }
    await api.platform.clickhouse.insert({
      table: 'tallyline.usage_events',
      columns: ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'],
      tsv: rows.join(''),
      rows: rows.length,
      token: 'pages',
    });
    const windows = hoursOf({ from: start, to: start + hours * 3_600_000 }, 'UTC');
    const seen: WindowUsage[] = [];
    for await (const page of readUsage(api.platform.clickhouse, { scope: WHOLE_INSTALLATION, windows, byCustomer: true }))
      seen.push(...page);
    expect(seen).toHaveLength(customers * hours);
    const names = seen.map(({ window, customer }) => `${window.from} ${customer}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual([...names].sort());
    const json = await api.get('/v1/usage?from=2025-01-01T00:00:00Z&to=2025-01-02T00:00:00Z&groupBy=customer');
    expect([json.status, json.body]).toMatchObject([422, { code: 'invalid_range', detail: expect.stringContaining('usage.csv') }]);
    const csv = await api.get('/v1/usage.csv?from=2025-01-01T00:00:00Z&to=2025-01-02T00:00:00Z&groupBy=customer');
    expect(csv.text.trimEnd().split('\n')).toHaveLength(customers * hours + 1);
  });
});
