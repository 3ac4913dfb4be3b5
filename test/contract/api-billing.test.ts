/** Plans and invoice previews on real stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Plan } from '../../schemas/http/plans.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
const PERIOD = '2026-10';

beforeAll(async () => {
  api = await openTestApi();
  const hour = (n: number) => new Date(Date.UTC(2026, 9, 1) + n * 3_600_000).toISOString();
  await api.fill([
    ...Array.from({ length: 700 }, (_, n) => ({ customer: 'acme', meter: 'tokens', time: hour(n), quantity: '25799.97' })),
    { customer: 'acme', meter: '-seats', time: hour(5), quantity: '3' },
    // In Kathmandu this is November already.
    { customer: 'kathmandu', meter: 'tokens', time: '2026-10-31T18:20:00Z', quantity: '5' },
    { customer: 'kathmandu', meter: 'tokens', time: '2026-09-30T18:15:00Z', quantity: '7' },
  ]);
});
afterAll(() => api.close());

async function preview(body: object): Promise<Invoice> {
  const response = await api.send('POST', '/v1/invoices/preview', body);
  expect([response.status, response.status === 200 ? '' : response.text]).toEqual([200, '']);
  return response.body as Invoice;
}

const sum = (amounts: readonly string[]) => amounts.reduce(addDecimals, '0');

const plan = (currency: string, unitPrice = '0.0000004') => ({
  name: 'Basic',
  currency,
  prices: [{ meter: 'tokens', model: 'per_unit', unitPrice }],
});

describe('plans', () => {
  it('are kept, listed and dropped', async () => {
    const put = await api.send('PUT', '/v1/plans/short-lived', plan('EUR'));
    expect([put.status, put.body]).toMatchObject([200, { id: 'short-lived', currency: 'EUR', prices: [{ unitPrice: '0.0000004' }] }]);
    expect((await api.get('/v1/plans')).body).toMatchObject({ items: [{ id: 'short-lived' }], nextCursor: null });
    expect((await api.send('DELETE', '/v1/plans/short-lived')).status).toBe(204);
    expect((await api.get('/v1/plans/short-lived')).status).toBe(404);
    expect((await api.send('DELETE', '/v1/plans/short-lived')).status).toBe(404);
  });

  it('name the path of each fault', async () => {
    const tiers = [
      { upTo: '1000', unitPrice: '0.1' },
      { upTo: '500', unitPrice: '0.1' },
    ];
    const broken = {
      name: 'Broken',
      currency: 'ZZZ',
      prices: [
        { meter: 'a', model: 'graduated', tiers },
        { meter: 'a', model: 'per_unit', unitPrice: '1' },
      ],
    };
    const { status, body } = await api.send('PUT', '/v1/plans/broken', broken);
    expect(status).toBe(422);
    expect((body as { code: string }).code).toBe('invalid_plan');
    expect((body as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['currency', 'prices/0/tiers/1/upTo', 'prices/1/meter']),
    );
  });

  it('stay while a customer is on them, in the currency of that customer', async () => {
    await api.send('PUT', '/v1/plans/kept', plan('EUR'));
    expect((await api.send('PUT', '/v1/customers/kept', { plan: 'kept', currency: 'USD' })).body).toMatchObject({
      code: 'currency_mismatch',
    });
    expect((await api.send('PUT', '/v1/customers/kept', { plan: 'kept', currency: 'EUR' })).status).toBe(200);
    expect((await api.send('DELETE', '/v1/plans/kept')).body).toMatchObject({ code: 'conflict', status: 409 });
    expect((await api.send('PUT', '/v1/plans/kept', plan('USD'))).body).toMatchObject({ code: 'currency_mismatch' });
    expect((await api.send('PUT', '/v1/plans/kept', plan('EUR', '2'))).status).toBe(200);
  });

  it('have a version for each change, which stays when they are dropped', async () => {
    const put = async (unitPrice: string) => ((await api.send('PUT', '/v1/plans/versioned', plan('EUR', unitPrice))).body as Plan).version;
    expect([await put('1'), await put('2'), await put('2'), await put('1')]).toEqual([1, 2, 2, 3]);
    expect(await Promise.all(['7', '8', '9'].map((price) => put(price)))).toEqual(expect.arrayContaining([4, 5, 6]));
    expect((await api.send('DELETE', '/v1/plans/versioned')).status).toBe(204);
    expect(await put('3')).toBe(7);
    const newest = (await api.get('/v1/plans/versioned/versions?limit=2')).body as { items: Plan[]; nextCursor: string };
    expect(newest.items).toMatchObject([
      { id: 'versioned', version: 7, prices: [{ unitPrice: '3' }] },
      { version: 6, prices: [{ model: 'per_unit' }] },
    ]);
    const rest = (await api.get(`/v1/plans/versioned/versions?cursor=${newest.nextCursor}`)).body as { items: Plan[]; nextCursor: null };
    expect(rest.items.map(({ version }) => version)).toEqual([5, 4, 3, 2, 1]);
    expect(rest.nextCursor).toBeNull();
    expect((await api.get('/v1/plans/nope/versions')).status).toBe(404);
    expect((await api.get('/v1/plans/versioned/versions?cursor=x')).body).toMatchObject({ code: 'invalid_request' });
  });

  it('that are new are kept once when two put them at a time', async () => {
    const puts = await Promise.all(['1', '2'].map((price) => api.send('PUT', '/v1/plans/raced', plan('EUR', price))));
    expect(puts.map(({ status, body }) => [status, (body as Plan).version]).sort()).toEqual([
      [200, 1],
      [200, 2],
    ]);
  });
});

describe('a preview', () => {
  it('has unpriced lines while there is no plan', async () => {
    const invoice = await preview({ customer: 'acme', period: PERIOD });
    expect(invoice).toMatchObject({ status: 'preview', plan: null, currency: 'USD', subtotal: '0.00', total: '0.00' });
    expect(invoice.lines.map(({ meter, pricing, amount }) => [meter, pricing, amount])).toEqual([
      ['-seats', 'unpriced', '0.00'],
      ['tokens', 'unpriced', '0.00'],
    ]);
  });

  it('has hours that add up to the line, lines to the total', async () => {
    await api.send('PUT', '/v1/plans/basic', plan('USD'));
    await api.send('PUT', '/v1/customers/acme', { plan: 'basic', taxRate: '19' });
    const invoice = await preview({ customer: 'acme', period: PERIOD });
    const [tokens, seats] = invoice.lines;
    expect(tokens).toMatchObject({
      n: 1,
      meter: 'tokens',
      quantity: '18059979',
      exactAmount: '7.2239916',
      amount: '7.22',
      pricing: 'per_unit',
    });
    expect(tokens?.hours).toHaveLength(700);
    expect(sum(tokens?.hours.map(({ amount }) => amount) ?? [])).toBe('7.22');
    expect(sum(tokens?.hours.map(({ quantity }) => quantity) ?? [])).toBe('18059979');
    expect(seats).toMatchObject({ n: 2, pricing: 'unpriced', amount: '0.00' });
    expect([invoice.subtotal, invoice.tax, invoice.total]).toEqual([
      '7.22',
      [{ name: 'Tax', rate: '19', base: '7.22', amount: '1.37' }],
      '8.59',
    ]);
  });

  it("takes the month of the customer's zone", async () => {
    await api.send('PUT', '/v1/customers/kathmandu', { timeZone: 'Asia/Kathmandu' });
    const october = await preview({ customer: 'kathmandu', period: PERIOD });
    expect(october.period).toEqual({ from: '2026-09-30T18:15:00Z', to: '2026-10-31T18:15:00Z', timeZone: 'Asia/Kathmandu' });
    expect(october.lines).toMatchObject([{ quantity: '7' }]);
    expect((await preview({ customer: 'kathmandu', from: '2026-10-31T18:15:00Z', to: '2026-11-30T18:15:00Z' })).lines).toMatchObject([
      { quantity: '5' },
    ]);
  });

  it('has the same total as CSV in all three shapes, and only text is guarded', async () => {
    const csv = async (shape: string) =>
      (await api.get(`/v1/invoices/preview.csv?customer=acme&period=${PERIOD}&shape=${shape}`)).text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(','));
    const column = (rows: string[][], name: string) => rows.slice(1).map((row) => row[rows[0]?.indexOf(name) ?? -1] ?? '');
    const [invoices, lines, hours] = [await csv('invoices'), await csv('lines'), await csv('hours')];
    expect([column(invoices, 'subtotal'), column(invoices, 'tax'), column(invoices, 'total')]).toEqual([['7.22'], ['1.37'], ['8.59']]);
    expect(sum(column(lines, 'amount'))).toBe('8.59');
    expect(sum(column(hours, 'amount'))).toBe('8.59');
    // The hours of both meters, and the tax, which has none.
    expect(hours).toHaveLength(1 + 700 + 1 + 1);
    expect(column(lines, 'meter')).toEqual(['tokens', "'-seats", '']);
  });

  it('bills every price model, discounts and a minimum', async () => {
    const tiers = [
      { upTo: '1000', unitPrice: '0.10' },
      { upTo: null, unitPrice: '0.08', flatFee: '1' },
    ];
    const all = {
      name: 'All',
      currency: 'USD',
      prices: [
        { model: 'flat', description: 'Base fee', amount: '49' },
        { meter: 'tokens', model: 'volume', tiers },
        { meter: '-seats', model: 'package', size: '2', unitPrice: '5' },
      ],
      minimum: '2000000',
      discounts: [{ percent: '50', meter: '-seats' }, { amount: '44' }],
    };
    const put = await api.send('PUT', '/v1/plans/all', all);
    expect([put.status, put.body]).toMatchObject([200, all]);
    expect((await api.get('/v1/plans/all')).body).toMatchObject(all);
    await api.send('PUT', '/v1/customers/acme', { plan: 'all' });
    const invoice = await preview({ customer: 'acme', period: PERIOD });
    expect(invoice.lines.map(({ description, pricing, quantity, amount }) => [description, pricing, quantity, amount])).toEqual([
      ['Base fee', 'flat', '1', '49.00'],
      ['tokens', 'volume', '18059979', '1444799.32'],
      ['-seats', 'package', '3', '10.00'],
    ]);
    expect(invoice.lines[1]?.hours[0]).toMatchObject({ quantity: '25799.97', amount: '2065.00' });
    expect(invoice.lines[2]?.tiers).toMatchObject([{ packageSize: '2', packages: '2', unitPrice: '5' }]);
    expect(invoice).toMatchObject({
      subtotal: '1444858.32',
      discounts: [
        { meter: '-seats', percent: '50', base: '10.00', amount: '-5.00' },
        { meter: null, offered: '44', base: '1444853.32', amount: '-44.00' },
      ],
      minimums: [{ minimum: '2000000.00', base: '1444809.32', amount: '555190.68' }],
      total: '2000000.00',
    });
    const hours = (await api.get(`/v1/invoices/preview.csv?customer=acme&period=${PERIOD}&shape=hours`)).text.trimEnd().split('\n');
    const place = hours[0]?.split(',').indexOf('amount') ?? -1;
    expect(sum(hours.slice(1).map((row) => row.split(',')[place] ?? ''))).toBe('2000000');
  });

  it.each([
    ['a plan that discounts a meter it has no price for', { discounts: [{ percent: '1', meter: 'x' }] }, 'discounts/0/meter'],
    ['a discount of more than all', { discounts: [{ percent: '100.1' }] }, 'discounts/0/percent'],
    ['a package of nothing', { prices: [{ meter: 'x', model: 'package', size: '0', unitPrice: '1' }] }, 'prices/0/size'],
  ])('refuses %s', async (_name, terms, path) => {
    const { status, body } = await api.send('PUT', '/v1/plans/refused', { ...plan('USD'), ...terms });
    expect([status, body]).toMatchObject([422, { code: 'invalid_plan', errors: [{ path }] }]);
  });

  it.each([
    ['a customer nobody has heard of', { customer: 'nobody', period: PERIOD }, 404, 'not_found'],
    [
      'period and range at once',
      { customer: 'acme', period: PERIOD, from: '2026-10-01T00:00:00Z', to: '2026-10-02T00:00:00Z' },
      400,
      'invalid_request',
    ],
    ['half a range', { customer: 'acme', from: '2026-10-01T00:00:00Z' }, 400, 'invalid_request'],
    ['a month that is none', { customer: 'acme', period: '2026-13' }, 400, 'invalid_request'],
    ['two years', { customer: 'acme', from: '2025-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' }, 422, 'invalid_range'],
  ])('is refused for %s', async (_name, body, status, code) => {
    const response = await api.send('POST', '/v1/invoices/preview', body);
    expect([response.status, (response.body as { code: string }).code]).toEqual([status, code]);
  });

  it('covers the current month when no period is given', async () => {
    const { period } = await preview({ customer: 'acme' });
    expect(Date.parse(period.from)).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(period.to)).toBeGreaterThan(Date.now());
  });
});
