import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Price, Tier } from '../schemas/http/plans.ts';
import { formatDecimal, formatFixed, toScaled } from './decimal.ts';
import { CURRENCIES, formatMinor, minorDigits, rounderOf, type Rounding } from './money.ts';
import { EXACT_SCALE, priceFunction, QUANTITY_SCALE, rateUsage, UNPRICED } from './rating.ts';

/** Rates hours of the given quantities and writes the outcome as an invoice would. */
function rate(price: Price, quantities: string[], currency = 'USD', rounding: Rounding = 'half-away') {
  const round = rounderOf({ currency, scale: EXACT_SCALE, rounding });
  const scaled = quantities.map((quantity) => toScaled(quantity, QUANTITY_SCALE));
  const rated = rateUsage(priceFunction(price), scaled, round);
  const money = (minor: bigint): string => formatMinor(minor, currency);
  return {
    exact: formatDecimal(rated.exactAmount, EXACT_SCALE),
    amount: money(rated.amount),
    tiers: rated.tiers.map(({ quantity, amount }) => [formatDecimal(quantity, QUANTITY_SCALE), money(amount)]),
    hours: rated.runningAmounts.map((after, i) => money(after - (rated.runningAmounts[i - 1] ?? 0n))),
    minor: rated,
  };
}

const perUnit = (unitPrice: string, included?: string): Price => ({
  meter: 'calls',
  model: 'per_unit',
  unitPrice,
  ...(included === undefined ? {} : { included }),
});
const graduated = (...tiers: Tier[]): Price => ({ meter: 'calls', model: 'graduated', tiers });
const upTo = (limit: string | null, unitPrice: string, flatFee?: string): Tier => ({
  upTo: limit,
  unitPrice,
  ...(flatFee === undefined ? {} : { flatFee }),
});

describe('worked examples of the billing rules', () => {
  it('per unit, tiny price: 18,059,974 × 0.0000004 is 7.22', () => {
    expect(rate(perUnit('0.0000004'), ['18059974'])).toMatchObject({ exact: '7.2239896', amount: '7.22' });
  });

  it('graduated: 1,250 at 0.10 up to 1,000, then 0.08, is 120.00', () => {
    const rated = rate(graduated(upTo('1000', '0.10'), upTo(null, '0.08')), ['1250']);
    expect(rated).toMatchObject({ exact: '120', amount: '120.00' });
    expect(rated.tiers).toEqual([
      ['1000', '100.00'],
      ['250', '20.00'],
    ]);
  });

  it('three tiers of exact 0.335: the line is 1.01, the tiers 0.34, 0.33 and 0.34', () => {
    const rated = rate(graduated(upTo('1', '0.335'), upTo('2', '0.335'), upTo(null, '0.335')), ['3']);
    expect(rated.amount).toBe('1.01');
    expect(rated.tiers.map(([, amount]) => amount)).toEqual(['0.34', '0.33', '0.34']);
  });

  it('included: 1,250 with 1,000 included, then 0.02, is 5.00', () => {
    const rated = rate(perUnit('0.02', '1000'), ['600', '650']);
    expect(rated).toMatchObject({ amount: '5.00', hours: ['0.00', '5.00'] });
    expect(rated.tiers).toEqual([
      ['1000', '0.00'],
      ['250', '5.00'],
    ]);
  });

  it('JPY: 3 hours of 0.5 at 1 yen are 2; the hours 1, 0 and 1', () => {
    expect(rate(perUnit('1'), ['0.5', '0.5', '0.5'], 'JPY')).toMatchObject({ exact: '1.5', amount: '2', hours: ['1', '0', '1'] });
  });

  it('KWD: 1 at 0.0005 is 0.001', () => {
    expect(rate(perUnit('0.0005'), ['1'], 'KWD')).toMatchObject({ exact: '0.0005', amount: '0.001' });
  });

  it('negative correction: 10, then −4, at 0.25 is 1.50; the hours 2.50 and −1.00', () => {
    expect(rate(perUnit('0.25'), ['10', '-4'])).toMatchObject({ amount: '1.50', hours: ['2.50', '-1.00'] });
  });
});

describe('edges', () => {
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
    const rated = rateUsage(UNPRICED, [toScaled('5', 18)], (exact) => exact);
    expect(rated).toEqual({ quantity: toScaled('5', 18), exactAmount: 0n, amount: 0n, tiers: [], runningAmounts: [0n] });
  });
});

