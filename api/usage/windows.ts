/** The windows of a usage query: local hours, days or months, refused when there are too many to be of use. */
import { ProblemError } from '../../core/errors.ts';
import { daysOf, hoursOf, monthOf, monthPeriod, type Window } from '../../core/window.ts';
import { DAY_MS, HOUR_MS, isTimeZone } from '../../core/zone.ts';

/** Five years of hours. What is shown, or drawn, or read by a person is far below; a CSV of more is asked for in parts. */
export const BUCKETS_MAX = 50_000;

/** What ClickHouse's DateTime64 holds. */
const EARLIEST_MS = Date.UTC(1900, 0, 1);
const LATEST_MS = Date.UTC(2299, 11, 31);

export type Grain = 'hour' | 'day' | 'month';
const SHORTEST_MS: Readonly<Record<Grain, number>> = { hour: HOUR_MS, day: DAY_MS, month: 28 * DAY_MS };

/** Consecutive windows that cover the range exactly: the first and the last are cut off at its ends. */
export function windowsOf(range: Window, grain: Grain, timeZone: string): Window[] {
  if (range.from < EARLIEST_MS || range.to > LATEST_MS)
    throw new ProblemError('invalid_range', 'Usage can be asked for from 1900-01-01 to 2299-12-31.');
  if ((range.to - range.from) / SHORTEST_MS[grain] > BUCKETS_MAX) throw tooManyBuckets();
  switch (grain) {
    case 'hour':
      return hoursOf(range, timeZone);
    case 'day':
      return daysOf(range, timeZone);
    case 'month':
      return monthsOf(range, timeZone);
  }
}

export function requireTimeZone(timeZone: string): string {
  if (isTimeZone(timeZone)) return timeZone;
  const message = `"${timeZone}" is not an IANA time zone such as Europe/Berlin or UTC`;
  throw new ProblemError('unknown_time_zone', `${message}.`, { errors: [{ path: 'timeZone', code: 'unknown_time_zone', message }] });
}

export function tooManyBuckets(): ProblemError {
  return new ProblemError(
    'invalid_range',
    `The answer would have more than ${BUCKETS_MAX} buckets. Ask for a shorter range, a coarser grain, or one customer; /v1/usage.csv has no such limit on customers and meters.`,
  );
}

function monthsOf(range: Window, timeZone: string): Window[] {
  const months: Window[] = [];
  for (let from = range.from; from < range.to;) {
    const to = Math.min(monthPeriod(monthOf(from, timeZone), timeZone).to, range.to);
    months.push({ from, to });
    from = to;
  }
  return months;
}
