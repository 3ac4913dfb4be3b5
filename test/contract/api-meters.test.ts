/** Meters of every aggregation on real stores: on invoices, and in usage. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEventUsage } from '../../api/usage/event-usage.ts';
import { monthPeriod } from '../../core/window.ts';
import { WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Meter } from '../../schemas/http/customers.ts';
import type { Usage } from '../../schemas/http/usage.ts';
import { openTestApi, type TestApi, type TestEvent } from '../support/api.ts';

let api: TestApi;
const AGGREGATIONS = ['sum', 'count', 'max', 'unique', 'latest'] as const;
const MANY = 11_000;

/** The same events for a meter of each aggregation. */
function events(customer: string, rows: readonly (readonly [time: string, quantity: string, user?: string])[]): TestEvent[] {
  return AGGREGATIONS.flatMap((meter) =>
    rows.map(([time, quantity, user]) => ({
      customer,
      meter,
      time: `2026-10-${time}Z`,
      quantity,
      ...(user === undefined ? {} : { properties: JSON.stringify({ user }) }),
    })),
  );
}

beforeAll(async () => {
  api = await openTestApi();
  await api.fill([
    // In Kathmandu (+05:45) the first two are of one hour, the third is of the next.
    ...events('acme', [
      ['01T00:20:00', '10', 'ann'],
      ['01T01:14:59.999999', '15', 'bob'],
      ['01T01:15:00', '12', 'ann'],
      ['01T05:00:00.000002', '3'],
      ['01T05:00:00.000001', '20', 'a name of more than twenty-two characters'],
      ['01T05:00:00.000002', '-4.5', 'a name of more than twenty-two characters'],
      ['14T18:15:00', '7', 'ann'],
    ]),
    ...events('other', [['02T00:00:00', '40', 'zoe']]),
    ...Array.from({ length: MANY }, (_, n) => ({
      customer: 'many',
      meter: 'unique',
      // Several at one moment, so that pages end between them.
      time: new Date(Date.UTC(2026, 9, 3) + Math.floor(n / 7) * 1000).toISOString(),
      quantity: '1',
      properties: JSON.stringify({ user: `user ${n % 5_000}` }),
    })),
  ]);
  for (const aggregation of AGGREGATIONS)
    await putMeter(aggregation, aggregation === 'unique' ? { aggregation, property: 'user' } : { aggregation });
  const prices = AGGREGATIONS.map((meter) => ({ meter, model: 'per_unit', unitPrice: '2' }));
  await api.send('PUT', '/v1/plans/all', { name: 'All', currency: 'USD', prices });
  await api.send('PUT', '/v1/plans/later', { name: 'Later', currency: 'USD', prices });
  await api.send('PUT', '/v1/customers/acme', { plan: 'all', timeZone: 'Asia/Kathmandu' });
});
afterAll(() => api.close());

async function putMeter(key: string, body: object): Promise<Meter> {
  const { status, body: answer, text } = await api.send('PUT', `/v1/meters/${key}`, body);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return answer as Meter;
}

async function preview(customer: string): Promise<Invoice> {
  const { status, body, text } = await api.send('POST', '/v1/invoices/preview', { customer, period: '2026-10' });
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as Invoice;
}

async function usage(query: string): Promise<Usage> {
  const { status, body, text } = await api.get(`/v1/usage?from=2026-09-30T18:15:00Z&to=2026-10-31T18:15:00Z&${query}`);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as Usage;
}

describe('a meter', () => {
  it('gets a name, a unit and an aggregation', async () => {
    const unique = { name: 'Users', unit: 'users', aggregation: 'unique', property: 'user' };
    expect(await putMeter('unique', unique)).toMatchObject({ key: 'unique', ...unique });
    expect((await api.get('/v1/meters/unique')).body).toMatchObject(unique);
    expect((await api.get('/v1/meters')).body).toMatchObject({
      items: [
        { key: 'count' },
        { key: 'latest' },
        { key: 'max', property: null },
        { key: 'sum', name: 'sum', unit: '' },
        { key: 'unique' },
      ],
      nextCursor: null,
    });
    expect(await putMeter('spare', {})).toMatchObject({ name: 'spare', unit: '', aggregation: 'sum', property: null });
    expect((await api.get('/v1/meters/nope')).status).toBe(404);
  });

  it.each([
    ['an aggregation that is none', { aggregation: 'median' }, 400, 'invalid_request', 'aggregation', 'invalid'],
    ['unique without a property', { aggregation: 'unique' }, 422, 'unprocessable', 'property', 'property_missing'],
    ['a property that is not asked for', { aggregation: 'max', property: 'user' }, 422, 'unprocessable', 'property', 'property_unused'],
    ['a property of a sum', { property: 'user' }, 422, 'unprocessable', 'property', 'property_unused'],
    ['a property without a name', { aggregation: 'unique', property: '' }, 400, 'invalid_request', 'property', 'invalid'],
  ])('is refused %s', async (_name, body, status, code, path, fault) => {
    const response = await api.send('PUT', '/v1/meters/refused', body);
    expect([response.status, response.body]).toMatchObject([status, { code, errors: [{ path }] }]);
    if (status === 422) expect(response.body).toMatchObject({ errors: [{ code: fault }] });
    expect((await api.get('/v1/meters/refused')).status).toBe(404);
  });
});

