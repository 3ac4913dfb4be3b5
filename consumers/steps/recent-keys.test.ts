import { describe, expect, it } from 'vitest';
import { RecentKeys } from './recent-keys.ts';

describe('recent keys', () => {
  it('are remembered over a quarter of a million others, and told from new ones nearly always', () => {
    const keys = new RecentKeys();
    let suspected = 0;
    for (let n = 0; n < 250_000; n += 1) if (keys.add(`customer ${n % 1_000}`, `id ${n}`)) suspected += 1;
    expect(suspected).toBeLessThan(250_000 * 0.03);
    const forgotten = Array.from({ length: 250_000 }, (_, n) => keys.add(`customer ${n % 1_000}`, `id ${n}`)).filter((known) => !known);
    expect(forgotten).toEqual([]);
  });

  it('are those of one customer', () => {
    const keys = new RecentKeys();
    expect([keys.add('a', 'bc'), keys.add('ä', 'b'), keys.add('b', 'bc'), keys.add('a', 'bc')]).toEqual([false, false, false, true]);
  });

  it('are forgotten when enough others have come', () => {
    const keys = new RecentKeys();
    const first = Array.from({ length: 1_000 }, (_, n) => `first ${n}`);
    for (const id of first) keys.add('a', id);
    for (let n = 0; n < 600_000; n += 1) keys.add('a', `id ${n}`);
    expect(first.filter((id) => keys.add('a', id)).length).toBeLessThan(100);
  });
});
