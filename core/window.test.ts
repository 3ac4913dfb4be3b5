import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dateOf,
  dayEnd,
  dayStart,
  daysOf,
  hoursOf,
  hourStart,
  instantText,
  monthOf,
  monthPeriod,
  SLOT_MS,
  slotToHour,
  type Window,
} from './window.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, zoneOffsetMinutes } from './zone.ts';

const ZONES = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'Asia/Kathmandu'];
const zone = fc.constantFrom(...ZONES);
const month = fc
  .tuple(fc.integer({ min: 1995, max: 2099 }), fc.integer({ min: 1, max: 12 }))
  .map(([year, n]) => `${year}-${String(n).padStart(2, '0')}`);

const at = (text: string): number => Date.parse(text);
const texts = (windows: Window[]): string[] => windows.map(({ from, to }) => `${instantText(from)}/${instantText(to)}`);
const local = (zoneName: string, instant: number): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: zoneName, dateStyle: 'short', timeStyle: 'short' }).format(instant);

/** One assertion per list, not per window: asserting is what takes the time in a thousand months of hours. */
function expectPartition(windows: Window[], period: Window): void {
  expect(windows.every(({ from, to }) => from < to)).toBe(true);
  expect([...windows.map(({ from }) => from), period.to]).toEqual([period.from, ...windows.map(({ to }) => to)]);
}

