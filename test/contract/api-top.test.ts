/** `/v1/top` on a real ClickHouse: ranks, shares, bars and the period before. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { Top } from '../../schemas/http/top.ts';
import type { Usage } from '../../schemas/http/usage.ts';
import { openTestApi, type TestApi, type TestEvent } from '../support/api.ts';

let api: TestApi;
const event = (customer: string, meter: string, time: string, quantity: string, properties?: string): TestEvent => ({
  customer,
  meter,
  time,
  quantity,
  ...(properties === undefined ? {} : { properties }),
});

/** Seven customers; customer `c1` uses least, `c7` most. */
const CUSTOMERS = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'];

beforeAll(async () => {
  api = await openTestApi();
  await api.fill([
    ...CUSTOMERS.flatMap((customer, n) => [
      event(customer, 'tokens', '2026-09-30T10:00:00Z', `${10 * (n + 1)}`),
      event(customer, 'tokens', '2026-10-01T10:00:00Z', `${n + 1}.000000000000000001`),
      event(customer, 'tokens', '2026-10-01T11:59:59.999999Z', `${100 * (n + 1)}`),
    ]),
    event('c1', 'peak', '2026-10-01T10:00:00Z', '4'),
    event('c1', 'peak', '2026-10-01T11:00:00Z', '9'),
    event('c2', 'peak', '2026-10-01T11:00:00Z', '7'),
    event('c2', 'visitors', '2026-10-01T11:00:00Z', '1', '{"visitor":"a"}'),
  ]);
  await api.send('PUT', '/v1/meters/peak', { aggregation: 'max' });
  await api.send('PUT', '/v1/meters/visitors', { aggregation: 'unique', property: 'visitor' });
});
afterAll(() => api.close());

async function top(query: string): Promise<Top> {
  const { status, body, text } = await api.get(`/v1/top?${query}`);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as Top;
}

const DAY = 'from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z';
const total = (quantities: readonly (string | null)[]) => quantities.map((quantity) => quantity ?? 'none').reduce(addDecimals, '0');

