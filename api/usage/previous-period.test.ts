import { describe, expect, it } from 'vitest';
import { comparedTo, previousPeriod } from './previous-period.ts';

const at = (text: string): number => Date.parse(text);
const textOf = ({ from, to }: { from: number; to: number }): string[] => [from, to].map((moment) => new Date(moment).toISOString());
const before = (from: string, to: string, zone = 'UTC') => textOf(previousPeriod({ from: at(from), to: at(to) }, zone));

describe('the period before', () => {
  it('has the same length', () => {
    expect(before('2026-11-17T12:00Z', '2026-11-19T12:00Z')).toEqual(['2026-11-15T12:00:00.000Z', '2026-11-17T12:00:00.000Z']);
  });

  it('is the month before, however long that is', () => {
    expect(before('2026-03-01T00:00Z', '2026-04-01T00:00Z')).toEqual(['2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z']);
    expect(before('2026-10-31T23:00Z', '2026-11-30T23:00Z', 'Europe/Berlin')).toEqual([
      '2026-09-30T22:00:00.000Z',
      '2026-10-31T23:00:00.000Z',
    ]);
    expect(before('2026-07-01T00:00Z', '2026-10-01T00:00Z')).toEqual(['2026-04-01T00:00:00.000Z', '2026-07-01T00:00:00.000Z']);
  });

  it('is as many days, also where one of them has 25 hours', () => {
    expect(before('2026-10-25T23:00Z', '2026-10-27T23:00Z', 'Europe/Berlin')).toEqual([
      '2026-10-23T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ]);
  });
});

describe('what of it is compared', () => {
  const range = { from: at('2026-11-17T00:00Z'), to: at('2026-11-19T00:00Z') };
  const previous = { from: at('2026-11-15T00:00Z'), to: at('2026-11-17T00:00Z') };
  const until = (now: string) => new Date(comparedTo(range, previous, at(now))).toISOString();

  it('is all of it once the range is over', () => {
    expect(until('2026-11-19T00:00Z')).toBe('2026-11-17T00:00:00.000Z');
  });

  it('is as much as has gone by, in quarters of an hour', () => {
    expect(until('2026-11-18T06:10Z')).toBe('2026-11-16T06:15:00.000Z');
    expect(until('2026-11-01T00:00Z')).toBe('2026-11-15T00:00:00.000Z');
  });

  it('never goes beyond a shorter month', () => {
    const march = { from: at('2026-03-01T00:00Z'), to: at('2026-04-01T00:00Z') };
    const february = { from: at('2026-02-01T00:00Z'), to: at('2026-03-01T00:00Z') };
    expect(comparedTo(march, february, at('2026-03-30T00:00Z'))).toBe(february.to);
  });
});
