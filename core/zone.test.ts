import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTimeZone, zoneOffsetMinutes } from './zone.ts';

const ZONES = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'Asia/Kathmandu', 'US/Eastern'];
const SINCE = Date.UTC(1995, 0, 1);
const UNTIL = Date.UTC(2101, 0, 1);

/** The offset as wall-clock fields tell it: another way than the one under test. */
function offsetFromFields(zone: string, instant: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const wall = Date.UTC(part['year'] ?? 0, (part['month'] ?? 0) - 1, part['day'], part['hour'], part['minute']);
  return (wall - Math.floor(instant / 60_000) * 60_000) / 60_000;
}

describe('zone offsets', () => {
  it('agree with the wall clock of Intl in every zone, 1995–2100', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), fc.integer({ min: SINCE, max: UNTIL - 1 }), (zone, instant) => {
        expect(zoneOffsetMinutes(zone, instant)).toBe(offsetFromFields(zone, instant));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['Europe/Berlin', '2026-03-29T00:59:59.999Z', 60],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 120],
    ['Europe/Berlin', '2026-10-25T00:59:59.999Z', 120],
    ['Europe/Berlin', '2026-10-25T01:00:00Z', 60],
    ['Asia/Kathmandu', '2026-01-01T00:00:00Z', 345],
    ['Australia/Lord_Howe', '2026-04-04T14:59:00Z', 660],
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z', 630],
    ['America/St_Johns', '2009-11-01T02:30:59Z', -150],
    ['America/St_Johns', '2009-11-01T02:31:00Z', -210],
    ['Pacific/Apia', '2011-12-30T09:59:00Z', -600],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', 840],
    ['America/New_York', '2099-07-01T00:00:00Z', -240],
  ])('%s at %s is %i minutes from UTC', (zone, instant, offset) => expect(zoneOffsetMinutes(zone, Date.parse(instant))).toBe(offset));
});

describe('isTimeZone', () => {
  it('knows every zone of Intl, and aliases', () => {
    expect(ZONES.filter((zone) => !isTimeZone(zone))).toEqual([]);
    for (const alias of ['Asia/Calcutta', 'Europe/Kyiv', 'Etc/GMT+5', 'GMT', 'EST5EDT', 'NZ-CHAT'])
      expect(isTimeZone(alias), alias).toBe(true);
  });

  it.each(['', 'Mars/Olympus', '+05:30', 'IST', 'PST', 'Etc/Unknown', 'SystemV/PST8', 'Europe/', 'local', 'Europe/Berlin ', '__proto__'])(
    '%j is no time zone',
    (name) => expect(isTimeZone(name)).toBe(false),
  );

  it('refuses nothing silently: an offset of an unknown zone throws', () =>
    expect(() => zoneOffsetMinutes('Mars/Olympus', 0)).toThrow(RangeError));
});
