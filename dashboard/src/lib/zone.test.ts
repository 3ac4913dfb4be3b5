import { describe, expect, it } from 'vitest';
import { dayKey, isZone, midnightOf, momentOf, nextStart, startOf, startsWithin } from './zone.ts';

const iso = (ms: number) => new Date(ms).toISOString();

describe('local hours, days and months', () => {
  it('starts a month in Kathmandu at 18:15 UTC', () => {
    expect(iso(momentOf('Asia/Kathmandu', 2026, 10))).toBe('2026-09-30T18:15:00.000Z');
    expect(iso(nextStart(Date.parse('2026-10-05T00:00:00Z'), 'month', 'Asia/Kathmandu'))).toBe('2026-10-31T18:15:00.000Z');
  });

  it('starts hours in Kathmandu at quarter past in UTC', () => {
    expect(iso(startOf(Date.parse('2026-10-05T07:05:30.250Z'), 'hour', 'Asia/Kathmandu'))).toBe('2026-10-05T06:15:00.000Z');
  });

  it('counts 745 hours in October in Berlin and 743 in March', () => {
    const hours = (month: number) =>
      startsWithin(momentOf('Europe/Berlin', 2026, month), momentOf('Europe/Berlin', 2026, month + 1), 'hour', 'Europe/Berlin').length;
    expect(hours(10)).toBe(745);
    expect(hours(3)).toBe(743);
  });

  it('keeps a day of 25 hours in one piece', () => {
    const start = momentOf('Europe/Berlin', 2026, 10, 25);
    expect(iso(start)).toBe('2026-10-24T22:00:00.000Z');
    expect(iso(nextStart(start, 'day', 'Europe/Berlin'))).toBe('2026-10-25T23:00:00.000Z');
  });

  it('begins a day without midnight at its first moment', () => {
    expect(iso(momentOf('Africa/Cairo', 2024, 4, 26))).toBe('2024-04-25T22:00:00.000Z');
  });

  it('goes from December to January', () => {
    expect(iso(nextStart(Date.parse('2023-12-15T00:00:00Z'), 'month', 'UTC'))).toBe('2024-01-01T00:00:00.000Z');
  });

  it('names the local day', () => {
    expect(dayKey(Date.parse('2026-10-31T23:30:00Z'), 'Europe/Berlin')).toBe('2026-11-01');
  });

  it.each([
    ['Europe/Berlin', '2026-10-25', '2026-10-24T22:00:00.000Z', 25],
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00.000Z', 23],
    ['Asia/Kathmandu', '2026-10-31', '2026-10-30T18:15:00.000Z', 24],
    ['UTC', '2026-12-31', '2026-12-31T00:00:00.000Z', 24],
  ])('in %s the day %s begins at %s and has %i hours', (zone, day, start, hours) => {
    expect(midnightOf(day, zone)).toBe(start);
    expect(Date.parse(midnightOf(day, zone, 1)) - Date.parse(start)).toBe(hours * 3_600_000);
  });

  it('knows a zone from a word', () => {
    expect([isZone('Asia/Kathmandu'), isZone('Nowhere/Land'), isZone('')]).toEqual([true, false, false]);
  });
});
