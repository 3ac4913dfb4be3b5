import { expect, test } from 'vitest';
import { CASES } from './cases.ts';
import type { Figure } from './figure.ts';
import floors from './floors.json' with { type: 'json' };
import { compareWithFloors } from './floors.ts';

const FLOOR = { case: 'ours/repeats', metric: 'rate', ratioTo: 'ours/theirs', floor: 2 };
const ran = ['ours'];
const measured = (ratio: number | null): Figure[] => [
  { case: 'ours/repeats', metric: 'rate', value: 10, unit: 'rows/s', ratioTo: ratio === null ? null : 'ours/theirs', ratio },
];

test('a ratio may lie up to 30 % below its floor', () => {
  for (const ratio of [5, 2, 1.4])
    expect(compareWithFloors([FLOOR], { figures: measured(ratio), skipped: [], ran })).toEqual({ faults: [], cases: [], notes: [] });
});

test('a ratio further below is a fault that names case, metric, floor and value', () => {
  const { faults, cases } = compareWithFloors([FLOOR, FLOOR], { figures: measured(1.39), skipped: [], ran });
  expect(cases).toEqual(['ours']);
  expect(faults.slice(1)).toEqual(['ours/repeats, rate, to ours/theirs: 1.390 is more than 30 % below the floor of 2 (at least 1.400)']);
  expect(compareWithFloors([FLOOR], { figures: measured(NaN), skipped: [], ran }).faults).toHaveLength(1);
});

test('a ratio that is missing is a fault, unless it could not be measured here', () => {
  expect(compareWithFloors([FLOOR], { figures: measured(null), skipped: [], ran }).faults).toEqual([
    'ours/repeats, rate, to ours/theirs: no such ratio was measured; mend the case or bench/floors.json',
  ]);
  const skipped = [{ case: 'ours/theirs', reason: 'it cannot be installed' }];
  expect(compareWithFloors([FLOOR], { figures: measured(null), skipped, ran })).toEqual({
    faults: [],
    cases: [],
    notes: ['ours/repeats, rate, to ours/theirs: not compared, it cannot be installed'],
  });
});

test('cases that were not asked for are not compared', () => {
  expect(compareWithFloors([FLOOR], { figures: [], skipped: [], ran: ['other'] })).toEqual({ faults: [], cases: [], notes: [] });
});

test('every recorded floor belongs to a case of the quick run', () => {
  const quick = CASES.filter(({ isQuick }) => isQuick === true).map(({ name }) => name);
  expect(floors.length).toBeGreaterThan(0);
  for (const floor of floors) expect(quick).toContain(floor.case.split('/')[0]);
});

test('cases have names of their own', () => {
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
  expect(new Set(CASES.map(({ title }) => title)).size).toBe(CASES.length);
});
