import { describe, expect, it } from 'vitest';
import {
  figureParts,
  formatAmount,
  formatAxis,
  formatBytes,
  formatDecimal,
  formatMoney,
  formatSeconds,
  minorDigits,
  plural,
} from './format.ts';

describe('figures', () => {
  it.each([
    ['18059974', '18,059,974'],
    ['-1234.5', '\u22121,234.5'],
    ['20.52022672899', '20.52022672899'],
    ['12.500000', '12.5'],
    ['0', '0'],
    ['-0.000', '0'],
    ['999', '999'],
    ['99999999999999999999.999999999999999999', '99,999,999,999,999,999,999.999999999999999999'],
    ['007', '7'],
  ])('%s reads %s', (text, expected) => {
    expect(formatDecimal(text, 0, 'en')).toBe(expected);
  });

  it.each([
    ['de', '1.234.567,89'],
    ['en-IN', '12,34,567.89'],
    ['fr', '1\u202f234\u202f567,89'],
    ['pl', '1\u00a0234\u00a0567,89'],
    ['ar-EG', '1,234,567.89'],
  ])('a reader of %s sees %s', (locale, expected) => {
    expect(formatDecimal('1234567.89', 0, locale)).toBe(expected);
  });

  it('keeps every digit in every language', () => {
    expect(formatDecimal('-99999999999999999999.000000000000000001', 0, 'de')).toBe('\u221299.999.999.999.999.999.999,000000000000000001');
  });

  it('splits for columns that align on the point', () => {
    expect(figureParts('-12.5', 4, 'en')).toEqual({ sign: '\u2212', integer: '12', point: '.', fraction: '5000' });
  });
});

describe('money', () => {
  it('shows at least the minor unit and never drops a digit', () => {
    expect(formatMoney('7.2', 'USD', 'en')).toBe('$7.20');
    expect(formatMoney('0.0000004', 'USD', 'en')).toBe('$0.0000004');
    expect(formatMoney('-1250', 'JPY', 'en')).toBe('\u2212¥1,250');
    expect(formatMoney('-1250.5', 'EUR', 'de')).toBe('\u22121.250,50\u00a0€');
    expect(formatAmount('1', 'KWD', 'en')).toBe('1.000');
    expect(formatMoney('5', 'CHF', 'en')).toBe('CHF\u00a05.00');
  });

  it('knows the minor unit of a currency', () => {
    expect([minorDigits('JPY'), minorDigits('USD'), minorDigits('KWD'), minorDigits('')]).toEqual([0, 2, 3, 2]);
  });
});

describe('sizes, durations and axes', () => {
  it('names them shortly', () => {
    expect(formatBytes(238_500_000, 'en')).toBe('238.5 MB');
    expect(formatBytes(12, 'en')).toBe('12 bytes');
    expect(formatSeconds(2.94, 'en')).toBe('2.9 s');
    expect(formatSeconds(2, 'en')).toBe('2 s');
    expect(formatSeconds(600, 'en')).toBe('10 min');
    expect([formatAxis(8e6, 'en'), formatAxis(1250, 'en'), formatAxis(0.5, 'en'), formatAxis(-4e6, 'en')]).toEqual([
      '8 M',
      '1.25 k',
      '0.5',
      '\u22124 M',
    ]);
    expect(plural(1, 'event', 'events', 'en')).toBe('1 event');
    expect(plural(2040, 'event', 'events', 'en')).toBe('2,040 events');
  });
});
