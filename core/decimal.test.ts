import { Decimal as AnyDecimal } from 'decimal.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDecimals, compareDecimals, formatDecimal, formatFixed, multiplyDecimals, subtractDecimals, toScaled } from './decimal.ts';

/** An independent arithmetic to compare with; 120 digits hold every result here. */
const Reference = AnyDecimal.clone({ precision: 120, toExpNeg: -1000, toExpPos: 1000 });

const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }), fc.integer({ min: 0, max: 18 }))
  .map(([negative, digits, scale]) => formatFixed(negative ? -digits : digits, scale));

describe('decimals', () => {
  it.each([
    ['0.1', '0.2', '0.3'],
    ['99999999999999999999', '99999999999999999999', '199999999999999999998'],
    ['-1.50', '1.5', '0'],
    ['0.000000000000000001', '1', '1.000000000000000001'],
  ])('%s + %s = %s', (a, b, sum) => expect(addDecimals(a, b)).toBe(sum));

  it('add, subtract, multiply and compare as an independent library does', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const [x, y] = [new Reference(a), new Reference(b)];
        expect(addDecimals(a, b)).toBe(positiveZero(x.plus(y)));
        expect(subtractDecimals(a, b)).toBe(positiveZero(x.minus(y)));
        expect(multiplyDecimals(a, b)).toBe(positiveZero(x.times(y)));
        expect(compareDecimals(a, b)).toBe(x.comparedTo(y));
      }),
      { numRuns: 2000 },
    );
  });

  it('print exactly the digits asked for, or none too many', () => {
    expect(formatFixed(-5n, 2)).toBe('-0.05');
    expect(formatFixed(1250n, 3)).toBe('1.250');
    expect(formatFixed(0n, 2)).toBe('0.00');
    expect(formatFixed(7n, 0)).toBe('7');
    expect(formatDecimal(1250n, 3)).toBe('1.25');
    expect(formatDecimal(-2000n, 3)).toBe('-2');
    expect(formatDecimal(1000n, 0)).toBe('1000');
    expect(formatDecimal(0n, 36)).toBe('0');
  });

  it.each(['', '1e3', '1.', '.5', '+1', ' 1', '0x10', 'NaN', '1,5', '--1', '1.2.3', '1\n'])('%j is not a decimal', (text) =>
    expect(() => toScaled(text, 18)).toThrow(RangeError),
  );

  it('refuse a fraction that the scale cannot hold, rather than cut it', () => {
    expect(toScaled('0.123456789012345678', 18)).toBe(123456789012345678n);
    expect(() => toScaled('0.1234567890123456789', 18)).toThrow('more than 18 fraction digits');
  });
});

function positiveZero(value: AnyDecimal): string {
  return value.isZero() ? '0' : value.toFixed();
}
