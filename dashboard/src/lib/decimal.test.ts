import { describe, expect, it } from 'vitest';
import { compare, equal, isZero, percent, subtract, sum } from './decimal.ts';

describe('exact sums of decimal strings', () => {
  it.each([
    [['0.1', '0.2'], '0.3'],
    [['18059973', '1'], '18059974'],
    [['99999999999999999999.999999999999999999', '0.000000000000000001'], '100000000000000000000'],
    [['-0.00000080000', '0.0000008'], '0'],
    [['1.50', '-3'], '-1.5'],
    [[], '0'],
    [['0.001', '5'], '5.001'],
  ])('%j sum to %s', (values, expected) => {
    expect(sum(values)).toBe(expected);
  });

  it('refuses what is no decimal number instead of guessing', () => {
    expect(() => sum(['1e5'])).toThrow('"1e5" is no decimal number');
    expect(() => sum([''])).toThrow();
  });

  it('subtracts across different numbers of fraction digits', () => {
    expect(subtract('20.52022672899', '0.1')).toBe('20.42022672899');
    expect(subtract('1', '1.000000000000000001')).toBe('-0.000000000000000001');
  });

  it('compares by value, not by text', () => {
    expect(compare('10', '9.99')).toBe(1);
    expect(compare('-1', '-1.0')).toBe(0);
    expect(compare('-2', '1')).toBe(-1);
    expect(equal('7.220', '7.22')).toBe(true);
    expect(isZero('-0.000')).toBe(true);
  });

  it('gives shares with one digit, rounded half away from zero', () => {
    expect(percent('108541582', '351446468')).toBe('30.9');
    expect(percent('1', '2000')).toBe('0.1');
    expect(percent('-1', '3')).toBe('-33.3');
    expect(percent('1', '1')).toBe('100.0');
    expect(percent('1', '0')).toBeNull();
  });
});
