import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPlanChanges, proRata, splitByPlan } from './segment.ts';
import { dateStart, hoursOf, instantText, isDate, monthPeriod } from './window.ts';

const zone = 'Europe/Berlin';
const october = monthPeriod('2026-10', zone);
const split = (...changes: [plan: string, from: string | null][]): string[] =>
  splitByPlan(
    october,
    zone,
    changes.map(([plan, from]) => ({ plan, from })),
  ).map(({ from, to, plan }) => `${instantText(from)} ${instantText(to)} ${plan ?? 'none'}`);

const WHOLE = '2026-09-30T22:00:00Z 2026-10-31T23:00:00Z';

describe('segments of a period', () => {
  it.each([
    ['no plan', split(), [`${WHOLE} none`]],
    ['a plan from the beginning', split(['a', null]), [`${WHOLE} a`]],
    ['a plan from long before', split(['a', '2020-01-01']), [`${WHOLE} a`]],
    ['the plan of its first day', split(['a', null], ['b', '2026-10-01']), [`${WHOLE} b`]],
    ['none of the day after its last', split(['a', null], ['b', '2026-11-01']), [`${WHOLE} a`]],
    ['a change to the same plan', split(['a', null], ['a', '2026-10-15']), [`${WHOLE} a`]],
    [
      'a first plan within it',
      split(['a', '2026-10-15']),
      ['2026-09-30T22:00:00Z 2026-10-14T22:00:00Z none', '2026-10-14T22:00:00Z 2026-10-31T23:00:00Z a'],
    ],
    [
      'changes, in any order, at local midnights on both sides of the clock change',
      split(['c', '2026-10-26'], ['a', null], ['b', '2026-10-25']),
      [
        '2026-09-30T22:00:00Z 2026-10-24T22:00:00Z a',
        '2026-10-24T22:00:00Z 2026-10-25T23:00:00Z b',
        '2026-10-25T23:00:00Z 2026-10-31T23:00:00Z c',
      ],
    ],
    [
      'two changes on one day, of which the later holds',
      split(['a', null], ['b', '2026-10-15'], ['c', '2026-10-15']),
      ['2026-09-30T22:00:00Z 2026-10-14T22:00:00Z a', '2026-10-14T22:00:00Z 2026-10-31T23:00:00Z c'],
    ],
  ])('%s', (_name, actual, expected) => expect(actual).toEqual(expected));

  it('follow one another without gap, and no hour lies in two of them', () => {
    const days = fc.array(fc.integer({ min: 1, max: 31 }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...Intl.supportedValuesOf('timeZone')), days, (name, list) => {
        const period = monthPeriod('2026-10', name);
        const changes = list.map((day, plan) => ({ plan, from: `2026-10-${String(day).padStart(2, '0')}` }));
        const segments = splitByPlan(period, name, changes);
        expect([...segments.map(({ from }) => from), period.to]).toEqual([period.from, ...segments.map(({ to }) => to)]);
        const starts = new Set(hoursOf(period, name).map(({ from }) => from));
        expect(segments.every(({ from, to }) => from < to && starts.has(from))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a date', () => {
  it('begins at local midnight, or when the clock has leapt past it', () => {
    expect(instantText(dateStart('2026-10-26', zone))).toBe('2026-10-25T23:00:00Z');
    expect(instantText(dateStart('2026-04-24', 'Africa/Cairo'))).toBe('2026-04-23T22:00:00Z');
    expect(dateStart('2011-12-30', 'Pacific/Apia')).toBe(dateStart('2011-12-31', 'Pacific/Apia'));
  });

  it.each(['2026-02-30', '2026-13-01', '2026-1-1', '26-01-01', '', '2026-10-15T00:00:00Z'])('%j is none', (text) => {
    expect(isDate(text)).toBe(false);
    expect(() => dateStart(text, zone)).toThrow(RangeError);
  });
});

describe('plan changes', () => {
  it.each([
    [[null, '2026-01-01', '2026-01-02'], []],
    [['2026-01-01'], []],
    [[], []],
    [['2026-01-02', '2026-01-02'], ['plans/1/from date_not_increasing']],
    [
      ['2026-01-02', '2026-01-01', '2025-12-31'],
      ['plans/1/from date_not_increasing', 'plans/2/from date_not_increasing'],
    ],
    [['2026-01-02', null], ['plans/1/from date_missing']],
    [['2026-02-30', '2026-01-01'], ['plans/0/from invalid_date']],
  ])('%j', (dates, expected) => {
    expect(checkPlanChanges(dates.map((from) => ({ from }))).map(({ path, code }) => `${path} ${code}`)).toEqual(expected);
  });
});

describe('pro rata', () => {
  const share = (amount: string, from: number, to: number, currency = 'USD') =>
    proRata({ amount, part: { from, to }, whole: { from: 0, to: 3 }, currency, rounding: 'half-away' });

  it('is rounded once, from the fraction itself', () => {
    expect(share('1', 0, 1)).toEqual({ amount: 33n, exactAmount: BigInt('3'.repeat(36)) });
    expect(share('1', 0, 2).amount).toBe(67n);
    // A third of this is just below half a cent; 36 digits of it would still be, 2 of them not.
    expect(share('0.014999999999999999', 0, 1).amount).toBe(0n);
    expect(share('0.015', 0, 1).amount).toBe(1n);
    expect(share('100', 1, 2, 'JPY').amount).toBe(33n);
  });

  it('of the whole is the amount', () => {
    expect(share('49.005', 0, 3)).toEqual({ amount: 4901n, exactAmount: 49005n * 10n ** 33n });
  });
});
