import { describe, expect, it } from 'vitest';
import type { PlanPreview } from '../types.ts';
import {
  discountWords,
  entriesSum,
  exampleMonth,
  lineFormula,
  metersOf,
  monthsAddress,
  quantitiesOf,
  quantitiesOfUsage,
  usageAddress,
} from './example.ts';

const line: PlanPreview['lines'][number] = {
  kind: 'usage',
  meter: 'calls',
  description: 'calls',
  quantity: '1250',
  unit: '',
  pricing: 'graduated',
  tiers: [
    { from: '0', to: '1000', quantity: '1000', unitPrice: '0.10', amount: '100.00' },
    { from: '1000', to: null, quantity: '250', unitPrice: '0.08', flatFee: '5', amount: '25.00' },
  ],
  exactAmount: '125',
  amount: '125.00',
  formula: [],
};

describe('the worked example', () => {
  it('asks for each meter with a price once, and for those that were used without one', () => {
    const prices = ['calls', 'calls', ''].map((meter) => ({ meter, model: 'per_unit' as const, unitPrice: '1' }));
    const plan = { name: '', currency: 'USD', prices: [...prices, { model: 'flat' as const, amount: '1' }] };
    expect(metersOf(plan, { storage: '3' })).toEqual(['calls', 'storage']);
    expect(quantitiesOf(['calls', 'storage'], { calls: ' 1.5 ', storage: ' ' })).toEqual([{ meter: 'calls', quantity: '1.5' }]);
  });

  it('takes quantities from usage, without corrections that outweigh it', () => {
    const total = [
      { meter: 'a', quantity: '12345678901234567890.123456789012345678', events: 1 },
      { meter: 'b', quantity: '-1', events: 1 },
    ];
    expect(quantitiesOfUsage({ buckets: [], total, meters: [], timeZone: 'UTC', asOf: '' })).toEqual({
      a: '12345678901234567890.123456789012345678',
    });
  });

  it.each([
    ['the last month that is over', ['2026-09-01T00:00:00Z', '2026-10-01T00:00:00Z', '2026-11-01T00:00:00Z'], 'UTC', '2026-10'],
    ['a month of long ago', ['2023-11-16T18:00:00Z'], 'UTC', '2023-11'],
    ['the present one where there is no other', ['2026-11-01T00:00:00Z'], 'UTC', '2026-11'],
    ['the present one without usage', [], 'UTC', '2026-11'],
    ['a month of its zone', ['2026-11-01T03:00:00Z'], 'America/New_York', '2026-10'],
  ])('is of %s', (_name, starts, zone, month) => {
    const buckets = starts.map((start) => ({ start }));
    expect(exampleMonth(buckets, Date.parse('2026-11-19T12:00:00Z'), zone)).toBe(month);
  });

  it('asks for all months of a customer, where there are any', () => {
    const extent = { from: '2023-09-01T00:00:00Z', to: '2023-12-01T00:00:00Z' };
    expect(monthsAddress('', extent, 'UTC') ?? monthsAddress('a', null, 'UTC')).toBeUndefined();
    expect(monthsAddress('a&b', extent, 'UTC')).toContain('customer=a%26b&from=2023-09-01T00%3A00%3A00Z');
  });

  it('asks for a month of the customer, of its real length', () => {
    const url = new URL(usageAddress('a/b ?', '2026-10', 'Europe/Berlin') ?? '', 'http://host');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      customer: 'a/b ?',
      from: '2026-09-30T22:00:00.000Z',
      to: '2026-10-31T23:00:00.000Z',
    });
    expect(usageAddress('a', '', 'UTC')).toBeUndefined();
  });

  it('writes formulas out, and says what has none', () => {
    expect(lineFormula(line, 'USD')).toBe('1,000 × $0.10 + $5.00 + 250 × $0.08 = $125.00');
    expect(lineFormula({ ...line, pricing: 'unpriced' }, 'USD')).toBe('has no price in this plan');
    expect(discountWords({ meter: null, percent: '10', offered: null, base: '80.00', amount: '-8.00' }, 'USD')).toBe(
      'Discount, 10 % of $80.00',
    );
    expect(discountWords({ meter: 'calls', percent: null, offered: '5', base: '80.00', amount: '-5.00' }, 'USD')).toBe(
      'Discount of $5.00, calls',
    );
  });

  it('adds its entries up', () => {
    const minimum = { minimum: '200.00', base: '112.50', amount: '87.50' };
    const discounts = [{ meter: null, percent: '10', offered: null, base: '125.00', amount: '-12.50' }];
    expect(entriesSum({ currency: 'USD', lines: [line], subtotal: '125.00', discounts, minimum, total: '200.00', warnings: [] })).toBe(
      '200',
    );
  });
});
