import { describe, expect, it } from 'vitest';
import { beforeWords, changeOf } from './change.ts';

const span = (from: string, to: string) => ({ from: Date.parse(from), to: Date.parse(to) });

describe('the change against before', () => {
  it('is exact, beyond what a number could hold', () => {
    expect(changeOf('351446468', '296079585')).toEqual({ direction: 'above', percent: '18.7' });
    expect(changeOf('75209.544', '77217.2')).toEqual({ direction: 'below', percent: '2.6' });
    expect(changeOf('100000000000000000001', '100000000000000000000')).toEqual({ direction: 'above', percent: '0.0' });
    expect(changeOf('5', '5.000')).toEqual({ direction: 'equal', percent: '0.0' });
  });

  it('has no percentage of nothing, and says nothing where nothing can be said', () => {
    expect(changeOf('5', '0')).toEqual({ direction: 'above', percent: null });
    expect([changeOf('5', null), changeOf(null, '5'), changeOf('5', '-1')]).toEqual([null, null, null]);
  });
});

describe('what it is compared with', () => {
  it('is named by its length, or by its month', () => {
    expect(beforeWords(span('2026-11-15T12:00Z', '2026-11-17T12:00Z'), 'UTC')).toBe('the 48 h before');
    expect(beforeWords(span('2026-11-05T13:00Z', '2026-11-12T13:00Z'), 'UTC')).toBe('the 7 days before');
    expect(beforeWords(span('2026-10-01T00:00Z', '2026-11-01T00:00Z'), 'UTC')).toBe('October 2026');
    expect(beforeWords(span('2026-10-01T00:00Z', '2026-10-01T00:30Z'), 'UTC')).toBe('the 30 min before');
  });
});
