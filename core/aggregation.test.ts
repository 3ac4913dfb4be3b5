import { describe, expect, it } from 'vitest';
import { changesOf, hoursOfSlots, type UsageHour } from './aggregation.ts';
import { formatDecimal } from './decimal.ts';
import { hoursOf, monthPeriod, SLOT_MS } from './window.ts';

const HOUR_MS = 4 * SLOT_MS;
const hour = (n: number, quantity: string, events = 1, max = quantity): UsageHour => ({
  start: n * HOUR_MS,
  end: (n + 1) * HOUR_MS,
  quantity,
  events,
  max,
});
const texts = (changes: { quantity: bigint }[]): string[] => changes.map(({ quantity }) => formatDecimal(quantity, 18));

describe('changes by hour', () => {
  const hours = [hour(0, '30', 3, '10'), hour(1, '15.5'), hour(5, '-12', 2, '-1')];

  it.each([
    ['sum', ['30', '15.5', '-12']],
    ['count', ['3', '1', '2']],
    ['max', ['10', '5.5', '0']],
  ] as const)('of %s', (aggregation, expected) => {
    const changes = changesOf(aggregation, hours);
    expect(texts(changes)).toEqual(expected);
    expect(changes.map(({ start, end, events }) => [start, end, events])).toEqual(
      hours.map(({ start, end, events }) => [start, end, events]),
    );
  });

  it('of a maximum that never leaves the negative begin below 0', () => {
    expect(texts(changesOf('max', [hour(0, '-5'), hour(1, '-7'), hour(2, '-3'), hour(3, '4')]))).toEqual(['-5', '0', '2', '7']);
  });

  it('are none without hours', () => expect(changesOf('max', [])).toEqual([]));

  it('cannot be told where the buckets do not say', () => {
    const { max: _max, ...unsaid } = hour(0, '1');
    expect(() => changesOf('max', [unsaid])).toThrow('does not say its largest quantity');
    expect(() => changesOf('unique', hours)).toThrow('unique cannot be told from buckets');
    expect(() => changesOf('latest', hours)).toThrow('latest cannot be told from buckets');
  });
});

describe('hours of slots', () => {
  const zone = 'Asia/Kathmandu';
  const windows = hoursOf(monthPeriod('2026-10', zone), zone);
  const slot = (start: number, quantity: string, max = quantity): UsageHour => ({ start, end: start + SLOT_MS, quantity, events: 2, max });
  const from = windows[0]?.from ?? 0;

  it('begin where the zone says, and leave out what was not used', () => {
    const slots = [slot(from, '1.5'), slot(from + 3 * SLOT_MS, '-2'), slot(from + 4 * SLOT_MS, '0.25'), slot(from + 20 * SLOT_MS, '7')];
    expect(new Date(from).toISOString()).toBe('2026-09-30T18:15:00.000Z');
    expect(hoursOfSlots(slots, windows)).toEqual([
      { start: from, end: from + HOUR_MS, quantity: '-0.5', events: 4, max: '1.5' },
      { start: from + HOUR_MS, end: from + 2 * HOUR_MS, quantity: '0.25', events: 2, max: '0.25' },
      { start: from + 5 * HOUR_MS, end: from + 6 * HOUR_MS, quantity: '7', events: 2, max: '7' },
    ]);
  });

  it('say no maximum where the slots do not', () => {
    const { max: _max, ...unsaid } = slot(from, '1');
    expect(hoursOfSlots([unsaid], windows)).toEqual([{ start: from, end: from + HOUR_MS, quantity: '1', events: 2 }]);
  });

  it.each([
    ['before', -1],
    ['after', windows.length * 4 + 4],
  ])('refuse a slot %s the period', (_name, n) => {
    expect(() => hoursOfSlots([slot(from + n * SLOT_MS, '1')], windows)).toThrow(RangeError);
  });
});
