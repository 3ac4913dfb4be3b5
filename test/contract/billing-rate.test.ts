/** The rating of a customer's period on real stores: by the terms of today, and by those that were kept. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rateCustomer, type CustomerRating } from '../../api/billing/rate.ts';
import { readTerms, type BillingTerms } from '../../api/billing/terms.ts';
import { writeInvoice } from '../../core/invoice.ts';
import { monthPeriod } from '../../core/window.ts';
import { WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
const period = monthPeriod('2026-10', 'Europe/Berlin');

const put = async (path: string, body: object): Promise<void> => {
  const { status, text } = await api.send('PUT', path, body);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
};
const plan = (unitPrice: string) => ({
  name: 'Basic',
  currency: 'EUR',
  prices: [
    { meter: 'seats', model: 'per_unit', unitPrice },
    { meter: 'calls', model: 'per_unit', unitPrice: '0.125' },
  ],
});
const rate = (terms?: BillingTerms): Promise<CustomerRating> =>
  rateCustomer(api.platform, { scope: WHOLE_INSTALLATION, customer: 'acme', period, ...(terms === undefined ? {} : { terms }) });
const invoiceOf = ({ input, rated }: CustomerRating): Omit<Invoice, 'asOf'> => {
  const { asOf: _, ...invoice } = writeInvoice(input, rated, { hours: true });
  return invoice;
};

beforeAll(async () => {
  api = await openTestApi();
  const event = (meter: string, hour: number, quantity: string) => ({
    customer: 'acme',
    meter,
    time: `2026-10-10T${String(hour).padStart(2, '0')}:30:00Z`,
    quantity,
  });
  await api.fill([event('seats', 1, '3'), event('seats', 2, '5'), event('seats', 3, '4'), event('calls', 1, '1')]);
  await put('/v1/meters/seats', { name: 'Seats', unit: 'seat', aggregation: 'max' });
  await put('/v1/plans/basic', plan('10'));
  const plans = [
    { plan: 'basic', from: null },
    { plan: 'basic', from: '2026-10-20' },
  ];
  await put('/v1/customers/acme', { name: 'Acme GmbH', currency: 'EUR', timeZone: 'Europe/Berlin', taxRate: '19', plans });
});
afterAll(() => api.close());

it('answers the invoice, the terms and the moment it stands for', async () => {
  const rating = await rate();
  expect(invoiceOf(rating)).toMatchObject({
    customerName: 'Acme GmbH',
    lines: [
      { meter: 'seats', description: 'Seats', quantity: '5', amount: '50.00' },
      { meter: 'calls', amount: '0.13' },
    ],
    tax: [{ rate: '19', amount: '9.52' }],
    total: '59.65',
  });
  expect(rating.terms).toMatchObject({
    plans: [{ plan: { id: 'basic', version: 1 }, from: null }, { from: '2026-10-20' }],
    meters: [
      { key: 'calls', aggregation: 'sum', property: null },
      { key: 'seats', aggregation: 'max', unit: 'seat' },
    ],
    rounding: 'half-away',
  });
  expect(Date.parse(rating.asOf)).toBeGreaterThan(Date.UTC(2026, 0, 1));
});

it('answers the same for terms that were kept as JSON, whatever became of plan, meter, customer and rounding', async () => {
  const before = await rate();
  const kept = JSON.parse(JSON.stringify(before.terms)) as BillingTerms;
  await put('/v1/plans/basic', plan('99'));
  await put('/v1/meters/seats', { aggregation: 'sum' });
  await put('/v1/settings', { billing: { rounding: 'half-even' } });
  await put('/v1/customers/acme', { currency: 'EUR', timeZone: 'Asia/Tokyo', plan: 'basic', taxRate: '7' });
  expect(invoiceOf(await rate(kept))).toEqual(invoiceOf(before));
  expect(invoiceOf(await rate())).toMatchObject({
    segments: [{ plan: 'basic' }],
    lines: [
      { quantity: '12', amount: '1188.00' },
      { meter: 'calls', amount: '0.12' },
    ],
    tax: [{ rate: '7' }],
  });
  const terms = (await rate()).terms;
  expect(terms.plans).toMatchObject([{ plan: { version: 2 } }]);
});

it('reads a meter that the kept terms do not know as it is now', async () => {
  const { terms } = await rate();
  await api.fill(['7', '9'].map((quantity, n) => ({ customer: 'acme', meter: 'late', time: `2026-10-11T0${n}:00:00Z`, quantity })));
  await put('/v1/meters/late', { name: 'Late', aggregation: 'latest' });
  const late = (await rate(terms)).rated.lines.find(({ meter }) => meter === 'late');
  expect(late).toMatchObject({ pricing: 'unpriced', quantity: 9n * 10n ** 18n });
});

it('reads within a transaction what only that knows', async () => {
  await api.platform.postgres.transaction(async (transaction) => {
    await transaction.query(`UPDATE customers SET tax_rate = 50 WHERE id = 'acme'`);
    const inside = await rateCustomer(api.platform, { scope: WHOLE_INSTALLATION, customer: 'acme', period, transaction });
    expect(inside.terms.taxRate).toBe('50');
    expect((await rate()).terms.taxRate).toBe('7');
  });
});

it('has terms of many customers at a time, with none for those nobody has heard of', async () => {
  await api.fill([{ customer: 'new', meter: 'calls', time: '2026-10-01T00:00:00Z', quantity: '1' }]);
  const terms = await readTerms(api.platform.postgres, WHOLE_INSTALLATION, ['acme', 'new', 'nobody'], api.platform.clock.now());
  expect([...terms.keys()]).toEqual(['acme', 'new']);
  expect(terms.get('new')).toMatchObject({ currency: 'USD', plans: [] });
  await expect(rateCustomer(api.platform, { scope: WHOLE_INSTALLATION, customer: 'nobody', period })).rejects.toMatchObject({
    code: 'not_found',
  });
});
