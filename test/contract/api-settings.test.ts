/** Settings on real stores, and what follows from them where a customer has nothing of its own. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
const DEFAULTS = {
  seller: {},
  numbering: { invoice: 'INV-{year}-{number:5}', creditNote: 'CN-{year}-{number:5}' },
  defaults: { plan: null, currency: 'USD', timeZone: 'UTC' },
  billing: { rounding: 'half-away' },
};
const plan = (currency: string) => ({ name: 'Basic', currency, prices: [{ meter: 'calls', model: 'per_unit', unitPrice: '0.005' }] });

beforeAll(async () => {
  api = await openTestApi();
  const call = (customer: string, time: string) => ({ customer, meter: 'calls', time, quantity: '1' });
  await api.fill([call('new', '2026-10-01T00:30:00Z'), call('new', '2026-09-30T22:30:00Z'), call('set', '2026-10-01T00:30:00Z')]);
  await api.send('PUT', '/v1/plans/euro', plan('EUR'));
  await api.send('PUT', '/v1/plans/dollar', plan('USD'));
});
beforeEach(() => put({}));
afterAll(() => api.close());

async function put(body: object): Promise<object> {
  const { status, body: answer, text } = await api.send('PUT', '/v1/settings', body);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return answer as object;
}

async function preview(customer: string): Promise<Invoice> {
  const { status, body, text } = await api.send('POST', '/v1/invoices/preview', { customer, period: '2026-10' });
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as Invoice;
}

describe('settings', () => {
  it('have defaults, and go back to them', async () => {
    await api.platform.postgres.query('DELETE FROM settings');
    expect((await api.get('/v1/settings')).body).toEqual({ ...DEFAULTS, updatedAt: null });
    const seller = {
      name: 'Tally AG',
      address: ['Hauptstraße 1', '10115 Berlin'],
      taxId: 'DE123',
      email: 'a@b.example',
      bankDetails: ['IBAN 1'],
    };
    const changed = await put({ seller, numbering: { invoice: 'R{year}/{month}-{number}' }, billing: { rounding: 'half-even' } });
    expect(changed).toMatchObject({
      seller,
      numbering: { invoice: 'R{year}/{month}-{number}', creditNote: 'CN-{year}-{number:5}' },
      billing: { rounding: 'half-even' },
    });
    expect((await api.get('/v1/settings')).body).toEqual(changed);
    expect(await put({})).toMatchObject(DEFAULTS);
  });

  it.each([
    ['a default currency that is none', { defaults: { currency: 'ZZZ' } }, 422, 'unknown_currency', 'defaults/currency'],
    ['a default zone that is none', { defaults: { timeZone: 'Mars/Olympus' } }, 422, 'unknown_time_zone', 'defaults/timeZone'],
    ['a default plan that is none', { defaults: { plan: 'nope' } }, 422, 'unknown_plan', 'defaults/plan'],
    ['a default plan in another currency', { defaults: { plan: 'euro' } }, 422, 'currency_mismatch', 'defaults/plan'],
    ['numbers that do not count', { numbering: { invoice: 'INV-{year}' } }, 422, 'unprocessable', 'numbering/invoice'],
    ['numbers by something unknown', { numbering: { creditNote: '{day}-{number}' } }, 422, 'unprocessable', 'numbering/creditNote'],
    ['a rounding that is none', { billing: { rounding: 'up' } }, 400, 'invalid_request', 'billing/rounding'],
    ['an address of several lines in one', { seller: { address: ['a\nb'] } }, 400, 'invalid_request', 'seller/address/0'],
    ['a field nobody knows', { seller: { fax: '1' } }, 400, 'invalid_request', 'seller/fax'],
  ])('are refused %s', async (_name, body, status, code, path) => {
    const response = await api.send('PUT', '/v1/settings', body);
    expect([response.status, response.body]).toMatchObject([status, { code, errors: [{ path }] }]);
    expect((await api.get('/v1/settings')).body).toMatchObject(DEFAULTS);
  });
});

describe('a customer that is not set up', () => {
  it('has the default plan, currency and zone', async () => {
    await put({ defaults: { plan: 'euro', currency: 'EUR', timeZone: 'Europe/Berlin' } });
    expect((await api.get('/v1/customers/new')).body).toMatchObject({
      plan: 'euro',
      plans: [{ plan: 'euro', from: null }],
      currency: 'EUR',
      timeZone: 'Europe/Berlin',
      status: 'unassigned',
    });
    expect(await preview('new')).toMatchObject({ plan: 'euro', currency: 'EUR', period: { timeZone: 'Europe/Berlin' }, subtotal: '0.01' });
    const usage = (await api.get('/v1/usage?from=2026-09-30T00:00:00Z&to=2026-10-02T00:00:00Z&grain=day')).body;
    expect(usage).toMatchObject({ timeZone: 'Europe/Berlin', buckets: [{ start: '2026-09-30T22:00:00Z', quantity: '3' }] });
  });

  it('keeps the default plan from being dropped or changed in currency', async () => {
    await put({ defaults: { plan: 'dollar' } });
    expect((await api.send('DELETE', '/v1/plans/dollar')).body).toMatchObject({ code: 'conflict' });
    expect((await api.send('PUT', '/v1/plans/dollar', plan('EUR'))).body).toMatchObject({ code: 'currency_mismatch' });
    await put({});
    expect((await api.send('PUT', '/v1/plans/dollar', plan('EUR'))).status).toBe(200);
    expect((await api.send('PUT', '/v1/plans/dollar', plan('USD'))).status).toBe(200);
  });
});

describe('a customer that is set up', () => {
  it('has what was default then, for good', async () => {
    await put({ defaults: { plan: 'euro', currency: 'EUR', timeZone: 'Europe/Berlin' } });
    const set = { plan: 'euro', currency: 'EUR', timeZone: 'Europe/Berlin', status: 'assigned' };
    expect((await api.send('PUT', '/v1/customers/set', {})).body).toMatchObject(set);
    await put({ defaults: { plan: 'dollar' } });
    expect((await api.get('/v1/customers/set')).body).toMatchObject(set);
  });

  it('says so where the default plan is in another currency than its own', async () => {
    await put({ defaults: { plan: 'dollar' } });
    const refused = await api.send('PUT', '/v1/customers/set', { currency: 'EUR' });
    expect(refused.body).toMatchObject({ code: 'currency_mismatch', errors: [{ path: 'plan' }] });
    expect(refused.text).toContain('default plan');
    expect((await api.send('PUT', '/v1/customers/set', { currency: 'EUR', plan: null })).body).toMatchObject({ plan: null });
  });
});

describe('rounding', () => {
  it('of halves is away from zero, or to the even neighbour', async () => {
    await api.send('PUT', '/v1/customers/set', { plan: 'dollar' });
    expect(await preview('set')).toMatchObject({ subtotal: '0.01' });
    await put({ billing: { rounding: 'half-even' } });
    expect(await preview('set')).toMatchObject({ subtotal: '0.00' });
  });
});