describe('months', () => {
  it.each([
    ['2026-10', 'UTC', '2026-10-01T00:00:00Z', '2026-11-01T00:00:00Z'],
    ['2026-10', 'Europe/Berlin', '2026-09-30T22:00:00Z', '2026-10-31T23:00:00Z'],
    ['2026-12', 'Asia/Kathmandu', '2026-11-30T18:15:00Z', '2026-12-31T18:15:00Z'],
    ['2024-02', 'America/New_York', '2024-02-01T05:00:00Z', '2024-03-01T05:00:00Z'],
    // Midnight of 1 October 1995 did not exist in Asunción: the clock leapt from 24:00 to 01:00.
    ['1995-10', 'America/Asuncion', '1995-10-01T04:00:00Z', '1995-11-01T03:00:00Z'],
    // In St. John's the clock went back from 00:01 to 23:01: November had begun, and begins once.
    ['2009-11', 'America/St_Johns', '2009-11-01T02:30:00Z', '2009-12-01T03:30:00Z'],
  ])('%s in %s', (name, zoneName, from, to) => expect(texts([monthPeriod(name, zoneName)])).toEqual([`${from}/${to}`]));

  it.each(['2026-13', '2026-00', '2026-1', '2026', '2026-10-01', ''])('%j is no month', (text) =>
    expect(() => monthPeriod(text, 'UTC')).toThrow(RangeError),
  );

  it('follow one another without gap or overlap in every zone', () => {
    fc.assert(
      fc.property(zone, month, (zoneName, name) => {
        const period = monthPeriod(name, zoneName);
        expect(monthOf(period.from, zoneName)).toBe(name);
        expect(monthOf(period.to - 1, zoneName)).toBe(name);
        expect(monthPeriod(monthOf(period.to, zoneName), zoneName).from).toBe(period.to);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('hours', () => {
  it('and days partition the month, each hour within one day, in every zone', () => {
    fc.assert(
      fc.property(zone, month, (zoneName, name) => {
        const period = monthPeriod(name, zoneName);
        const [hours, days] = [hoursOf(period, zoneName), daysOf(period, zoneName)];
        expectPartition(hours, period);
        expectPartition(days, period);
        const hourStarts = new Set(hours.map(({ from }) => from));
        expect(days.every(({ from }) => hourStarts.has(from))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('are where the slots say, with one offset and one hour of the local clock throughout', () => {
    fc.assert(
      fc.property(zone, fc.integer({ min: at('1995-01-01T00:00:00Z'), max: at('2099-12-31T00:00:00Z') }), (zoneName, instant) => {
        const hour = slotToHour(instant, zoneName);
        expect(hour.from).toBe(hourStart(instant, zoneName));
        expect(instant >= hour.from && instant < hour.to).toBe(true);
        expect(hour.to - hour.from).toBeLessThanOrEqual(HOUR_MS);
        expect(hoursOf({ from: hour.from - DAY_MS, to: hour.to + DAY_MS }, zoneName)).toContainEqual(hour);
        for (let slot = hour.from; slot < hour.to; slot += SLOT_MS) {
          expect(slotToHour(slot, zoneName)).toEqual(hour);
          expect(local(zoneName, slot).slice(0, 13)).toBe(local(zoneName, hour.from).slice(0, 13));
          expect(zoneOffsetMinutes(zoneName, slot)).toBe(zoneOffsetMinutes(zoneName, hour.from));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['Europe/Berlin', '2026-03-29T12:00:00Z', 23],
    ['Europe/Berlin', '2026-10-25T12:00:00Z', 25],
    ['America/New_York', '2026-03-08T12:00:00Z', 23],
    ['America/New_York', '2026-11-01T12:00:00Z', 25],
    ['Asia/Kathmandu', '2026-10-25T12:00:00Z', 24],
  ])('a day of %s holding %s has %i of them, of 60 minutes each', (zoneName, instant, count) => {
    const day = { from: dayStart(at(instant), zoneName), to: dayEnd(at(instant), zoneName) };
    const hours = hoursOf(day, zoneName);
    expect(hours).toHaveLength(count);
    expect(hours.every(({ from, to }) => to - from === HOUR_MS)).toBe(true);
    expect(daysOf(day, zoneName)).toEqual([day]);
  });

  it('of Kathmandu begin at a quarter past in UTC', () => {
    expect(texts([slotToHour(at('2026-10-01T10:00:00Z'), 'Asia/Kathmandu')])).toEqual(['2026-10-01T09:15:00Z/2026-10-01T10:15:00Z']);
    expect(texts([slotToHour(at('2026-10-01T10:15:00Z'), 'Asia/Kathmandu')])).toEqual(['2026-10-01T10:15:00Z/2026-10-01T11:15:00Z']);
  });

  it('on Lord Howe Island repeat 30 minutes as an hour of their own in April, and lose them from one in October', () => {
    // 5 April 2026: at 02:00 (+11) the clock goes back to 01:30 (+10:30). 4 October: at 02:00 (+10:30) it goes on to 02:30 (+11).
    const back = { from: at('2026-04-04T14:00:00Z'), to: at('2026-04-04T16:30:00Z') };
    expect(texts(hoursOf(back, 'Australia/Lord_Howe'))).toEqual([
      '2026-04-04T14:00:00Z/2026-04-04T15:00:00Z',
      '2026-04-04T15:00:00Z/2026-04-04T15:30:00Z',
      '2026-04-04T15:30:00Z/2026-04-04T16:30:00Z',
    ]);
    const forward = { from: at('2026-10-03T14:30:00Z'), to: at('2026-10-03T17:00:00Z') };
    expect(texts(hoursOf(forward, 'Australia/Lord_Howe'))).toEqual([
      '2026-10-03T14:30:00Z/2026-10-03T15:30:00Z',
      '2026-10-03T15:30:00Z/2026-10-03T16:00:00Z',
      '2026-10-03T16:00:00Z/2026-10-03T17:00:00Z',
    ]);
  });

  it('are cut off where the period ends within one', () => {
    const period = { from: at('2026-10-01T00:10:00Z'), to: at('2026-10-01T02:05:00Z') };
    expect(texts(hoursOf(period, 'UTC'))).toEqual([
      '2026-10-01T00:10:00Z/2026-10-01T01:00:00Z',
      '2026-10-01T01:00:00Z/2026-10-01T02:00:00Z',
      '2026-10-01T02:00:00Z/2026-10-01T02:05:00Z',
    ]);
    expect(hoursOf({ from: period.from, to: period.from }, 'UTC')).toEqual([]);
  });
});

describe('days', () => {
  it('that a zone left out have no window: Samoa skipped 30 December 2011', () => {
    const days = daysOf(monthPeriod('2011-12', 'Pacific/Apia'), 'Pacific/Apia');
    const dates = days.map(({ from }) => dateOf(from, 'Pacific/Apia'));
    expect(dates).toHaveLength(30);
    expect(dates.slice(-2)).toEqual(['2011-12-29', '2011-12-31']);
    expect(days.every(({ from, to }) => to - from === DAY_MS)).toBe(true);
  });

  it('whose midnight does not exist begin where the clock leaps to: São Paulo, 4 November 2018', () => {
    const start = dayStart(at('2018-11-04T12:00:00Z'), 'America/Sao_Paulo');
    expect(instantText(start)).toBe('2018-11-04T03:00:00Z');
    expect(local('America/Sao_Paulo', start)).toBe('2018-11-04 01:00');
    expect(dayEnd(start, 'America/Sao_Paulo') - start).toBe(23 * HOUR_MS);
  });

  it('have begun for good when the clock goes back over midnight', () => {
    const repeated = at('2009-11-01T02:45:00Z');
    expect(local('America/St_Johns', repeated)).toBe('2009-10-31 23:15');
    expect(dateOf(repeated, 'America/St_Johns')).toBe('2009-11-01');
    expect(dateOf(repeated - 30 * MINUTE_MS, 'America/St_Johns')).toBe('2009-10-31');
  });
});
