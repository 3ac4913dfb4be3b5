/** What is wrong with a request of billing: what it is, where it is and how to mend it; and nothing is half done. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { Problem } from '../../schemas/http/common.ts';
import type { Meter } from '../../schemas/http/customers.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { KeptPlan } from '../../schemas/http/plans.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { makeImports } from '../support/undo.ts';

let billing: TestBilling;

beforeAll(async () => {
  billing = await openTestBilling();
  await makeImports(billing.pipeline, ['1']);
});
afterAll(() => billing?.close());

const refusalOf = async (method: 'POST' | 'PUT', url: string, body: object): Promise<Problem> =>
  (await billing.call(method, url, body)).body as Problem;
const tiered = (tier: object) => ({
  name: 'Plan',
  currency: 'USD',
  prices: [
    { meter: 'requests', model: 'per_unit', unitPrice: '1' },
    {
      meter: 'calls',
      model: 'graduated',
      tiers: [
        { upTo: '10', unitPrice: '1' },
        { upTo: null, unitPrice: '1', ...tier },
      ],
    },
  ],
});

describe('a billing run for customers', () => {
  const runs = async () => (await billing.ok<{ items: BillingRun[] }>('GET', '/v1/billing-runs')).items.length;

  it('nobody has heard of is refused whole, each of them named by its place', async () => {
    await billing.setUp('only-set-up', { plan: { prices: [{ model: 'flat', amount: '7' }] } });
    await billing.use([{ customer: 'only/used', time: '2026-10-01T00:10:00Z', quantity: '1' }]);
    const before = await runs();
    const customers = ['only-set-up', 'nobody', 'only/used', 'no"body/2', 'Only-set-up'];
    expect(await refusalOf('POST', '/v1/billing-runs', { period: '2026-10', customers })).toMatchObject({
      status: 422,
      code: 'unknown_customer',
      detail: 'customers/1: there is no customer "nobody", neither set up nor seen in usage.',
      errors: [
        { path: 'customers/1', code: 'unknown_customer', message: 'there is no customer "nobody", neither set up nor seen in usage' },
        { path: 'customers/3', message: expect.stringContaining('"no"body/2"') as string },
        { path: 'customers/4', message: expect.stringContaining('"Only-set-up"') as string },
      ],
    });
    expect(await runs()).toBe(before);
    const { items } = await billing.ok<{ items: InvoiceSummary[] }>('GET', '/v1/invoices');
    expect(items).toEqual([]);
  });

  it('who are known by their settings or by their usage alone is carried out', async () => {
    const { progress } = await billing.run('2026-10', ['only-set-up', 'only/used', 'only-set-up']);
    expect(progress).toMatchObject({ total: 2, done: 2, drafts: 2, failed: 0 });
    expect(await billing.invoiceOf('only-set-up', '2026-10')).toMatchObject({ total: '7.00' });
    expect((await billing.invoiceOf('only/used', '2026-10')).lines).toMatchObject([{ pricing: 'unpriced', quantity: '1' }]);
  });
});

describe('a plan with a price of a meter that nobody has heard of', () => {
  const put = (...meters: string[]) =>
    billing.ok<KeptPlan>('PUT', '/v1/plans/early', {
      name: 'Early',
      currency: 'USD',
      prices: [{ model: 'flat', amount: '1' }, ...meters.map((meter) => ({ meter, model: 'per_unit', unitPrice: '2' }))],
    });

  it('is kept, and warns of each with the names near it, until it is defined or used', async () => {
    await billing.ok<Meter>('PUT', '/v1/meters/api_calls', {});
    await billing.use([{ customer: 'meters', meter: 'storage', time: '2026-10-01T00:10:00Z', quantity: '1' }]);
    const first = await put('api_calls', 'api-cals', 'storage', 'tokens');
    expect(first.warnings).toEqual([
      { path: 'prices/2/meter', code: 'unknown_meter', message: expect.stringContaining('"api-cals" yet') as string, near: ['api_calls'] },
      { path: 'prices/4/meter', code: 'unknown_meter', message: expect.stringMatching(/"tokens" yet.*once there is$/) as string, near: [] },
    ]);
    expect(first.warnings[0]?.message).toMatch(/; near it is "api_calls"$/);
    expect(await billing.ok('GET', '/v1/plans/early')).toMatchObject({ version: first.version, prices: first.prices });
    await billing.ok<Meter>('PUT', '/v1/meters/api-cals', {});
    await billing.use([{ customer: 'meters', meter: 'tokens', time: '2026-10-01T00:10:00Z', quantity: '3' }]);
    expect(await put('api_calls', 'api-cals', 'storage', 'tokens')).toMatchObject({ version: first.version, warnings: [] });
  });

  it('prices the usage that comes later; what is used under another name is on the invoice, without a price', async () => {
    await put('tokens', 'not-yet');
    await billing.ok('PUT', '/v1/customers/early', { plan: 'early', currency: 'USD' });
    await billing.use([
      { customer: 'early', meter: 'not-yet', time: '2026-10-01T00:10:00Z', quantity: '4' },
      { customer: 'early', meter: 'notyet', time: '2026-10-01T00:10:00Z', quantity: '5' },
    ]);
    await billing.run('2026-10', ['early']);
    const { lines, total } = await billing.invoiceOf('early', '2026-10');
    expect(total).toBe('9.00');
    expect(lines.map(({ meter, quantity, pricing, amount }) => [meter, quantity, pricing, amount])).toEqual(
      expect.arrayContaining([
        ['not-yet', '4', 'per_unit', '8.00'],
        ['notyet', '5', 'unpriced', '0.00'],
      ]),
    );
  });
});

describe('a number of a plan', () => {
  const finest = `0.${'0'.repeat(17)}1`;

  it.each([
    ['19 digits after the point', `${finest}1`, 'too_many_fraction_digits', /19 digits after.*at most 18.*round it to 18/],
    ['21 digits before it', '1'.repeat(21), 'number_too_large', /21 digits before.*at most 20/],
    ['NaN', 'NaN', 'invalid_decimal', /"NaN" is not a decimal number.*such as 0.10/],
    ['an exponent', '1e5', 'invalid_decimal', /"1e5".*write it out, without an exponent/],
    ['a decimal comma', '0,1', 'invalid_decimal', /"0,1".*a point before the fraction/],
    ['nothing in it', '', 'invalid_decimal', /empty; write a number/],
    ['a sign', '-0.1', 'negative', /"-0.1" is below 0/],
  ])('with %s is refused at its tier, and said how to mend', async (_name, text, code, message) => {
    for (const [field, tier] of [
      ['unitPrice', { unitPrice: text }],
      ['flatFee', { flatFee: text }],
    ] as const) {
      const path = `prices/1/tiers/1/${field}`;
      const problem = await refusalOf('PUT', '/v1/plans/numbers', tiered(tier));
      expect(problem).toMatchObject({ status: 400, code: 'invalid_request', errors: [{ path, code }] });
      expect(problem.errors?.[0]?.message).toMatch(message);
      expect(problem.detail).toContain(path);
      expect(problem.detail).not.toContain('pattern');
    }
    expect((await billing.call('GET', '/v1/plans/numbers')).status).toBe(404);
  });

  it('of 18 digits after the point is kept and billed to the last of them', async () => {
    await billing.setUp('fine', { unitPrice: finest });
    await billing.use([{ customer: 'fine', time: '2026-10-01T00:10:00Z', quantity: '99999999999999999999' }]);
    await billing.run('2026-10', ['fine']);
    expect((await billing.invoiceOf('fine', '2026-10')).lines).toMatchObject([{ exactAmount: '99.999999999999999999', amount: '100.00' }]);
  });

  it.each([
    ['a tax rate', 'PUT', '/v1/customers/numbers', { taxRate: '7.1234567' }, 'taxRate', 'too_many_fraction_digits', /at most 6/],
    ['a minimum', 'PUT', '/v1/plans/numbers', { ...tiered({}), minimum: '-1' }, 'minimum', 'negative', /below 0/],
    [
      'what is credited',
      'POST',
      '/v1/invoices/1/credit-notes',
      { reason: 'x', lines: [{ n: 1, amount: '0.00001' }] },
      'lines/0/amount',
      'too_many_fraction_digits',
      /at most 4/,
    ],
  ] as const)('keeps to its limits as %s too', async (_name, method, url, body, path, code, message) => {
    const { errors } = await refusalOf(method, url, body);
    expect(errors).toMatchObject([{ path, code, message: expect.stringMatching(message) as string }]);
  });
});

describe('a reason', () => {
  let id: string;
  beforeAll(async () => {
    await billing.setUp('reasons');
    await billing.use([{ customer: 'reasons', time: '2026-12-01T00:10:00Z', quantity: '1' }]);
    await billing.run('2026-12', ['reasons']);
    ({ id } = await billing.invoiceOf('reasons', '2026-12'));
  });

  it.each(['', ' ', '\n\t', '\u00A0\u2003', '\u200B\u2060\uFEFF'])(
    'that shows nothing (%j) is refused, and nothing happens',
    async (reason) => {
      for (const [action, body, path] of [
        ['finalize', { force: { reason } }, 'force/reason'],
        ['void', { reason }, 'reason'],
        ['credit-notes', { reason, full: true }, 'reason'],
      ] as const) {
        expect(await refusalOf('POST', `/v1/invoices/${id}/${action}`, body)).toMatchObject({
          status: 400,
          code: 'invalid_request',
          detail: `body member "${path}": must not be blank: say it in words.`,
          errors: [{ path, code: 'blank' }],
        });
      }
      expect(await billing.invoiceOf('reasons', '2026-12')).toMatchObject({ status: 'draft', number: null });
      expect(await billing.ok('GET', `/v1/audit?subject=invoice/${id}`)).toMatchObject({ items: [] });
    },
  );

  it('of one word is enough, and is kept as it was given', async () => {
    await billing.ok<Invoice>('POST', `/v1/invoices/${id}/finalize`, { force: { reason: ' closing\n' } });
    expect(await billing.ok('GET', `/v1/audit?subject=invoice/${id}`)).toMatchObject({ items: [{ reason: ' closing\n' }] });
  });
});

describe('what cannot be billed by', () => {
  it.each([
    ['currency', { currency: 'ZZZ' }, 'unknown_currency', 'currency', /ZZZ is not an active ISO 4217 currency such as USD/],
    [
      'zone',
      { timeZone: 'Europe/Atlantis' },
      'unknown_time_zone',
      'timeZone',
      /"Europe\/Atlantis" is not an IANA time zone such as Europe\/Berlin/,
    ],
    ['plan', { plan: 'nope' }, 'unknown_plan', 'plan', /there is no plan "nope"; GET \/v1\/plans lists/],
    ['currency in small letters', { currency: 'usd' }, 'invalid_request', 'currency', /three capital letters, such as USD/],
  ])('an unknown %s says so, of customers and settings', async (_name, body, code, path, message) => {
    for (const [url, terms, at] of [
      ['/v1/customers/terms', body, path],
      ['/v1/settings', { defaults: body }, `defaults/${path}`],
    ] as const) {
      const problem = await refusalOf('PUT', url, terms);
      expect(problem).toMatchObject({ code, errors: [{ path: at }] });
      expect(problem.detail).toMatch(message);
    }
  });

  it('a period that is none says what one looks like', async () => {
    for (const [url, body] of [
      ['/v1/billing-runs', { period: '2026-13' }],
      ['/v1/invoices/preview', { customer: 'reasons', period: 'October' }],
    ] as const)
      expect(await refusalOf('POST', url, body)).toMatchObject({
        errors: [{ path: 'period', message: 'must be a month such as 2026-10' }],
      });
  });
});

describe('an hour that the stores disagree about', () => {
  it('is named by customer, meter and hour, each by itself, whatever their ids hold', async () => {
    const [customer, meters] = ['a/b/2026 "c"', ['m/1', 'm/2']];
    await billing.setUp(customer);
    await billing.use([{ customer, time: '2026-10-01T00:10:00Z', quantity: '1' }]);
    await billing.run('2026-10', [customer]);
    const { id } = await billing.invoiceOf(customer, '2026-10');
    const hour = '2026-10-01T00:00:00Z';
    for (const meter of meters)
      await billing.pipeline.query(
        `INSERT INTO reconciliation_cells (customer, meter, hour, state, postgres_quantity, postgres_events, clickhouse_quantity, clickhouse_events)
         VALUES ($1, $2, $3, 'differs', 1, 1, 2, 1)`,
        [customer, meter, hour],
      );
    const problem = await refusalOf('POST', `/v1/invoices/${id}/finalize`, {});
    expect(problem).toMatchObject({
      status: 409,
      code: 'reconciliation_red',
      cells: meters.map((meter) => ({ customer, meter, hour })),
      detail: expect.stringContaining(`customer "${customer}", meter "m/1", hour ${hour}, and about 1 more`) as string,
    });
    expect(problem.errors).toBeUndefined();
    expect(await billing.invoiceOf(customer, '2026-10')).toMatchObject({ status: 'draft' });
  });
});

describe('a total below zero', () => {
  it('is carried over: nothing to pay, a balance, and the next invoice shows what it used of it', async () => {
    const customer = 'below/zero';
    await billing.setUp(customer, { unitPrice: '0.25' });
    await billing.use([
      { customer, time: '2026-10-01T00:10:00Z', quantity: '-10' },
      { customer, time: '2026-11-01T00:10:00Z', quantity: '4' },
    ]);
    const october = await billing.bill(customer, '2026-10');
    expect(october).toMatchObject({ total: '-2.50', settlement: { applied: [], payable: '0.00', carried: '2.50' } });
    const credits = `/v1/customers/${encodeURIComponent(customer)}/credits`;
    expect(await billing.ok('GET', credits)).toMatchObject({ balances: [{ currency: 'USD', amount: '2.50' }] });
    expect(await billing.bill(customer, '2026-11')).toMatchObject({
      total: '1.00',
      settlement: { applied: [{ invoice: october.id, number: october.number, amount: '1.00' }], payable: '0.00', carried: '0.00' },
    });
    expect(await billing.ok('GET', credits)).toMatchObject({ balances: [{ currency: 'USD', amount: '1.50' }] });
  });
});
