import { describe, expect, it } from 'vitest';
import { between, isWhole, keyed, moved, selectionOf, whole } from './brush.ts';

const chosen = { first: 3, last: 5 };

describe('the brush', () => {
  it('moves either end, or both, and stays within the strip', () => {
    expect(moved(chosen, 'first', -1, 10)).toEqual({ first: 2, last: 5 });
    expect(moved(chosen, 'first', 9, 10)).toEqual({ first: 5, last: 5 });
    expect(moved(chosen, 'last', -9, 10)).toEqual({ first: 3, last: 3 });
    expect(moved(chosen, 'both', 40, 10)).toEqual({ first: 7, last: 9 });
    expect(moved(chosen, 'both', -40, 10)).toEqual({ first: 0, last: 2 });
  });

  it('takes a drag in either direction', () => {
    expect(between(7, 2, 10)).toEqual({ first: 2, last: 7 });
    expect(between(-4, 40, 10)).toEqual(whole(10));
    expect([isWhole(whole(10), 10), isWhole(chosen, 10)]).toEqual([true, false]);
  });

  it('follows the keys of a slider, and no others', () => {
    expect(keyed(chosen, 'first', 'Home', 10)).toEqual({ first: 0, last: 5 });
    expect(keyed(chosen, 'last', 'End', 10)).toEqual({ first: 3, last: 9 });
    expect(keyed(chosen, 'last', 'ArrowRight', 10)).toEqual({ first: 3, last: 6 });
    expect(keyed(chosen, 'last', 'x', 10)).toBeNull();
  });

  it('finds the bars of a span', () => {
    const bars = [0, 10, 20, 30].map((from) => ({ from, to: from + 10 }));
    expect(selectionOf(bars, { from: 10, to: 30 })).toEqual({ first: 1, last: 2 });
    expect(selectionOf(bars, { from: 15, to: 16 })).toEqual({ first: 1, last: 1 });
    expect(selectionOf(bars, { from: 90, to: 99 })).toEqual(whole(4));
  });
});
