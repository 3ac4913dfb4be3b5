import { describe, expect, it } from 'vitest';
import { checkNumberPattern, formatNumber, numberSeries } from './numbering.ts';

describe('a number', () => {
  it.each([
    ['INV-{year}-{number:5}', 42n, 'INV-2026-00042'],
    ['INV-{year}-{number:5}', 123_456n, 'INV-2026-123456'],
    ['{number}', 9_007_199_254_740_993n, '9007199254740993'],
    ['{year}{month}{number:3}/A', 7n, '202610007/A'],
    ['Rechnung Nr. {number:10}', 1n, 'Rechnung Nr. 0000000001'],
  ])('by %s', (pattern, number, expected) => {
    expect(checkNumberPattern(pattern, 'x')).toEqual([]);
    expect(formatNumber(pattern, '2026-10-31', number)).toBe(expected);
  });
});

describe('a series', () => {
  it('counts for itself where the pattern names year or month', () => {
    expect(numberSeries('INV-{year}-{number:5}', '2026-12-31')).toBe('INV-2026-{number}');
    expect(numberSeries('INV-{year}-{number:5}', '2027-01-01')).toBe('INV-2027-{number}');
    expect(numberSeries('{year}/{month}/{number}', '2026-10-31')).toBe('2026/10/{number}');
    expect(numberSeries('{number}', '2026-10-31')).toBe(numberSeries('{number}', '2031-01-01'));
  });

  it('goes on when only the width changes', () => {
    expect(numberSeries('INV-{number}', '2026-10-31')).toBe(numberSeries('INV-{number:8}', '2026-10-31'));
  });
});

it.each([
  ['INV', 'number_missing'],
  ['{number}-{number:3}', 'number_missing'],
  ['{number:0}', 'unknown_placeholder'],
  ['{number:20}', 'unknown_placeholder'],
  ['{day}-{number}', 'unknown_placeholder'],
  ['{}{number}', 'unknown_placeholder'],
  ['{{number}}', 'unknown_placeholder'],
  ['{number', 'unknown_placeholder'],
  ['{month}-{number}', 'year_missing'],
  ['a\n{number}', 'control_character'],
])('the pattern %j is refused: %s', (pattern, code) => {
  expect(checkNumberPattern(pattern, 'numbering/invoice')).toMatchObject([{ path: 'numbering/invoice', code }]);
});
