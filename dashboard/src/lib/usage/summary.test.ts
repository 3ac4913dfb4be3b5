import { describe, expect, it } from 'vitest';
import type { UsageFigures } from './load.ts';
import { takeawayOf, usedSpan } from './summary.ts';

const bars = Array.from({ length: 9 }, (_, index) => ({ from: index * 100, to: index * 100 + 100 }));

function figures(spark: string[], sparkEvents: number[], additive = true): Pick<UsageFigures, 'top' | 'bars'> {
  const all = { quantity: '10', events: 3, previous: '0', previousEvents: 0 };
  const item = { ...all, id: 'a', quantity: '7', share: null, aggregation: 'sum', additive, spark, sparkEvents } as const;
  const top = { items: [item], total: { ...all, count: 1, spark, sparkEvents, previousSpark: [] }, additive };
  return { top: { ...TOP, ...top }, bars };
}

const TOP: Pick<UsageFigures['top'], 'others' | 'aggregation' | 'windows' | 'previous' | 'timeZone' | 'asOf'> = {
  others: { count: 0, quantity: '0', events: 0, previous: '0', previousEvents: 0, share: null },
  aggregation: 'sum',
  windows: [],
  previous: { from: '', to: '', comparedTo: '' },
  timeZone: 'UTC',
  asOf: '',
};

describe('what the page says', () => {
  it('names the largest customer and the busiest bar', () => {
    expect(takeawayOf(figures(['1', '9', '0'], [1, 2, 0]))).toEqual({ customer: 'a', percent: '70.0', busiest: 100, quantity: '9' });
    expect(takeawayOf(figures(['1', '9', '0'], [1, 2, 0], false))?.percent).toBeNull();
    const none = figures([], []);
    expect(takeawayOf({ ...none, top: { ...none.top, items: [] } })).toBeNull();
  });

  it('offers to zoom only where most of the range is blank', () => {
    const used = (events: number[]) => usedSpan(figures(events.map(String), events));
    expect(used([0, 0, 4, 0, 2, 0, 0, 0, 0])).toEqual({ from: 200, to: 500 });
    expect(used([0, 0, 4, 0, 0, 2, 0, 0, 0])).toBeNull();
    expect(used([0, 0, 0, 0, 0, 0, 0, 0, 0])).toBeNull();
  });
});
