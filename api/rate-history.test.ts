import { describe, expect, it } from 'vitest';
import { RateHistory } from './rate-history.ts';

const sample = (second: number, published: number, records = published, rollups = records, epoch: number | undefined = 1) => ({
  atMs: Date.UTC(2026, 10, 19, 12, 0, second),
  epoch,
  published,
  records,
  rollups,
});

function historyOf(...samples: ReturnType<typeof sample>[]) {
  const history = new RateHistory();
  for (const each of samples) history.add(each);
  return history.rates();
}

describe('the rates', () => {
  it('are what was added a second, between two looks', () => {
    expect(historyOf(sample(0, 0), sample(10, 1_000, 500, 0), sample(20, 1_000, 1_000, 5))).toEqual({
      everySeconds: 10,
      until: '2026-11-19T12:00:20Z',
      published: [100, 0],
      records: [50, 50],
      rollups: [0, 0.5],
    });
  });

  it('are none before two looks', () => {
    expect(historyOf()).toMatchObject({ until: null, published: [] });
    expect(historyOf(sample(0, 7))).toMatchObject({ until: null, published: [], records: [], rollups: [] });
  });

  it('are unknown where nobody looked for a while, and where the log is another', () => {
    expect(historyOf(sample(0, 0), sample(31, 900), sample(41, 1_000)).published).toEqual([null, 10]);
    expect(historyOf(sample(0, 5_000), sample(10, 6_000, 6_000, 6_000, 2), sample(20, 6_100, 6_100, 6_100, 2)).published).toEqual([
      null,
      10,
    ]);
    expect(historyOf(sample(0, 5_000), sample(10, 10)).published).toEqual([null]);
  });

  it('go back 15 minutes, and take no more room after a day', () => {
    const day = Array.from({ length: 8_640 }, (_, index) => sample(index * 10, index * 10));
    const { published, until } = historyOf(...day);
    expect(published).toEqual(Array.from({ length: 90 }, () => 1));
    expect(until).toBe('2026-11-20T11:59:50Z');
  });
});
