import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantityText, usagePrice } from '../test/support/billing-cases.ts';
import { equals, exactPrice, fraction, plus, rounded, type Fraction } from '../test/support/exact-invoice.ts';
import type { Tier } from '../schemas/http/plans.ts';
import { formatDecimal, toScaled } from './decimal.ts';
import { CURRENCIES, formatMinor, minorDigits, rounderOf, type Rounding } from './money.ts';
import { priceModel, type UsagePrice } from './price-models.ts';
import { EXACT_SCALE, FREE, QUANTITY_SCALE, rateUsage } from './rating.ts';

/** Rates hours of the given quantities and writes the outcome as an invoice would. */
function rate(price: UsagePrice, quantities: string[], currency = 'USD', rounding: Rounding = 'half-away') {
  const round = rounderOf({ currency, scale: EXACT_SCALE, rounding });
  const scaled = quantities.map((quantity) => toScaled(quantity, QUANTITY_SCALE));
  const rated = rateUsage(priceModel(price), scaled, round);
  const money = (minor: bigint): string => formatMinor(minor, currency);
  return {
    exact: formatDecimal(rated.exactAmount, EXACT_SCALE),
    amount: money(rated.amount),
    tiers: rated.tiers.map(({ quantity, amount }) => [formatDecimal(quantity, QUANTITY_SCALE), money(amount)]),
    hours: rated.runningAmounts.map((after, i) => money(after - (rated.runningAmounts[i - 1] ?? 0n))),
    minor: rated,
  };
}

const perUnit = (unitPrice: string, included?: string): UsagePrice => ({
  meter: 'calls',
  model: 'per_unit',
  unitPrice,
  ...(included === undefined ? {} : { included }),
});
const graduated = (...tiers: Tier[]): UsagePrice => ({ meter: 'calls', model: 'graduated', tiers });
const volume = (...tiers: Tier[]): UsagePrice => ({ meter: 'calls', model: 'volume', tiers });
const packages = (size: string, unitPrice: string): UsagePrice => ({ meter: 'calls', model: 'package', size, unitPrice });
const upTo = (limit: string | null, unitPrice: string, flatFee?: string): Tier => ({
  upTo: limit,
  unitPrice,
  ...(flatFee === undefined ? {} : { flatFee }),
});

describe('the cumulative rule', () => {
  it('a tier includes its upTo, and the next one begins above it', () => {
    const price = graduated(upTo('1000', '0.10'), upTo(null, '0.08', '5'));
    expect(rate(price, ['1000']).amount).toBe('100.00');
    expect(rate(price, ['1000']).tiers).toHaveLength(1);
    expect(rate(price, ['1000.000000000000000001']).exact).toBe('105.00000000000000000008');
  });

  it('flat fees fall due as their tiers are entered, in the hour that enters them', () => {
    const price = graduated(upTo('10', '1', '2'), upTo('20', '0', '3'), upTo(null, '1', '5'));
    const rated = rate(price, ['5', '5', '1', '20']);
    expect(rated).toMatchObject({ amount: '31.00', hours: ['7.00', '5.00', '3.00', '16.00'] });
    expect(rated.tiers.map(([, amount]) => amount)).toEqual(['12.00', '3.00', '16.00']);
  });

  it('no usage owes nothing, not even the first flat fee, and a correction back to 0 returns it', () => {
    const price = graduated(upTo(null, '1', '2'));
    expect(rate(price, ['0'])).toMatchObject({ amount: '0.00', tiers: [['0', '0.00']] });
    expect(rate(price, ['5', '-5'])).toMatchObject({ amount: '0.00', hours: ['7.00', '-7.00'] });
  });

  it('below zero, the first unit price counts, without flat fees and without included units', () => {
    expect(rate(graduated(upTo('10', '0.5', '3'), upTo(null, '9')), ['-4'])).toMatchObject({ amount: '-2.00', tiers: [['-4', '-2.00']] });
    expect(rate(perUnit('0.25', '1000'), ['-4'])).toMatchObject({ amount: '-1.00', tiers: [['-4', '-1.00']] });
    expect(rate(perUnit('0.005'), ['-1']).amount).toBe('-0.01');
  });

  it('the largest quantity and price lose no digit', () => {
    const nines = '99999999999999999999.999999999999999999';
    const twiceItsSquare = '19999999999999999999999999999999999999600.000000000000000000000000000000000002';
    expect(rate(perUnit(nines), [nines, nines]).exact).toBe(twiceItsSquare);
  });

  it('half-even rounds the line, and the hours still add up', () => {
    expect(rate(perUnit('0.005'), ['1', '1', '1'], 'USD', 'half-even')).toMatchObject({ amount: '0.02', hours: ['0.00', '0.01', '0.01'] });
  });

  it('a meter without a price costs 0 and has no tiers', () => {
    const rated = rateUsage(FREE, [toScaled('5', 18)], (exact) => exact);
    expect(rated).toEqual({ quantity: toScaled('5', 18), exactAmount: 0n, amount: 0n, tiers: [], runningAmounts: [0n] });
  });
});