describe('the largest customers', () => {
  it('come first, with the rest as others, and all of it adds up to /v1/usage', async () => {
    const answer = await top(`by=customer&meter=tokens&${DAY}&limit=5`);
    expect(answer.items.map(({ id, quantity, events }) => [id, quantity, events])).toEqual(
      [7, 6, 5, 4, 3].map((n) => [`c${n}`, `${101 * n}.000000000000000001`, 2]),
    );
    expect(answer.others).toMatchObject({ count: 2, quantity: '303.000000000000000002', events: 4 });
    const { body } = await api.get(`/v1/usage?${DAY}&meter=tokens&grain=hour`);
    const usage = body as Usage;
    expect(answer.total).toMatchObject({ count: 7, quantity: usage.total[0]?.quantity, events: 14 });
    expect(total([...answer.items.map(({ quantity }) => quantity), answer.others.quantity])).toBe(answer.total.quantity);
  });

  it('have bars that sum to their figures, one for each window', async () => {
    const { items, total: all, windows } = await top(`by=customer&meter=tokens&${DAY}&grain=hour`);
    expect(windows).toHaveLength(24);
    for (const { spark, sparkEvents, quantity, events } of [...items, all]) {
      expect(spark).toHaveLength(24);
      expect(total(spark)).toBe(quantity);
      expect(sparkEvents.reduce((sum, count) => sum + count, 0)).toBe(events);
    }
    expect(all.sparkEvents.map((count, hour) => [hour, count]).filter(([, count]) => count !== 0)).toEqual([
      [10, 7],
      [11, 7],
    ]);
  });

  it('have shares of the total, cut off after six digits', async () => {
    const { items, others } = await top(`by=customer&meter=tokens&${DAY}&limit=1`);
    expect([items[0]?.share, others.share]).toEqual(['0.249999', '0.75']);
  });

  it('stand against the period before', async () => {
    const answer = await top(`by=customer&meter=tokens&${DAY}`);
    expect(answer.previous).toEqual({ from: '2026-09-30T00:00:00Z', to: '2026-10-01T00:00:00Z', comparedTo: '2026-10-01T00:00:00Z' });
    expect(answer.items[0]).toMatchObject({ id: 'c7', previous: '70', previousEvents: 1 });
    expect(answer.others).toMatchObject({ previous: '30', previousEvents: 2 });
    expect(answer.total).toMatchObject({ previous: '280', previousEvents: 7 });
    expect(total(answer.total.previousSpark)).toBe('280');
    expect(answer.total.previousSpark[10]).toBe('280');
  });

  it('are compared only as far as the range has come', async () => {
    const from = new Date(Date.now() - 3_600_000).toISOString();
    const to = new Date(Date.now() + 3_600_000).toISOString();
    const { previous } = await top(`by=customer&meter=tokens&from=${from}&to=${to}`);
    expect(Date.parse(previous.comparedTo) - Date.parse(previous.from)).toBeLessThanOrEqual(3_600_000 + 900_000);
    expect(Date.parse(previous.to)).toBe(Date.parse(from));
  });

  it('are one where one is named, against its own period before; its meters are its own too', async () => {
    const answer = await top(`by=customer&meter=tokens&${DAY}&customer=c3`);
    expect(answer.items.map(({ id, quantity, previous }) => [id, quantity, previous])).toEqual([['c3', '303.000000000000000001', '30']]);
    expect(answer.others).toMatchObject({ count: 0, quantity: '0', events: 0 });
    expect(answer.total).toMatchObject({ count: 1, quantity: '303.000000000000000001', events: 2, previous: '30' });
    const meters = await top(`by=meter&${DAY}&customer=c1`);
    expect(meters.items.map(({ id, quantity, events }) => [id, quantity, events])).toEqual([
      ['peak', '9', 2],
      ['tokens', '101.000000000000000001', 2],
    ]);
    expect(meters.total).toMatchObject({ count: 2, events: 4, previousEvents: 1 });
    const { body } = await api.get(`/v1/usage?${DAY}&meter=tokens&customer=c3`);
    expect((body as Usage).total[0]?.quantity).toBe(answer.total.quantity);
    expect((await top(`by=customer&${DAY}&customer=nobody`)).total).toMatchObject({ count: 0, events: 0, quantity: '0' });
  });

  it('are told apart by events where no meter is named', async () => {
    const answer = await top(`by=customer&${DAY}`);
    expect(answer).toMatchObject({ aggregation: 'count', additive: true });
    expect(answer.items.slice(0, 2).map(({ id, quantity }) => [id, quantity])).toEqual([
      ['c1', '4'],
      ['c2', '4'],
    ]);
    expect(answer.total).toMatchObject({ quantity: '18', events: 18 });
  });

  it('are not summed where the meter is a maximum, and have no share then', async () => {
    const answer = await top(`by=customer&meter=peak&${DAY}&limit=1`);
    expect(answer).toMatchObject({ aggregation: 'max', additive: false });
    expect(answer.items[0]).toMatchObject({ id: 'c1', quantity: '9', share: null });
    expect(answer.others).toMatchObject({ count: 1, quantity: '7', share: null, previous: null });
    expect(answer.total.quantity).toBe('9');
  });

  it('say that events are counted where only the events could tell', async () => {
    expect(await top(`by=customer&meter=visitors&${DAY}`)).toMatchObject({ aggregation: 'count', items: [{ id: 'c2', quantity: '1' }] });
  });

  it('are none where nothing was used', async () => {
    const answer = await top('by=customer&meter=tokens&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z');
    expect(answer).toMatchObject({ items: [], others: { count: 0, quantity: '0' }, total: { count: 0, quantity: '0', events: 0 } });
  });
});

describe('the meters', () => {
  it('come by their number of events, each put together in its own way', async () => {
    const answer = await top(`by=meter&${DAY}&grain=month`);
    expect(answer.items.map(({ id, quantity, events, aggregation }) => [id, quantity, events, aggregation])).toEqual([
      ['tokens', '2828.000000000000000007', 14, 'sum'],
      ['peak', '9', 3, 'max'],
      ['visitors', '1', 1, 'count'],
    ]);
    expect(answer.items.every(({ share }) => share === null)).toBe(true);
    expect(answer.total).toMatchObject({ quantity: '18', events: 18, previousEvents: 7 });
  });
});

describe('what is refused', () => {
  it.each([
    ['by=planet', 400, 'invalid_request'],
    ['by=meter&limit=51', 400, 'invalid_request'],
    ['by=meter&timeZone=Mars/Base', 422, 'unknown_time_zone'],
  ])('%s', async (query, refused, code) => {
    const { status, body } = await api.get(`/v1/top?${DAY}&${query}`);
    expect([status, (body as { code: string }).code]).toEqual([refused, code]);
  });
});
