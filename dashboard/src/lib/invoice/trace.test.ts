import { describe, expect, it } from 'vitest';
import { formulaOf, pricingNote, pricingTerm, shortened } from './formula.ts';
import { allHoursOf, daysOf, hoursOf, partsHold, totalsHold, type TraceDay } from './trace.ts';

const period = { from: '2026-09-30T18:15:00Z', to: '2026-10-31T18:15:00Z', timeZone: 'Asia/Kathmandu' };
const hour = (start: string, quantity: string, amount: string, runningAmount: string) => ({
  start,
  end: new Date(Date.parse(start) + 3_600_000).toISOString(),
  quantity,
  events: 1,
  amount,
  runningAmount,
});
const line = {
  hours: [
    hour('2026-10-01T17:15:00Z', '0.5', '1', '1'),
    hour('2026-10-01T18:15:00Z', '0.5', '0', '1'),
    hour('2026-10-01T20:15:00Z', '0.5', '1', '2'),
  ],
};

describe('the trace of a line', () => {
  it('cuts days at local midnight and lists every day of the period', () => {
    const days = daysOf(hoursOf(line), period);
    expect(days).toHaveLength(31);
    expect(days.slice(0, 4).map(({ key, quantity, amount, before, after }) => [key, quantity, amount, before, after])).toEqual([
      ['2026-10-01', '0.5', '1', '0', '1'],
      ['2026-10-02', '1', '1', '1', '2'],
      ['2026-10-03', '0', '0', '2', '2'],
      ['2026-10-04', '0', '0', '2', '2'],
    ]);
    expect(partsHold(days, { quantity: '1.5', amount: '2' })).toBe(true);
    expect(partsHold(days, { quantity: '1.5', amount: '2.01' })).toBe(false);
  });

  it('lists every hour of a day, with the running amount carried on', () => {
    const days = daysOf(hoursOf(line), period);
    const hours = allHoursOf(days[1] as TraceDay, (days[2] as TraceDay).start, 'Asia/Kathmandu');
    expect(hours).toHaveLength(24);
    expect(hours.slice(0, 4).map(({ quantity, before, after }) => [quantity, before, after])).toEqual([
      ['0.5', '1', '1'],
      ['0', '1', '1'],
      ['0.5', '1', '2'],
      ['0', '2', '2'],
    ]);
  });

  it('checks lines, subtotal, tax and total', () => {
    const lines = [{ amount: '7.22' }, { amount: '0.30' }] as never;
    const tax = [{ name: 'VAT', rate: '19', base: '7.52', amount: '1.43' }];
    const entries = { discounts: [], minimums: [], adjustments: [] };
    expect(totalsHold({ ...entries, lines, subtotal: '7.52', tax, total: '8.95' })).toBe(true);
    expect(totalsHold({ ...entries, lines, subtotal: '7.53', tax, total: '8.96' })).toBe(false);
    const discounts = [{ amount: '-0.52' }] as never;
    const minimums = [{ amount: '3' }] as never;
    expect(totalsHold({ ...entries, discounts, minimums, lines, subtotal: '7.52', tax, total: '11.43' })).toBe(true);
    expect(totalsHold({ ...entries, discounts, lines, subtotal: '7.52', tax, total: '8.95' })).toBe(false);
  });
});

describe('formulas', () => {
  const tier = (quantity: string, unitPrice: string, flatFee?: string) => ({
    from: '0',
    to: null,
    quantity,
    unitPrice,
    amount: '0',
    ...(flatFee === undefined ? {} : { flatFee }),
  });

  it('can be redone on paper', () => {
    expect(formulaOf({ pricing: 'per_unit', tiers: [tier('18059974', '0.0000004')], amount: '7.22' }, 'USD')).toBe(
      '18,059,974 \u00d7 $0.0000004 = $7.22',
    );
    expect(formulaOf({ pricing: 'graduated', tiers: [tier('1000', '0.10'), tier('250', '0.08', '5')], amount: '125' }, 'USD')).toBe(
      '1,000 \u00d7 $0.10 + $5.00 + 250 \u00d7 $0.08 = $125.00',
    );
  });

  it('count packages, not units', () => {
    const started = { ...tier('1001', '5'), packageSize: '1000', packages: '2' };
    expect(formulaOf({ pricing: 'package', tiers: [started], amount: '10' }, 'USD')).toBe('2 packages of 1,000 \u00d7 $5.00 = $10.00');
  });

  it('say what is included', () => {
    expect(formulaOf({ pricing: 'per_unit', tiers: [tier('1000', '0'), tier('250', '0.02')], amount: '5' }, 'USD')).toBe(
      '1,000 included, then 250 \u00d7 $0.02 = $5.00',
    );
    expect(formulaOf({ pricing: 'per_unit', tiers: [tier('900', '0')], amount: '0' }, 'USD')).toBe('900 included');
    expect(formulaOf({ pricing: 'unpriced', tiers: [], amount: '0' }, 'USD')).toBe('');
  });

  it('say what the model does where the numbers do not', () => {
    const usage = { kind: 'usage' as const };
    expect(pricingNote({ ...usage, pricing: 'graduated' })).toBe('each unit at the price of its tier');
    expect(pricingNote({ ...usage, pricing: 'volume' })).toBe('all at the price of the tier that the total reaches');
    expect(pricingNote({ ...usage, pricing: 'package' })).toBe('each package that was begun is charged');
    expect(pricingNote({ ...usage, pricing: 'covered' })).toBe('covered by its fixed fee');
    expect(pricingNote({ ...usage, pricing: 'per_unit' })).toBe('');
    expect(pricingNote({ kind: 'fee', pricing: 'flat' })).toBe('fixed fee, for the whole period');
    const share = { seconds: '1299600', of: '2682000' };
    expect(pricingNote({ kind: 'fee', pricing: 'flat', share })).toBe('fixed fee, for 15 days 1 hour of 31 days 1 hour');
  });

  it('are explained by the word for the model, or for the part of a month', () => {
    const usage = { kind: 'usage' as const };
    expect(pricingTerm({ ...usage, pricing: 'graduated' })).toBe('graduated');
    expect(pricingTerm({ ...usage, pricing: 'unpriced' })).toBe('unpriced');
    expect(pricingTerm({ ...usage, pricing: 'per_unit' })).toBeUndefined();
    expect(pricingTerm({ kind: 'fee', pricing: 'flat' })).toBe('flat');
    expect(pricingTerm({ kind: 'fee', pricing: 'flat', share: { seconds: '1299600', of: '2682000' } })).toBe('proration');
  });

  it('end where nobody reads on', () => {
    expect(shortened('9.677419354838709677419354838709677419')).toBe('9.677419354838709677\u2026');
    expect(shortened('25.29')).toBe('25.29');
  });
});
