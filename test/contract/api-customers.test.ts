/** Customers on real stores: any id, plans by date, defaults. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Customer } from '../../schemas/http/customers.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
const ODD_ID = 'a/b "c" \u202Eä\u200F 😀 ?&=%2F';
const LONG_ID = 'x/'.repeat(150);
const perUnit = (currency: string, unitPrice: string, terms: object = {}) => ({
  name: 'Plan',
  currency,
  prices: [{ meter: 'calls', model: 'per_unit', unitPrice }],
  ...terms,
});

beforeAll(async () => {
  api = await openTestApi();
  const call = (customer: string, time: string, quantity = '1') => ({ customer, meter: 'calls', time, quantity });
  await api.fill([
    call('acme', '2026-10-01T00:00:00Z', '10'),
    call('acme', '2026-10-14T21:59:59Z', '1'),
    // The 15th in Berlin.
    call('acme', '2026-10-14T22:00:00Z', '100'),
    call(ODD_ID, '2026-10-01T01:00:00Z', '2'),
    call(LONG_ID, '2026-10-01T01:00:00Z', '3'),
  ]);
  await api.send('PUT', '/v1/plans/basic', perUnit('USD', '1', { minimum: '31' }));
  await api.send(
    'PUT',
    '/v1/plans/pro',
    perUnit('USD', '0.5', { prices: [{ model: 'flat', amount: '62' }, ...perUnit('USD', '0.5').prices] }),
  );
  await api.send('PUT', '/v1/plans/euro', perUnit('EUR', '1'));
});
afterAll(() => api.close());

const urlOf = (id: string): string => `/v1/customers/${encodeURIComponent(id)}`;
const put = async (id: string, body: object): Promise<Customer> => {
  const { status, body: answer, text } = await api.send('PUT', urlOf(id), body);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return answer as Customer;
};
const preview = async (customer: string): Promise<Invoice> =>
  (await api.send('POST', '/v1/invoices/preview', { customer, period: '2026-10' })).body as Invoice;

describe('customers', () => {
  it('seen in usage are listed as unassigned, page by page', async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await api.get(`/v1/customers?limit=1${cursor === null ? '' : `&cursor=${cursor}`}`);
      const page = body as { items: Customer[]; nextCursor: string | null };
      expect(page.items).toMatchObject([{ status: 'unassigned', currency: 'USD', timeZone: 'UTC', plan: null, plans: [], taxRate: '0' }]);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(ids).toEqual([ODD_ID, 'acme', LONG_ID]);
  });

  it.each([
    ['slashes, quotes and marks of direction', ODD_ID],
    ['300 characters', LONG_ID],
    ['characters outside of the basic plane', '😀'.repeat(300)],
  ])('can have an id with %s', async (_name, id) => {
    expect(await put(id, { name: 'Odd', timeZone: 'Asia/Kathmandu', invoiceDetails: { VAT: 'X1' } })).toMatchObject({
      id,
      name: 'Odd',
      timeZone: 'Asia/Kathmandu',
      invoiceDetails: { VAT: 'X1' },
      status: 'assigned',
    });
    expect((await api.get(urlOf(id))).body).toMatchObject({ id, name: 'Odd' });
    expect(await preview(id)).toMatchObject({ customer: id });
    expect((await api.get(`/v1/usage?from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z&customer=${encodeURIComponent(id)}`)).status).toBe(
      200,
    );
  });

  it('are refused an id of more than 300 characters', async () => {
    expect((await api.send('PUT', urlOf('x'.repeat(301)), {})).body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'id' }] });
  });

  it('whose name, id and meter are as long as they may be fit into every index', async () => {
    // Random, since repetition would be compressed.
    const name = (length: number) =>
      Array.from({ length }, () => String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 20_000))).join('');
    const [customer, id, meter] = [name(300), name(256), name(256)];
    await api.fill([{ customer, id, meter, time: '2026-10-02T00:00:00Z', quantity: '1' }]);
    await api.platform.postgres.query(
      `INSERT INTO witnesses (customer, id, import_id, line, meter, epoch, partition, "offset", idx) VALUES ($1, $2, 1, 2, $3, 1, 0, 900, 0)`,
      [customer, id, meter],
    );
    expect((await api.get(urlOf(customer))).body).toMatchObject({ id: customer, status: 'unassigned' });
  });

  it.each([
    ['a currency that is none', { currency: 'ZZZ' }, 422, 'unknown_currency', 'currency'],
    ['a currency that cannot be billed in', { currency: 'XAU' }, 422, 'unknown_currency', 'currency'],
    ['a zone that is none', { timeZone: 'Europe/Atlantis' }, 422, 'unknown_time_zone', 'timeZone'],
    ['an offset for a zone', { timeZone: '+05:30' }, 422, 'unknown_time_zone', 'timeZone'],
    ['a plan that is none', { plan: 'nope' }, 422, 'unknown_plan', 'plan'],
    ['a tax rate as a number', { taxRate: 19 }, 400, 'invalid_request', 'taxRate'],
    ['a currency in lower case', { currency: 'usd' }, 400, 'invalid_request', 'currency'],
    ['a plan in another currency', { plan: 'euro' }, 422, 'currency_mismatch', 'plan'],
    ['a plan and plans', { plan: 'basic', plans: [] }, 400, 'invalid_request', 'plan'],
    ['plans without a day', { plans: [{ plan: 'basic' }] }, 400, 'invalid_request', 'plans/0/from'],
    [
      'a later plan that is none',
      {
        plans: [
          { plan: 'basic', from: null },
          { plan: 'nope', from: '2026-10-15' },
        ],
      },
      422,
      'unknown_plan',
      'plans/1/plan',
    ],
    [
      'a later plan in another currency',
      {
        plans: [
          { plan: 'basic', from: null },
          { plan: 'euro', from: '2026-10-15' },
        ],
      },
      422,
      'currency_mismatch',
      'plans/1/plan',
    ],
    ['a day that does not exist', { plans: [{ plan: 'basic', from: '2026-02-30' }] }, 422, 'unprocessable', 'plans/0/from'],
    [
      'two plans from one day',
      {
        plans: [
          { plan: 'basic', from: '2026-10-15' },
          { plan: 'pro', from: '2026-10-15' },
        ],
      },
      422,
      'unprocessable',
      'plans/1/from',
    ],
    [
      'a later plan from the beginning',
      {
        plans: [
          { plan: 'basic', from: '2026-10-15' },
          { plan: 'pro', from: null },
        ],
      },
      422,
      'unprocessable',
      'plans/1/from',
    ],
  ])('are refused %s', async (_name, body, status, code, path) => {
    const response = await api.send('PUT', '/v1/customers/refused', body);
    expect([response.status, response.body]).toMatchObject([status, { code, errors: [{ path }] }]);
    expect((await api.get('/v1/customers/refused')).status).toBe(404);
  });
});

describe('plans by date', () => {
  const BERLIN = { currency: 'USD', timeZone: 'Europe/Berlin' };

  it('split the period at local midnight, fees and minimums by real time', async () => {
    const plans = [
      { plan: 'basic', from: null },
      { plan: 'pro', from: '2026-10-15' },
    ];
    expect(await put('acme', { ...BERLIN, plans })).toMatchObject({ plans });
    const invoice = await preview('acme');
    expect(invoice).toMatchObject({
      plan: 'pro',
      segments: [
        { from: '2026-09-30T22:00:00Z', to: '2026-10-14T22:00:00Z', plan: 'basic' },
        { from: '2026-10-14T22:00:00Z', to: '2026-10-31T23:00:00Z', plan: 'pro' },
      ],
      // 14 of 31 days and an hour, at 31 for all of them.
      minimums: [{ minimum: '13.98', base: '11.00', amount: '2.98', share: { seconds: '1209600', of: '2682000' } }],
    });
    expect(invoice.lines.map(({ kind, quantity, amount, from }) => [kind, quantity, amount, from])).toEqual([
      ['usage', '11', '11.00', '2026-09-30T22:00:00Z'],
      ['fee', '1', '34.04', '2026-10-14T22:00:00Z'],
      ['usage', '100', '50.00', '2026-10-14T22:00:00Z'],
    ]);
  });

  it('that say the same plan twice split nothing', async () => {
    await put('acme', {
      ...BERLIN,
      plans: [
        { plan: 'basic', from: null },
        { plan: 'basic', from: '2026-10-15' },
      ],
    });
    const { segments, lines } = await preview('acme');
    expect(segments).toMatchObject([{ plan: 'basic' }]);
    expect(lines).toMatchObject([{ quantity: '111', amount: '111.00' }]);
  });

  it('leave usage before the first of them without a price', async () => {
    await put('acme', { ...BERLIN, plans: [{ plan: 'pro', from: '2026-10-15' }] });
    expect((await preview('acme')).lines.map(({ pricing, quantity, amount }) => [pricing, quantity, amount])).toEqual([
      ['unpriced', '11', '0.00'],
      ['flat', '1', '34.04'],
      ['per_unit', '100', '50.00'],
    ]);
  });

  it('show the one that holds today', async () => {
    const plans = [
      { plan: 'basic', from: '2020-01-01' },
      { plan: 'pro', from: '2999-01-01' },
    ];
    expect(await put('acme', { ...BERLIN, plans })).toMatchObject({ plan: 'basic', plans });
    expect(await put('acme', { ...BERLIN, plans: plans.slice(1) })).toMatchObject({ plan: null });
    expect(await put('acme', { ...BERLIN, plan: 'pro' })).toMatchObject({ plan: 'pro', plans: [{ plan: 'pro', from: null }] });
    expect(await put('acme', BERLIN)).toMatchObject({ plan: null, plans: [] });
  });

  it('keep a plan from being dropped that holds only later', async () => {
    await put('acme', { ...BERLIN, plans: [{ plan: 'pro', from: '2999-01-01' }] });
    expect((await api.send('DELETE', '/v1/plans/pro')).body).toMatchObject({ code: 'conflict' });
    expect((await api.send('PUT', '/v1/plans/pro', perUnit('EUR', '1'))).body).toMatchObject({ code: 'currency_mismatch' });
  });
});
