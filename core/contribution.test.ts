import { describe, expect, it } from 'vitest';
import { compareEvents, createContribution, createEventHours, type MeteredEvent } from './contribution.ts';
import { formatDecimal, toScaled } from './decimal.ts';
import { AGGREGATIONS } from '../schemas/http/customers.ts';
import type { Window } from './window.ts';

const HOUR_MS = 3_600_000;
const hours: Window[] = [0, 1, 2, 3].map((n) => ({ from: n * HOUR_MS, to: (n + 1) * HOUR_MS }));

const event = (minute: number, quantity: string, value?: string, offset = BigInt(minute)): MeteredEvent => ({
  time: new Date(minute * 60_000).toISOString().replace('Z', '000Z'),
  position: { epoch: 1, partition: 0, offset, index: 0 },
  quantity: toScaled(quantity, 18),
  ...(value === undefined ? {} : { value }),
});
const text = (scaled: bigint): string => formatDecimal(scaled, 18);

const events = [
  event(0, '10', 'a'),
  event(30, '-4', 'b'),
  event(59, '15', 'a'),
  event(60, '15'),
  event(90, '12.5', 'c'),
  event(200, '20', 'b'),
];

describe('contributions', () => {
  it.each([
    ['sum', ['10', '-4', '15', '15', '12.5', '20'], ['21', '27.5', '20']],
    ['count', ['1', '1', '1', '1', '1', '1'], ['3', '2', '1']],
    ['max', ['10', '0', '5', '0', '0', '5'], ['15', '0', '5']],
    ['unique', ['1', '1', '0', '0', '1', '0'], ['2', '1', '0']],
    ['latest', ['10', '-14', '19', '0', '-2.5', '7.5'], ['15', '-2.5', '7.5']],
  ] as const)('to %s add up to its hours', (aggregation, contributions, changes) => {
    const fold = createEventHours({ aggregation, hours });
    expect(events.map((one) => text(fold.add(one)))).toEqual(contributions);
    expect(fold.changes().map(({ quantity }) => text(quantity))).toEqual(changes);
    expect(fold.changes().map(({ start, end, events: count }) => [start / HOUR_MS, end / HOUR_MS, count])).toEqual([
      [0, 1, 3],
      [1, 2, 2],
      [3, 4, 1],
    ]);
  });

  it.each(AGGREGATIONS)('to %s begin anew with a segment', (aggregation) => {
    const fold = createEventHours({ aggregation, hours, restarts: new Set([0, HOUR_MS]) });
    const own = createContribution(aggregation);
    const second = events.slice(3);
    for (const one of events.slice(0, 3)) fold.add(one);
    expect(second.map((one) => fold.add(one))).toEqual(second.map((one) => own(one)));
  });

  it.each([
    ['max', { quantity: toScaled('15', 18) }, ['0', '5']],
    ['max', { quantity: toScaled('-15', 18) }, ['27.5', '7.5']],
    ['latest', { quantity: toScaled('15', 18) }, ['-2.5', '7.5']],
    ['unique', { quantity: toScaled('2', 18), seen: ['b'] }, ['1', '0']],
    ['sum', { quantity: toScaled('15', 18) }, ['12.5', '20']],
  ] as const)('to %s go on from what was there before', (aggregation, before, expected) => {
    const contribution = createContribution(aggregation, before);
    expect(events.slice(4).map((one) => text(contribution(one)))).toEqual(expected);
  });

  it('ties in time go by position', () => {
    const [first, second] = [event(5, '1', 'a', 9n), event(5, '7', 'a', 10n)];
    expect(compareEvents(first, second)).toBeLessThan(0);
    expect(compareEvents(second, first)).toBeGreaterThan(0);
    expect(compareEvents(first, first)).toBe(0);
    const later = { ...first, position: { ...first.position, index: 1 } };
    const nextEpoch = { ...first, position: { epoch: 2, partition: 0, offset: 0n, index: 0 } };
    expect([compareEvents(first, later), compareEvents(second, nextEpoch)].every((order) => order < 0)).toBe(true);
  });

  it.each([
    ['out of order', [event(5, '1'), event(4, '1')]],
    ['out of order by position', [event(5, '1', 'a', 9n), event(5, '1', 'a', 8n)]],
    ['after the hours', [event(240, '1')]],
    ['before the hours', [event(-1, '1')]],
  ])('refuse events %s', (_name, list) => {
    const fold = createEventHours({ aggregation: 'sum', hours });
    expect(() => list.map((one) => fold.add(one))).toThrow(RangeError);
  });
});
