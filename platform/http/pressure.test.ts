import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { createLateness } from './pressure.ts';

describe('createLateness', () => {
  const start = () => {
    let nowMs = 0;
    const staysLate = createLateness({ ...systemClock, monotonicMs: () => nowMs });
    return (atMs: number, delayMs: number) => {
      nowMs = atMs;
      return staysLate(delayMs);
    };
  };

  it('takes a single late sample for one long turn, however many calls it meets', () => {
    const at = start();
    expect([at(0, 8_000), at(10, 8_000), at(4_900, 8_000)]).toEqual([false, false, false]);
  });

  it('goes on where the next sample is late too', () => {
    const at = start();
    expect([at(0, 8_000), at(5_100, 3_000), at(5_200, 3_000), at(10_100, 2_000)]).toEqual([false, true, true, true]);
  });

  it('begins anew after a time without one', () => {
    const at = start();
    expect([at(0, 8_000), at(5_100, 3_000), at(60_000, 4_000), at(60_100, 4_000)]).toEqual([false, true, false, false]);
  });

  it('knows a sample in which the loop did not turn at all', () => {
    const at = start();
    expect([at(0, Infinity), at(100, Infinity), at(5_100, 2_000)]).toEqual([false, false, true]);
  });
});