/** Exact fractions, to compute the same amounts another way: unit by unit price of each tier, added up from nothing. */
type Fraction = readonly [numerator: bigint, denominator: bigint];
const fraction = (text: string): Fraction => {
  const [whole = '', decimals = ''] = text.split('.');
  return [BigInt(whole + decimals), 10n ** BigInt(decimals.length)];
};
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d];
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
const minus = (x: Fraction, [c, d]: Fraction): Fraction => plus(x, [-c, d]);
const isLess = (x: Fraction, y: Fraction): boolean => minus(x, y)[0] < 0n;
const NOTHING: Fraction = [0n, 1n];

/** Half away from zero: the sign apart, add a half and cut. */
function roundAway([numerator, denominator]: Fraction, digits: number): bigint {
  if (numerator < 0n) return -roundAway([-numerator, denominator], digits);
  return (2n * numerator * 10n ** BigInt(digits) + denominator) / (2n * denominator);
}

function expectedAmount(price: Price, quantity: Fraction): Fraction {
  const tiers = price.model === 'graduated' ? price.tiers : [upTo(price.included ?? '0', '0'), upTo(null, price.unitPrice)];
  if (quantity[0] <= 0n)
    return times(quantity, fraction(price.model === 'graduated' ? (price.tiers[0]?.unitPrice ?? '0') : price.unitPrice));
  let [sum, from] = [NOTHING, NOTHING];
  for (const tier of tiers) {
    if (!isLess(from, quantity)) break;
    const limit = tier.upTo === null ? quantity : fraction(tier.upTo);
    const end = isLess(quantity, limit) ? quantity : limit;
    sum = plus(plus(sum, fraction(tier.flatFee ?? '0')), times(minus(end, from), fraction(tier.unitPrice)));
    from = limit;
  }
  return sum;
}

const decimalText = (integerDigits: number, fractionDigits: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** BigInt(integerDigits + fractionDigits) - 1n }), fc.constant(fractionDigits))
    .map(([digits, scale]) => formatFixed(digits, scale));
const amountText = fc.oneof(decimalText(20, 18), decimalText(2, 3), decimalText(0, 7), fc.constantFrom('0', '0.5', '0.335', '0.005'));
const quantityText = fc
  .tuple(fc.constantFrom('', '', '', '-'), fc.oneof(decimalText(20, 18), decimalText(3, 1), fc.nat({ max: 50 }).map(String)))
  .map(([sign, size]) => sign + size);
const tiersText = fc
  .tuple(
    fc.uniqueArray(fc.oneof(fc.bigInt({ min: 1n, max: 100n }), fc.bigInt({ min: 1n, max: 10n ** 20n - 1n })), { maxLength: 6 }),
    fc.array(fc.tuple(amountText, fc.option(amountText, { nil: undefined })), { minLength: 7, maxLength: 7 }),
  )
  .map(([limits, prices]) => {
    const sorted = limits.sort((a, b) => (a < b ? -1 : 1)).map(String);
    return prices.slice(0, sorted.length + 1).map(([unitPrice, flatFee], n) => upTo(sorted[n] ?? null, unitPrice, flatFee));
  });
const anyPrice: fc.Arbitrary<Price> = fc.oneof(
  fc.tuple(amountText, fc.option(decimalText(3, 1), { nil: undefined })).map(([unitPrice, included]) => perUnit(unitPrice, included)),
  tiersText.map((tiers) => graduated(...tiers)),
);

describe('against exact fractions', () => {
  it('every running amount, hour, tier and line agrees, and hours and tiers add up to the line', () => {
    fc.assert(
      fc.property(anyPrice, fc.array(quantityText, { maxLength: 30 }), fc.constantFrom(...CURRENCIES), (price, quantities, currency) => {
        const rated = rate(price, quantities, currency).minor;
        const digits = minorDigits(currency);
        let [quantity, running] = [NOTHING, [] as bigint[]];
        for (const text of quantities) {
          quantity = plus(quantity, fraction(text));
          running = [...running, roundAway(expectedAmount(price, quantity), digits)];
        }
        const [numerator, denominator] = expectedAmount(price, quantity);
        expect(rated.exactAmount * denominator).toBe(numerator * 10n ** BigInt(EXACT_SCALE));
        expect(rated.runningAmounts).toEqual(running);
        expect(rated.amount).toBe(running.at(-1) ?? 0n);
        expect(sum(rated.tiers.map(({ amount }) => amount))).toBe(rated.amount);
        expect(sum(rated.tiers.map((tier) => tier.quantity))).toBe(rated.quantity);
      }),
      { numRuns: 2000 },
    );
  });
});

function sum(values: bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
