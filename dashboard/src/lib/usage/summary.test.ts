import { describe, expect, it } from 'vitest';
import { seriesColour, takeawayOf, usedSpan } from './summary.ts';

describe('what the page says', () => {
  it('names the largest customer and the busiest bucket', () => {
    const figures = {
      meters: [{ meter: 'tokens', quantity: '10', events: 3 }],
      meter: 'tokens',
      customers: [
        { id: 'a', quantity: '7', events: 2 },
        { id: 'b', quantity: '3', events: 1 },
      ],
      starts: [100, 200, 300],
      series: [],
      totals: ['1', '9', '0'],
      events: [1, 2, 0],
      asOf: '',
    };
    expect(takeawayOf(figures)).toEqual({ customer: 'a', percent: '70.0', busiest: 200, quantity: '9' });
    expect(takeawayOf({ ...figures, customers: [] })).toBeNull();
  });

  it('offers to zoom only where most of the range is blank', () => {
    const starts = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(usedSpan({ starts, events: [0, 0, 4, 0, 2, 0, 0, 0, 0] })).toEqual({ first: 3, last: 5 });
    expect(usedSpan({ starts, events: [0, 0, 4, 0, 0, 2, 0, 0, 0] })).toBeNull();
    expect(usedSpan({ starts, events: starts.map(() => 0) })).toBeNull();
  });

  it('keeps grey for the others', () => {
    expect([seriesColour('a', 0), seriesColour(null, 5), seriesColour('z', 9)]).toEqual(['--chart-1', '--chart-others', '--chart-others']);
  });
});
