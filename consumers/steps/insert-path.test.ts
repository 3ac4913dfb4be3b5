import { describe, expect, it } from 'vitest';
import { InsertPath } from './insert-path.ts';

/** Feeds batches, `true` where one has a known key, and answers how many were copied for nothing and how many were staged although clean. */
function feed(batches: readonly boolean[]): { inVain: number; needless: number } {
  const path = new InsertPath();
  let [inVain, needless] = [0, 0];
  for (const hasKnown of batches) {
    if (path.isStraight() && !hasKnown) path.wentStraight(false);
    else {
      if (path.isStraight()) {
        path.wasViolated();
        inVain++;
      } else if (!hasKnown) needless++;
      path.wasStaged(hasKnown, hasKnown);
    }
  }
  return { inVain, needless };
}

describe('the path of batches', () => {
  it('is straight while no key is known', () => {
    expect(feed(Array<boolean>(1_000).fill(false))).toEqual({ inVain: 0, needless: 0 });
  });

  it('costs one COPY in vain where every batch has known keys', () => {
    expect(feed(Array<boolean>(1_000).fill(true))).toEqual({ inVain: 1, needless: 0 });
  });

  it('costs one in vain and one needless staging where a single batch has some', () => {
    expect(feed([false, true, false, false, false])).toEqual({ inVain: 1, needless: 1 });
  });

  it('tries ever less often where every other batch has some', () => {
    const { inVain } = feed(Array.from({ length: 1_000 }, (_, at) => at % 2 === 0));
    expect(inVain).toBeLessThan(20);
  });

  it('trusts again after a while without any', () => {
    const mixed = Array.from({ length: 200 }, (_, at) => at % 2 === 0);
    const { needless } = feed([...mixed, ...Array<boolean>(1_000).fill(false)]);
    expect(needless - feed(mixed).needless).toBeLessThan(70);
  });
});