describe('an invoice', () => {
  it('has hours that say how much each changed the aggregate', async () => {
    const { lines } = await preview('acme');
    expect(lines.map(({ meter, quantity, amount, hours }) => [meter, quantity, amount, hours.map((hour) => hour.quantity)])).toEqual([
      ['sum', '62.5', '125.00', ['25', '12', '18.5', '7']],
      ['count', '7', '14.00', ['2', '1', '3', '1']],
      ['max', '20', '40.00', ['15', '0', '5', '0']],
      ['unique', '3', '6.00', ['2', '0', '1', '0']],
      // At one microsecond the later position counts: −4.5 after 3.
      ['latest', '7', '14.00', ['15', '-3', '-16.5', '11.5']],
    ]);
    for (const { hours } of lines) expect(hours.map(({ events }) => events)).toEqual([2, 1, 3, 1]);
  });

  it('begins every aggregate anew where the plan changes', async () => {
    const plans = [
      { plan: 'all', from: null },
      { plan: 'later', from: '2026-10-15' },
    ];
    await api.send('PUT', '/v1/customers/acme', { plans, timeZone: 'Asia/Kathmandu' });
    const { lines, segments } = await preview('acme');
    expect(segments.map(({ from }) => from)).toEqual(['2026-09-30T18:15:00Z', '2026-10-14T18:15:00Z']);
    expect(lines.map(({ meter, quantity }) => [meter, quantity])).toEqual([
      ['sum', '55.5'],
      ['count', '6'],
      ['max', '20'],
      ['unique', '3'],
      ['latest', '-4.5'],
      ['sum', '7'],
      ['count', '1'],
      ['max', '7'],
      ['unique', '1'],
      ['latest', '7'],
    ]);
    await api.send('PUT', '/v1/customers/acme', { plan: 'all', timeZone: 'Asia/Kathmandu' });
  });

  it('reads any number of events, page by page', async () => {
    expect((await preview('many')).lines).toMatchObject([{ meter: 'unique', quantity: '5000', pricing: 'unpriced' }]);
  });

  it('is refused where more values would have to be told apart than fit into memory', async () => {
    const read = (valuesMax: number) =>
      readEventUsage(api.platform.postgres, {
        scope: WHOLE_INSTALLATION,
        customer: 'acme',
        windows: [monthPeriod('2026-10', 'UTC')],
        restarts: new Set(),
        meters: [{ key: 'unique', aggregation: 'unique', property: 'user' }],
        below: { epoch: 2, nextOffsets: [] },
        valuesMax,
      });
    await expect(read(2)).rejects.toMatchObject({ code: 'unprocessable' });
    expect((await read(3)).get('unique')).toMatchObject({ total: 3n * 10n ** 18n });
  });

  it('follows a meter whose aggregation changes', async () => {
    await putMeter('sum', { aggregation: 'latest' });
    expect((await preview('acme')).lines[0]).toMatchObject({ meter: 'sum', quantity: '7' });
    await putMeter('sum', { aggregation: 'sum' });
    expect((await preview('acme')).lines[0]).toMatchObject({ meter: 'sum', quantity: '62.5' });
  });
});

