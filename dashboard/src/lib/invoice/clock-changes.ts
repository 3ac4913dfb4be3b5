/** Days of a period that are shorter or longer than others, because the clock went forward or back. */
import { formatDay } from '../time.ts';
import type { Invoice } from '../types.ts';
import { DAY_MS, nextStart, startsWithin } from '../zone.ts';

const HOUR_MS = 3_600_000;

export interface ClockChange {
  /** Start of the day, epoch ms. */
  day: number;
  direction: 'back' | 'forward';
}

export function hoursOfPeriod({ from, to }: Pick<Invoice['period'], 'from' | 'to'>): number {
  return (Date.parse(to) - Date.parse(from)) / HOUR_MS;
}

export function clockChanges({ from, to, timeZone }: Invoice['period']): ClockChange[] {
  return startsWithin(Date.parse(from), Date.parse(to), 'day', timeZone).flatMap((day): ClockChange[] => {
    const length = nextStart(day, 'day', timeZone) - day;
    return length === DAY_MS ? [] : [{ day, direction: length > DAY_MS ? 'back' : 'forward' }];
  });
}

/** "the clock went back on 25 Oct"; empty where it did not. */
export function clockSentence(period: Invoice['period']): string {
  const now = Date.parse(period.from);
  return clockChanges(period)
    .map(({ day, direction }) => `the clock went ${direction} on ${formatDay(day, period.timeZone, now)}`)
    .join(', ');
}

/** "15 days 1 hour" of a number of seconds: shares of a month are told in what they are made of. */
export function durationText(seconds: string): string {
  const whole = BigInt(seconds.split('.')[0] ?? '0');
  const units: [bigint, string][] = [
    [86_400n, 'day'],
    [3_600n, 'hour'],
    [60n, 'minute'],
    [1n, 'second'],
  ];
  let rest = whole;
  const parts = units.flatMap(([size, name]) => {
    const count = rest / size;
    rest %= size;
    return count === 0n ? [] : [`${count} ${name}${count === 1n ? '' : 's'}`];
  });
  return parts.length === 0 ? '0 seconds' : parts.join(' ');
}
