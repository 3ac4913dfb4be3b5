/** Customers, meters, plans and invoice previews on real stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { Customer } from '../../schemas/http/customers.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
const ODD_ID = 'a/b "c" ä 😀 ?&=%2F';
const PERIOD = '2026-10';

beforeAll(async () => {
  api = await openTestApi();
  const hour = (n: number) => new Date(Date.UTC(2026, 9, 1) + n * 3_600_000).toISOString();
  await api.fill([
    ...Array.from({ length: 700 }, (_, n) => ({ customer: 'acme', meter: 'tokens', time: hour(n), quantity: '25799.97' })),
    { customer: 'acme', meter: '-seats', time: hour(5), quantity: '3' },
    { customer: ODD_ID, meter: 'tokens', time: hour(1), quantity: '2' },
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

describe('customers', () => {
  it('seen in usage are listed as unassigned, page by page', async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await api.get(`/v1/customers?limit=1${cursor === null ? '' : `&cursor=${cursor}`}`);
      const page = body as { items: Customer[]; nextCursor: string | null };
      expect(page.items).toMatchObject([{ status: 'unassigned', currency: 'USD', timeZone: 'UTC', plan: null, taxRate: '0' }]);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(ids).toEqual([ODD_ID, 'acme', 'kathmandu']);
  });

  it('can have any id', async () => {
    const url = `/v1/customers/${encodeURIComponent(ODD_ID)}`;
    expect((await api.send('PUT', url, { name: 'Odd', timeZone: 'Asia/Kathmandu', invoiceDetails: { VAT: 'X1' } })).body).toMatchObject({
      id: ODD_ID,
      name: 'Odd',
      timeZone: 'Asia/Kathmandu',
      invoiceDetails: { VAT: 'X1' },
      status: 'assigned',
    });
    expect((await api.get(url)).body).toMatchObject({ id: ODD_ID, name: 'Odd' });
    const longest = '\u{1F600}'.repeat(256);
    expect((await api.send('PUT', `/v1/customers/${encodeURIComponent(longest)}`, {})).body).toMatchObject({ id: longest, name: longest });
  });

  it.each([
    ['a currency that is none', { currency: 'ZZZ' }, 422, 'unknown_currency', 'currency'],
    ['a currency that cannot be billed in', { currency: 'XAU' }, 422, 'unknown_currency', 'currency'],
    ['a zone that is none', { timeZone: 'Europe/Atlantis' }, 422, 'unknown_time_zone', 'timeZone'],
    ['an offset for a zone', { timeZone: '+05:30' }, 422, 'unknown_time_zone', 'timeZone'],
    ['a plan that is none', { plan: 'nope' }, 422, 'unknown_plan', 'plan'],
    ['a tax rate as a number', { taxRate: 19 }, 400, 'invalid_request', 'taxRate'],
    ['a currency in lower case', { currency: 'usd' }, 400, 'invalid_request', 'currency'],
  ])('are refused for %s', async (_name, body, status, code, path) => {
    const response = await api.send('PUT', '/v1/customers/refused', body);
    expect([response.status, response.body]).toMatchObject([status, { code, errors: [{ path }] }]);
    expect((await api.get('/v1/customers/refused')).status).toBe(404);
  });
});

describe('meters', () => {
  it('get a name and a unit', async () => {
    expect((await api.get('/v1/meters')).body).toMatchObject({
      items: [{ key: '-seats' }, { key: 'tokens', name: 'tokens', unit: '', aggregation: 'sum' }],
      nextCursor: null,
    });
    expect((await api.send('PUT', '/v1/meters/tokens', { name: 'Tokens', unit: 'tok' })).body).toMatchObject({
      key: 'tokens',
      name: 'Tokens',
      unit: 'tok',
      aggregation: 'sum',
    });
    expect((await api.get('/v1/meters/tokens')).body).toMatchObject({ name: 'Tokens' });
  });

  it('are refused an aggregation that cannot be rated yet', async () => {
    expect((await api.send('PUT', '/v1/meters/tokens', { aggregation: 'max' })).body).toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'aggregation' }],
    });
  });
});

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
    expect(sum(column(lines, 'amount'))).toBe('7.22');
    expect(sum(column(hours, 'amount'))).toBe('7.22');
    expect(hours).toHaveLength(1 + 700 + 1);
    expect(column(lines, 'meter')).toEqual(['tokens', "'-seats"]);
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
      ['Tokens', 'volume', '18059979', '1444799.32'],
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
    expect(sum(hours.slice(1).map((row) => row.split(',')[place] ?? ''))).toBe('1444858.32');
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
