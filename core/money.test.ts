import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFixed } from './decimal.ts';
import { CURRENCIES, formatMinor, isCurrency, minorDigits, percentOf, roundAmount } from './money.ts';

describe('currencies', () => {
  it.each([
    ['USD', 2],
    ['EUR', 2],
    ['JPY', 0],
    ['KRW', 0],
    ['KWD', 3],
    ['BHD', 3],
    ['TND', 3],
    ['CLF', 4],
    ['UYW', 4],
  ])('%s has %i digits', (code, digits) => expect(minorDigits(code)).toBe(digits));

  it.each([
    ['HUF', 2],
    ['IDR', 2],
    ['COP', 2],
    ['LBP', 2],
    ['IQD', 3],
  ])('%s has the %i digits of ISO 4217, where Intl says 0', (code, digits) => {
    expect(new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions().maximumFractionDigits).toBe(0);
    expect(minorDigits(code)).toBe(digits);
  });

  it('never have fewer digits than Intl shows, and every active one of Intl is known', () => {
    const withdrawnOrWithoutMinorUnit = new Set(['ANG', 'BGN', 'CUC', 'HRK', 'SLL', 'XDR', 'XSU', 'ZWL']);
    const unknown = Intl.supportedValuesOf('currency').filter((code) => !isCurrency(code) && !withdrawnOrWithoutMinorUnit.has(code));
    expect(unknown).toEqual([]);
    for (const code of CURRENCIES) {
      const shown = new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions().maximumFractionDigits ?? 0;
      // Intl gives 2 for a code that it does not know.
      if (Intl.supportedValuesOf('currency').includes(code)) expect(minorDigits(code), code).toBeGreaterThanOrEqual(shown);
    }
    expect(new Set(CURRENCIES).size).toBe(CURRENCIES.length);
  });

  it.each(['usd', 'XXX', 'XAU', 'DEM', 'ABC', '', 'constructor'])('%j is no currency', (code) => {
    expect(isCurrency(code)).toBe(false);
    expect(() => minorDigits(code)).toThrow(RangeError);
  });
});

describe('rounding', () => {
  it.each([
    ['7.2239896', 'USD', '7.22'],
    ['0.005', 'USD', '0.01'],
    ['-0.005', 'USD', '-0.01'],
    ['0.0049999999999999999999', 'USD', '0.00'],
    ['-0.004', 'USD', '0.00'],
    ['1.5', 'JPY', '2'],
    ['0.5', 'JPY', '1'],
    ['0.0005', 'KWD', '0.001'],
    ['12', 'USD', '12.00'],
    ['0.00005', 'CLF', '0.0001'],
  ])('%s %s is %s', (exact, currency, amount) => expect(roundAmount(exact, currency)).toBe(amount));

  it.each([
    ['0.005', '0.00'],
    ['0.015', '0.02'],
    ['-0.025', '-0.02'],
    ['0.0250001', '0.03'],
  ])('half-even takes %s USD to %s', (exact, amount) => expect(roundAmount(exact, 'USD', 'half-even')).toBe(amount));

  it('agrees with an independent library in every currency and mode', () => {
    const Reference = Decimal.clone({ precision: 120 });
    const amount = fc.tuple(fc.bigInt({ min: -(10n ** 50n), max: 10n ** 50n }), fc.integer({ min: 0, max: 40 }));
    fc.assert(
      fc.property(amount, fc.constantFrom(...CURRENCIES), fc.boolean(), ([digits, scale], currency, even) => {
        const exact = formatFixed(digits, scale);
        const mode = even ? Decimal.ROUND_HALF_EVEN : Decimal.ROUND_HALF_UP;
        const expected = new Reference(exact).toFixed(minorDigits(currency), mode).replace(/^-(0(\.0+)?)$/, '$1');
        expect(roundAmount(exact, currency, even ? 'half-even' : 'half-away')).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    [333n, '10', 'half-away', 33n],
    [335n, '10', 'half-away', 34n],
    [345n, '10', 'half-even', 34n],
    [-335n, '10', 'half-away', -34n],
    [1n, '0.000000000000000001', 'half-away', 0n],
    [10n ** 40n, '33.3', 'half-away', 333n * 10n ** 37n],
  ] as const)('%s minor units: %s %% of them, %s, are %s', (minor, percent, rounding, expected) => {
    expect(percentOf(minor, percent, rounding)).toBe(expected);
  });

  it('prints minor units with exactly the digits of the currency', () => {
    expect(formatMinor(-5n, 'USD')).toBe('-0.05');
    expect(formatMinor(5n, 'JPY')).toBe('5');
    expect(formatMinor(5n, 'KWD')).toBe('0.005');
  });
});