describe('usage', () => {
  const figures = ({ buckets }: Usage, meter: string) => buckets.filter((one) => one.meter === meter).map(({ quantity }) => quantity);

  it('of one customer says what each bucket comes to by itself, and what all of it does', async () => {
    const answer = await usage('customer=acme&grain=hour');
    expect(AGGREGATIONS.map((meter) => [meter, ...figures(answer, meter)])).toEqual([
      ['sum', '25', '12', '18.5', '7'],
      ['count', '2', '1', '3', '1'],
      ['max', '15', '12', '20', '7'],
      ['unique', '2', '1', '1', '1'],
      ['latest', '15', '12', '-4.5', '7'],
    ]);
    expect(answer.total).toEqual([
      { meter: 'count', quantity: '7', events: 7 },
      { meter: 'latest', quantity: '7', events: 7 },
      { meter: 'max', quantity: '20', events: 7 },
      { meter: 'sum', quantity: '62.5', events: 7 },
      { meter: 'unique', quantity: '3', events: 7 },
    ]);
    expect(answer.meters).toEqual([
      { meter: 'count', aggregation: 'count', additive: true },
      { meter: 'latest', aggregation: 'latest', additive: false },
      { meter: 'max', aggregation: 'max', additive: false },
      { meter: 'sum', aggregation: 'sum', additive: true },
      { meter: 'unique', aggregation: 'unique', additive: false },
    ]);
    const days = await usage('customer=acme&grain=day');
    expect(AGGREGATIONS.map((meter) => [meter, ...figures(days, meter)])).toEqual([
      ['sum', '55.5', '7'],
      ['count', '6', '1'],
      ['max', '20', '7'],
      ['unique', '3', '1'],
      ['latest', '-4.5', '7'],
    ]);
    expect(days.total).toEqual(answer.total);
  });

  it('of all customers counts the events of what is told for one only, and says so', async () => {
    const answer = await usage('grain=month&timeZone=Asia/Kathmandu');
    expect(AGGREGATIONS.map((meter) => [meter, ...figures(answer, meter)])).toEqual([
      ['sum', '102.5'],
      ['count', '8'],
      ['max', '40'],
      ['unique', String(MANY + 8)],
      ['latest', '8'],
    ]);
    expect(answer.meters).toContainEqual({ meter: 'unique', aggregation: 'count', additive: true });
    expect(answer.meters).toContainEqual({ meter: 'max', aggregation: 'max', additive: false });
  });

  it('of one meter reads no other', async () => {
    const { total, meters } = await usage('customer=acme&meter=latest');
    expect([total, meters]).toEqual([
      [{ meter: 'latest', quantity: '7', events: 7 }],
      [{ meter: 'latest', aggregation: 'latest', additive: false }],
    ]);
  });

  it('is the same as CSV, with its aggregation', async () => {
    const { text } = await api.get('/v1/usage.csv?from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z&customer=acme&grain=day&timeZone=UTC');
    expect(
      text
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',').slice(2)),
    ).toEqual([
      ['count', '6', '6', 'count'],
      ['latest', '-4.5', '6', 'latest'],
      ['max', '20', '6', 'max'],
      ['sum', '55.5', '6', 'sum'],
      ['unique', '3', '6', 'unique'],
    ]);
  });
});

describe('events that ClickHouse does not have yet', () => {
  it('are in no aggregate, whichever store tells it', async () => {
    const { postgres, log } = api.platform;
    await postgres.query('INSERT INTO log_epochs (epoch, incarnation) VALUES (1, $1)', [await log.incarnation()]);
    // The last event of each meter of acme is not counted as read by rollups.
    const { rows } = await postgres.query<{ offset: string }>(
      `SELECT "offset"::text AS "offset" FROM usage_records WHERE customer = 'acme' AND meter = 'latest' ORDER BY "offset" DESC LIMIT 1`,
    );
    const nextOffset = Number(rows[0]?.offset);
    await postgres.query(`INSERT INTO consumer_offsets (consumer, epoch, partition, next_offset) VALUES ('rollups', 1, 0, $1)`, [
      nextOffset,
    ]);
    const lines = new Map((await preview('acme')).lines.map((line) => [line.meter, line]));
    expect(lines.get('latest')).toMatchObject({ quantity: '-4.5' });
    expect(lines.get('latest')?.hours).toHaveLength(3);
    expect((await usage('customer=acme&meter=latest&grain=day')).total).toEqual([{ meter: 'latest', quantity: '-4.5', events: 6 }]);
    await postgres.query('UPDATE consumer_offsets SET next_offset = $1', [nextOffset + 1]);
    expect((await usage('customer=acme&meter=latest&grain=day')).total).toEqual([{ meter: 'latest', quantity: '7', events: 7 }]);
    await postgres.query('DELETE FROM consumer_offsets');
    await postgres.query('DELETE FROM log_epochs');
  });
});
