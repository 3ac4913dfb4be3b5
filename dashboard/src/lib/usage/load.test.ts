import { describe, expect, it } from 'vitest';
import { alignSeries, sharesOf } from './load.ts';

const bucket = (start: string, quantity: string, customer?: string) => ({
  start,
  end: start,
  quantity,
  events: 2,
  ...(customer === undefined ? {} : { customer }),
});
const HOURS = ['2026-11-18T00:00:00Z', '2026-11-18T01:00:00Z', '2026-11-18T02:00:00Z'];
const STARTS = HOURS.map((hour) => Date.parse(hour));

describe('shares of customers', () => {
  it('are exact sums over months, the largest first', () => {
    const shares = sharesOf({
      buckets: [bucket(HOURS[0] ?? '', '0.1', 'a'), bucket(HOURS[1] ?? '', '0.2', 'a'), bucket(HOURS[1] ?? '', '0.30000001', 'b')],
    });
    expect(shares).toEqual([
      { id: 'b', quantity: '0.30000001', events: 2 },
      { id: 'a', quantity: '0.3', events: 4 },
    ]);
  });
});

describe('series on one calendar', () => {
  it('fill hours without usage with zero and give the rest to others', () => {
    const all = { buckets: [bucket(HOURS[0] ?? '', '10'), bucket(HOURS[2] ?? '', '3.5')] };
    const top = [{ id: 'a', usage: { buckets: [bucket(HOURS[0] ?? '', '9.25')] } }];
    const { series, totals, events } = alignSeries(STARTS, all, top, 7);
    expect(totals).toEqual(['10', '0', '3.5']);
    expect(events).toEqual([2, 0, 2]);
    expect(series).toEqual([
      { customer: 'a', quantities: ['9.25', '0', '0'] },
      { customer: null, quantities: ['0.75', '0', '3.5'] },
    ]);
  });

  it('have no others when everybody is shown, and keep a bucket outside the calendar', () => {
    const { series, starts } = alignSeries(STARTS, { buckets: [bucket('2026-11-18T02:30:00Z', '1')] }, [], 0);
    expect(series).toEqual([]);
    expect(starts).toHaveLength(4);
  });
});
