import { describe, expect, it } from 'vitest';
import { slotsFor } from './colours.ts';

describe('colours', () => {
  it('follow the customer, not the rank', () => {
    const memory = new Map<string, number>();
    expect(slotsFor(['a', 'b', 'c', 'd', 'e'], memory)).toEqual([0, 1, 2, 3, 4]);
    expect(slotsFor(['b', 'a', 'c', 'd', 'e'], memory)).toEqual([1, 0, 2, 3, 4]);
    expect(slotsFor(['f', 'a', 'b', 'c', 'd'], memory)).toEqual([4, 0, 1, 2, 3]);
  });

  it('are never given twice: of two customers who had the same, the larger keeps it', () => {
    const memory = new Map([
      ['e', 4],
      ['f', 4],
    ]);
    expect(slotsFor(['f', 'e'], memory)).toEqual([4, 0]);
    expect(slotsFor(['e', 'f'], memory)).toEqual([0, 4]);
  });
});
