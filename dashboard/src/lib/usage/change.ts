/** More or less than before, exactly: neither is good or bad. */
import { compare, isZero, negate, percent, subtract } from '../decimal.ts';
import { formatDay, formatMonth } from '../time.ts';
import { monthKey, wallOf, momentOf } from '../zone.ts';
import type { Span } from './view.ts';

export interface Change {
  direction: 'above' | 'below' | 'equal';
  /** With one digit; null where there was nothing to compare with. */
  percent: string | null;
}

/** Null where nothing can be said: before, the figure could not be told, or was less than nothing. */
export function changeOf(now: string | null, before: string | null): Change | null {
  if (now === null || before === null || compare(before, '0') < 0) return null;
  const difference = subtract(now, before);
  const order = compare(difference, '0');
  if (order === 0) return { direction: 'equal', percent: '0.0' };
  const size = order < 0 ? negate(difference) : difference;
  return { direction: order > 0 ? 'above' : 'below', percent: isZero(before) ? null : percent(size, before) };
}

const HOUR_MS = 3_600_000;

/** "the 48 h before", "the 7 days before", "October": what stands after "above". */
export function beforeWords({ from, to }: Span, zone: string): string {
  if (isMonthStart(from, zone) && isMonthStart(to, zone)) {
    const last = monthKey(to - 1, zone);
    return monthKey(from, zone) === last ? formatMonth(last) : `${formatDay(from, zone, to)} to ${formatDay(to - 1, zone)}`;
  }
  const hours = Math.round((to - from) / HOUR_MS);
  if (to - from < HOUR_MS) return `the ${Math.round((to - from) / 60_000)} min before`;
  const days = Math.round(hours / 24);
  // A day on which the clock goes forward or back is still a day.
  const whole = Math.abs(hours - days * 24) <= 1 && (hours % 24 === 0 || days > 2);
  return whole && days > 2 ? `the ${days} days before` : `the ${hours} h before`;
}

function isMonthStart(moment: number, zone: string): boolean {
  const { year, month } = wallOf(moment, zone);
  return momentOf(zone, year, month) === moment;
}