describe('volume', () => {
  const price = volume(upTo('1000', '0.10', '1'), upTo(null, '0.08', '5'));

  it('takes the unit price of the final total for every hour, and its flat fee in the first', () => {
    const rated = rate(price, ['500', '500', '250']);
    expect(rated).toMatchObject({ amount: '105.00', hours: ['45.00', '40.00', '20.00'], tiers: [['1250', '105.00']] });
    expect(rated.minor.tiers).toMatchObject([{ from: toScaled('1000', 18), to: null, flatFee: toScaled('5', 18) }]);
  });

  it('includes the limit in the tier below it', () => {
    expect(rate(price, ['1000'])).toMatchObject({ amount: '101.00', tiers: [['1000', '101.00']] });
    expect(rate(price, ['1000.000000000000000001']).exact).toBe('85.00000000000000000008');
  });

  it('owes nothing for a total of 0, and no fee for one below', () => {
    expect(rate(price, ['5', '-5'])).toMatchObject({ amount: '0.00', hours: ['0.50', '-0.50'], tiers: [['0', '0.00']] });
    expect(rate(price, ['5', '-9'])).toMatchObject({ amount: '-0.40', hours: ['0.50', '-0.90'], tiers: [['-4', '-0.40']] });
    expect(rate(price, [])).toMatchObject({ amount: '0.00', hours: [] });
  });

  it('keeps the final price in an hour that runs below 0', () => {
    expect(rate(price, ['-10', '20'])).toMatchObject({ amount: '2.00', hours: ['0.00', '2.00'] });
  });
});

describe('package', () => {
  it('charges started packages in the hour that starts them', () => {
    const rated = rate(packages('1000', '5.00'), ['1', '998', '1', '1', '-2']);
    expect(rated).toMatchObject({ amount: '5.00', hours: ['5.00', '0.00', '0.00', '5.00', '-5.00'] });
    expect(rated.minor.tiers).toMatchObject([{ packages: 1n, packageSize: toScaled('1000', 18) }]);
  });

  it.each([
    ['0', '0.00', 0n],
    ['0.000000000000000001', '2.50', 1n],
    ['0.5', '2.50', 1n],
    ['0.500000000000000001', '5.00', 2n],
    ['-0.000000000000000001', '-2.50', -1n],
    ['-0.5', '-2.50', -1n],
    ['-0.6', '-5.00', -2n],
  ])('of 0.5: %s costs %s', (quantity, amount, started) => {
    const rated = rate(packages('0.5', '2.5'), [quantity]);
    expect(rated).toMatchObject({ amount, tiers: [[quantity, amount]] });
    expect(rated.minor.tiers[0]?.packages).toBe(started);
  });
});

describe('against exact fractions', () => {
  it('every running amount, hour, tier and line agrees, for quantities of any size', () => {
    const any = fc.tuple(usagePrice('calls'), fc.array(quantityText, { maxLength: 30 }), fc.constantFrom(...CURRENCIES), fc.boolean());
    fc.assert(
      fc.property(any, ([price, quantities, currency, halfEven]) => {
        const rated = rate(price, quantities, currency, halfEven ? 'half-even' : 'half-away').minor;
        const total = quantities.map(fraction).reduce<Fraction>(plus, [0n, 1n]);
        const running = quantities.map((_, n) => {
          const quantity = quantities
            .slice(0, n + 1)
            .map(fraction)
            .reduce(plus);
          return rounded(exactPrice(price, quantity, total), minorDigits(currency), halfEven);
        });
        expect(equals([rated.exactAmount, 10n ** BigInt(EXACT_SCALE)], exactPrice(price, total, total))).toBe(true);
        expect(rated.runningAmounts).toEqual(running);
        expect(rated.amount).toBe(running.at(-1) ?? 0n);
        expect(sum(rated.tiers.map(({ amount }) => amount))).toBe(rated.amount);
        expect(sum(rated.tiers.map((tier) => tier.quantity))).toBe(rated.quantity);
      }),
      { numRuns: 1000 },
    );
  });
});

function sum(values: bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
