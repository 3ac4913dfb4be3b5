/** What plans, meters and customers tell before they are changed, on real stores: examples, effects, who is affected. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { CustomerList, MeterUse } from '../../schemas/http/customers.ts';
import type { ListedPlan, PlanEffect, PlanPreview } from '../../schemas/http/plans.ts';
import type { MeterExtents } from '../../schemas/http/usage.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';

let billing: TestBilling;
const calls = (unitPrice: string) => ({ meter: 'calls', model: 'per_unit', unitPrice });
const basic = (unitPrice: string, more: object = {}) => ({ name: 'Basic', currency: 'USD', prices: [calls(unitPrice)], ...more });
const post = (url: string, body: object) => billing.call('POST', url, body);
const get = async <Body>(url: string) => await billing.ok<Body>('GET', url);

beforeAll(async () => {
  billing = await openTestBilling();
  await billing.use([
    { customer: 'acme', meter: 'calls', time: '2026-10-03T10:07:00Z', quantity: '100' },
    { customer: 'beta', meter: 'calls', time: '2026-10-04T10:00:00Z', quantity: '7' },
    { customer: 'beta', meter: 'storage', time: '2026-10-05T23:59:00Z', quantity: '5' },
    { customer: 'Zoë/50%', meter: 'storage', time: '2026-10-01T00:00:00Z', quantity: '1' },
  ]);
  await billing.ok('PUT', '/v1/plans/basic', basic('0.10'));
  await billing.ok('PUT', '/v1/plans/other', { name: 'Other', currency: 'EUR', prices: [] });
  await billing.ok('PUT', '/v1/customers/acme', { name: 'Acme AI', plan: 'basic' });
  await billing.ok('PUT', '/v1/customers/beta', { plans: [{ plan: 'basic', from: '2026-10-01' }] });
  await billing.run('2026-10');
});
afterAll(() => billing.close());

describe('the preview of a plan', () => {
  const preview = async (plan: object, quantities: object[]) => {
    return await billing.ok<PlanPreview>('POST', '/v1/plans/preview', { plan, quantities });
  };
  const used = (quantity: string, meter = 'calls') => ({ meter, quantity });
  const tiers = (second: object) => [
    { upTo: '1000', unitPrice: '0.10' },
    { upTo: null, ...second },
  ];

  it.each([
    ['per unit, a tiny price', calls('0.0000004'), '18059974', '7.2239896', '7.22'],
    ['included units', { ...calls('0.02'), included: '1000' }, '1250', '5', '5.00'],
    ['graduated', { meter: 'calls', model: 'graduated', tiers: tiers({ unitPrice: '0.08', flatFee: '5' }) }, '1250', '125', '125.00'],
    ['volume', { meter: 'calls', model: 'volume', tiers: tiers({ unitPrice: '0.08' }) }, '1250', '100', '100.00'],
    ['packages', { meter: 'calls', model: 'package', size: '1000', unitPrice: '5' }, '1001', '10', '10.00'],
  ])('rates %s, with steps that add up to the exact amount', async (_name, price, quantity, exact, amount) => {
    const { lines, total } = await preview({ name: 'New', currency: 'USD', prices: [price] }, [used(quantity)]);
    expect(lines).toMatchObject([{ meter: 'calls', quantity, exactAmount: exact, amount }]);
    expect(lines.flatMap(({ formula }) => formula.map((step) => step.exact)).reduce(addDecimals, '0')).toBe(exact);
    expect(total).toBe(amount);
  });

  it('has fees and the minimum in full, discounts, and usage without a price', async () => {
    const plan = basic('0.10', {
      prices: [{ model: 'flat', amount: '49' }, calls('0.10')],
      discounts: [{ percent: '10' }],
      minimum: '100',
    });
    expect(await preview(plan, [used('310'), used('5', 'storage')])).toMatchObject({
      lines: [
        { kind: 'fee', amount: '49.00' },
        { meter: 'calls', amount: '31.00' },
        { meter: 'storage', pricing: 'unpriced', amount: '0.00' },
      ],
      subtotal: '80.00',
      discounts: [{ percent: '10', base: '80.00', amount: '-8.00' }],
      minimum: { minimum: '100.00', base: '72.00', amount: '28.00' },
      total: '100.00',
    });
  });

  it.each([
    [
      'tiers that fall',
      {
        prices: [
          {
            meter: 'calls',
            model: 'volume',
            tiers: [
              { upTo: '0', unitPrice: '1' },
              { upTo: null, unitPrice: '1' },
            ],
          },
        ],
      },
      422,
      'prices/0/tiers/0/upTo',
    ],
    ['a price that is none', { prices: [calls('a')] }, 400, 'prices/0/unitPrice'],
  ])('refuses %s where it stands', async (_name, change, status, path) => {
    const response = await post('/v1/plans/preview', { plan: basic('1', change), quantities: [] });
    expect(response.status).toBe(status);
    const { errors } = response.body as { errors: { path: string }[] };
    expect(errors.map((error) => error.path.replace(/^\/?plan\//, ''))).toContain(path);
  });

  it('refuses two quantities of one meter', async () => {
    const response = await post('/v1/plans/preview', { plan: basic('1'), quantities: [used('1'), used('2')] });
    expect(response).toMatchObject({ status: 422, body: { errors: [{ path: 'quantities/1/meter', code: 'duplicate_meter' }] } });
  });
});

describe('the effect of a new version of a plan', () => {
  const effect = async (plan: string, body: object) => await post(`/v1/plans/${plan}/effect`, body);

  it('tells drafts before and after, and changes nothing', async () => {
    const { body } = await effect('basic', basic('0.20'));
    expect(body).toEqual({
      customers: 2,
      drafts: {
        count: 2,
        rated: [
          {
            id: expect.any(String) as string,
            customer: 'acme',
            customerName: 'Acme AI',
            month: '2026-10',
            currency: 'USD',
            before: '10.00',
            after: '20.00',
            failure: null,
          },
          {
            id: expect.any(String) as string,
            customer: 'beta',
            customerName: 'beta',
            month: '2026-10',
            currency: 'USD',
            before: '0.70',
            after: '1.40',
            failure: null,
          },
        ],
      },
      finalInvoices: 0,
    } satisfies PlanEffect);
    expect(await get('/v1/plans/basic')).toMatchObject({ version: 1 });
    expect((await effect('not-yet', basic('1'))).body).toEqual({ customers: 0, drafts: { count: 0, rated: [] }, finalInvoices: 0 });
  });

  it('counts final invoices, which keep what they were rated by', async () => {
    await billing.bill('acme', '2026-10');
    expect((await effect('basic', basic('0.20'))).body).toMatchObject({ drafts: { count: 1 }, finalInvoices: 1 });
  });

  it('is refused where saving would be', async () => {
    expect(await effect('basic', { ...basic('1'), currency: 'EUR' })).toMatchObject({
      status: 422,
      body: { code: 'currency_mismatch', errors: [{ path: 'currency' }] },
    });
  });
});

describe('lists', () => {
  it('of plans say who is on them', async () => {
    const { items } = await get<{ items: ListedPlan[] }>('/v1/plans');
    expect(items.map(({ id, customers }) => [id, customers])).toEqual([
      [
        'basic',
        {
          count: 2,
          first: [
            { id: 'acme', name: 'Acme AI' },
            { id: 'beta', name: 'beta' },
          ],
        },
      ],
      ['other', { count: 0, first: [] }],
    ]);
  });

  it.each([
    ['the others last', 'order=unassigned', ['Zoë/50%', 'acme', 'beta'], { all: 3, unassigned: 1 }],
    ['part of a name', 'search=ME%20ai', ['acme'], { all: 1, unassigned: 0 }],
    ['part of an id with signs of its own', `search=${encodeURIComponent('50%')}`, ['Zoë/50%'], { all: 1, unassigned: 1 }],
    ['a status', 'status=assigned&order=unassigned', ['acme', 'beta'], { all: 3, unassigned: 1 }],
    ['a plan', 'plan=basic', ['acme', 'beta'], { all: 2, unassigned: 0 }],
  ])('of customers go by %s, page by page', async (_name, query, ids, counts) => {
    const found: string[] = [];
    let cursor = '';
    do {
      const page = await get<CustomerList>(`/v1/customers?${query}&limit=1${cursor}`);
      expect(page.counts).toEqual(counts);
      found.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
    } while (cursor !== '');
    expect(found).toEqual(ids);
  });

  it('of meters say when there was usage', async () => {
    const { items } = await get<MeterExtents>('/v1/usage/meters');
    expect(items).toEqual([
      { meter: 'calls', from: '2026-10-03T10:00:00Z', to: '2026-10-04T10:15:00Z', events: 2 },
      { meter: 'storage', from: '2026-10-01T00:00:00Z', to: '2026-10-06T00:00:00Z', events: 2 },
    ]);
  });

  it('of a meter: its plans, and the invoices that bill it', async () => {
    const use = await get<MeterUse>('/v1/meters/calls/use');
    expect(use).toMatchObject({
      plans: [{ id: 'basic', name: 'Basic' }],
      drafts: { count: 1, newest: [{ customer: 'beta', month: '2026-10' }] },
      finalInvoices: 1,
    });
    expect(await get('/v1/meters/nothing/use')).toEqual({ plans: [], drafts: { count: 0, newest: [] }, finalInvoices: 0 });
  });
});
