/** The worked examples of the billing rules, each through the whole invoice: USD unless said. */
import { describe, expect, it } from 'vitest';
import { inputOf, octoberHours, planOf, usageOf } from '../test/support/invoice-input.ts';
import type { PlanDefinition, Price, Tier } from '../schemas/http/plans.ts';
import type { Aggregation } from '../schemas/http/customers.ts';
import type { Invoice } from '../schemas/http/invoices.ts';
import { buildInvoice } from './invoice.ts';
import type { MeterUsage } from './rated-invoice.ts';

interface Example {
  usage: string[];
  price: Price;
  terms?: Partial<PlanDefinition>;
  aggregation?: Aggregation;
}

const tier = (upTo: string | null, unitPrice: string): Tier => ({ upTo, unitPrice });
const price = (terms: Extract<Price, { model: 'per_unit' }> | object): Price => ({ meter: 'calls', ...terms }) as Price;

function invoiceOf({ usage, price: one, terms = {}, aggregation = 'sum' }: Example): Invoice {
  const currency = terms.currency ?? 'USD';
  const buckets = usageOf('calls', ...usage).hours.map((hour) => ({ ...hour, max: hour.quantity }));
  const metered: MeterUsage = { meter: 'calls', hours: buckets };
  const meters = new Map([['calls', { name: 'Calls', unit: '', aggregation }]]);
  return buildInvoice(inputOf({ usage: [metered], meters, currency }, planOf([one], terms)));
}

describe('worked examples', () => {
  it.each<[string, Example, { line?: object; hours?: string[]; tiers?: string[]; total: string }]>([
    [
      'per unit, tiny price',
      { usage: ['18059974'], price: price({ model: 'per_unit', unitPrice: '0.0000004' }) },
      { line: { exactAmount: '7.2239896' }, total: '7.22' },
    ],
    [
      'graduated',
      { usage: ['1250'], price: price({ model: 'graduated', tiers: [tier('1000', '0.10'), tier(null, '0.08')] }) },
      { tiers: ['100.00', '20.00'], total: '120.00' },
    ],
    [
      'graduated, three tiers of exact 0.335, all three full',
      { usage: ['3'], price: price({ model: 'graduated', tiers: [tier('1', '0.335'), tier('2', '0.335'), tier(null, '0.335')] }) },
      { tiers: ['0.34', '0.33', '0.34'], total: '1.01' },
    ],
    [
      'volume',
      { usage: ['1250'], price: price({ model: 'volume', tiers: [tier('1000', '0.10'), tier(null, '0.08')] }) },
      { tiers: ['100.00'], total: '100.00' },
    ],
    [
      'package',
      { usage: ['1001'], price: price({ model: 'package', size: '1000', unitPrice: '5.00' }) },
      { tiers: ['10.00'], total: '10.00' },
    ],
    [
      'included',
      { usage: ['1250'], price: price({ model: 'per_unit', unitPrice: '0.02', included: '1000' }) },
      { tiers: ['0.00', '5.00'], total: '5.00' },
    ],
    [
      'JPY',
      { usage: ['0.5', '0.5', '0.5'], price: price({ model: 'per_unit', unitPrice: '1' }), terms: { currency: 'JPY' } },
      { line: { exactAmount: '1.5' }, hours: ['1', '0', '1'], total: '2' },
    ],
    ['KWD', { usage: ['1'], price: price({ model: 'per_unit', unitPrice: '0.0005' }), terms: { currency: 'KWD' } }, { total: '0.001' }],
    [
      'negative correction',
      { usage: ['10', '-4'], price: price({ model: 'per_unit', unitPrice: '0.25' }) },
      { hours: ['2.50', '-1.00'], total: '1.50' },
    ],
    [
      'max',
      { usage: ['10', '15', '12'], price: price({ model: 'per_unit', unitPrice: '2.00' }), aggregation: 'max' },
      { line: { quantity: '15' }, hours: ['20.00', '10.00', '0.00'], total: '30.00' },
    ],
    [
      'minimum and discount',
      {
        usage: ['80'],
        price: price({ model: 'per_unit', unitPrice: '1' }),
        terms: { minimum: '100', discounts: [{ percent: '10' }] },
      },
      { line: { amount: '80.00' }, total: '100.00' },
    ],
  ])('%s', (_case, example, { line, hours, tiers, total }) => {
    const invoice = invoiceOf(example);
    expect(invoice.lines).toMatchObject([line ?? {}]);
    if (hours !== undefined) expect(invoice.lines[0]?.hours.map(({ amount }) => amount)).toEqual(hours);
    if (tiers !== undefined) expect(invoice.lines[0]?.tiers.map(({ amount }) => amount)).toEqual(tiers);
    expect(invoice.total).toBe(total);
  });

  it('minimum and discount: 72.00 and a true-up of 28.00', () => {
    const invoice = invoiceOf({
      usage: ['80'],
      price: price({ model: 'per_unit', unitPrice: '1' }),
      terms: { minimum: '100', discounts: [{ percent: '10' }] },
    });
    expect(invoice).toMatchObject({
      subtotal: '80.00',
      discounts: [{ base: '80.00', amount: '-8.00' }],
      minimums: [{ minimum: '100.00', base: '72.00', amount: '28.00' }],
      total: '100.00',
    });
  });

  it('a meter that is used and has no price is a line of 0 that says so', () => {
    const usage = usageOf('calls', '5');
    expect(buildInvoice(inputOf({ usage: [usage] }, planOf([]))).lines).toMatchObject([
      {
        meter: 'calls',
        pricing: 'unpriced',
        quantity: '5',
        amount: '0.00',
        hours: [{ start: new Date(octoberHours[0]?.from ?? 0).toISOString().replace('.000', '') }],
      },
    ]);
  });
});
