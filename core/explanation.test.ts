import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { billingCase } from '../test/support/billing-cases.ts';
import { rateCase } from '../test/support/rate-case.ts';
import { inputOf, perUnit, planOf, usageOf } from '../test/support/invoice-input.ts';
import type { Price } from '../schemas/http/plans.ts';
import { addDecimals, compareDecimals } from './decimal.ts';
import { formulaOf } from './explanation.ts';
import { buildInvoice, writeInvoice } from './invoice.ts';

const tiers = [
  { upTo: '1000', unitPrice: '0.10' },
  { upTo: null, unitPrice: '0.08', flatFee: '5' },
];

function textsOf(price: Price, quantity: string): string[] {
  const { lines } = buildInvoice(inputOf({ usage: [usageOf('calls', quantity)] }, planOf([price])));
  return lines.flatMap((line) => formulaOf(line).map(({ text }) => text));
}

describe('the formula of a line', () => {
  it.each<[string, Price, string, string[]]>([
    ['per unit', perUnit('calls', '0.0000004'), '18059974', ['18059974 × 0.0000004 = 7.2239896']],
    [
      'included units',
      { meter: 'calls', model: 'per_unit', unitPrice: '0.02', included: '1000' },
      '1250',
      ['1000 × 0 = 0', '250 × 0.02 = 5'],
    ],
    ['graduated', { meter: 'calls', model: 'graduated', tiers }, '1250', ['1000 × 0.1 = 100', '250 × 0.08 + 5 = 25']],
    ['volume', { meter: 'calls', model: 'volume', tiers }, '1250', ['1250 × 0.08 + 5 = 105']],
    [
      'packages',
      { meter: 'calls', model: 'package', size: '1000', unitPrice: '5' },
      '1001',
      ['2 (started packages of 1000 in 1001) × 5 = 10'],
    ],
    ['a correction', { meter: 'calls', model: 'graduated', tiers }, '-4', ['-4 × 0.1 = -0.4']],
    ['a fee that covers it', { meter: 'calls', model: 'flat', amount: '49' }, '3', ['fixed fee = 49', '3 × 0 = 0: a fixed fee covers it']],
    ['no price', perUnit('other', '1'), '3', ['3 × 0 = 0: the plan has no price for it']],
  ])('of %s says what was multiplied', (_name, price, quantity, texts) => {
    expect(textsOf(price, quantity)).toEqual(texts);
  });

  it('comes to the exact amount, whatever the plan', () => {
    fc.assert(
      fc.property(billingCase, (one) => {
        const { rated, segments } = rateCase(one);
        const input = inputOf({ currency: one.currency, period: { ...one.period, timeZone: one.zone }, segments });
        for (const line of writeInvoice(input, rated, { hours: false }).lines) {
          const exact = formulaOf(line).map((step) => step.exact);
          expect(compareDecimals(exact.reduce(addDecimals, '0'), line.exactAmount)).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
