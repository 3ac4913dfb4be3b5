import { describe, expect, it } from 'vitest';
import { delayAfter, untilWords } from './backoff.ts';

describe('a link that broke off', () => {
  it('is tried again after twice as long each time, and never later than after a minute', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 1_000].map((failures) => delayAfter(failures, 0));
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('is tried at another moment by each page, but not before half of the time', () => {
    expect(delayAfter(4, 0.999_999)).toBe(4_000);
    expect(delayAfter(4, 0.5)).toBe(6_000);
  });

  it('says in how many seconds', () => {
    expect(untilWords(8_000, 0)).toBe('in 8 s');
    expect(untilWords(8_000, 7_001)).toBe('in 1 s');
    expect(untilWords(8_000, 8_000)).toBe('now');
    expect(untilWords(8_000, 9_500)).toBe('now');
  });
});
