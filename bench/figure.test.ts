import { expect, test } from 'vitest';
import { besideCase, figure, figuresTable, median, percentile, showValue } from './figure.ts';

test('a figure stands beside the same metric of the other case, and beside no other', () => {
  const figures = [figure('ours', 'rate', 300, 'rows/s'), figure('ours', 'cpu', 5, 'ms'), figure('theirs', 'rate', 100, 'rows/s')];
  expect(besideCase(figures, 'theirs')).toEqual([
    { case: 'ours', metric: 'rate', value: 300, unit: 'rows/s', ratioTo: 'theirs', ratio: 3 },
    { case: 'ours', metric: 'cpu', value: 5, unit: 'ms', ratioTo: null, ratio: null },
    { case: 'theirs', metric: 'rate', value: 100, unit: 'rows/s', ratioTo: null, ratio: null },
  ]);
});

test('a value of zero is nothing to divide by', () => {
  const figures = [figure('ours', 'rate', 300, 'rows/s'), figure('theirs', 'rate', 0, 'rows/s')];
  expect(besideCase(figures, 'theirs').map(({ ratio }) => ratio)).toEqual([null, null]);
});

test('median and percentiles are values that were measured', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(3);
  expect(median([7])).toBe(7);
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([0, 0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 95, 99, 100]);
  expect(percentile([5, 9], 0.99)).toBe(9);
  expect(() => median([])).toThrow('no values');
});

test('the table has a line a figure, and as many digits as say something', () => {
  expect([123_456.7, 12.34, 1.234, 0].map(showValue)).toEqual(['123457', '12.3', '1.23', '0.00']);
  const [, , line] = figuresTable(besideCase([figure('ours', 'rate', 300, 'rows/s'), figure('theirs', 'rate', 200, 'rows/s')], 'theirs'));
  expect(line).toBe('| ours | rate | 300 | rows/s | 1.50 | theirs |');
});
