/** What a range of time is compared with: what came just before it. */
import { dateOf, dateStart, monthOf, monthPeriod, SLOT_MS, type Window } from '../../core/window.ts';
import { DAY_MS } from '../../core/zone.ts';

/** Whole months give as many months before, whole days as many days, anything else the same length. It ends where the range begins. */
export function previousPeriod({ from, to }: Window, timeZone: string): Window {
  const months = monthsWithin({ from, to }, timeZone);
  if (months > 0) {
    let before = from;
    for (let count = 0; count < months; count += 1) before = monthPeriod(monthOf(before - 1, timeZone), timeZone).from;
    return { from: before, to: from };
  }
  if (isMidnight(from, timeZone) && isMidnight(to, timeZone)) {
    const days = Math.round((Date.parse(dateOf(to, timeZone)) - Date.parse(dateOf(from, timeZone))) / DAY_MS);
    const date = new Date(Date.parse(dateOf(from, timeZone)) - days * DAY_MS).toISOString().slice(0, 10);
    return { from: dateStart(date, timeZone), to: from };
  }
  return { from: from - (to - from), to: from };
}

/**
 * Up to where the period before is compared: as much of it as has gone by of the range itself, in whole slots of 15 minutes, of which the
 * stores can tell the usage quickly.
 */
export function comparedTo({ from, to }: Window, previous: Window, nowMs: number): number {
  if (nowMs >= to) return previous.to;
  const gone = Math.ceil(Math.max(0, nowMs - from) / SLOT_MS) * SLOT_MS;
  return Math.min(previous.to, previous.from + gone);
}

/** How many months the range is made of; 0 when it is not whole months. */
function monthsWithin({ from, to }: Window, timeZone: string): number {
  let [start, count] = [from, 0];
  while (start < to) {
    const month = monthPeriod(monthOf(start, timeZone), timeZone);
    if (month.from !== start) return 0;
    start = month.to;
    count += 1;
  }
  return start === to ? count : 0;
}

function isMidnight(instant: number, timeZone: string): boolean {
  return dateStart(dateOf(instant, timeZone), timeZone) === instant;
}
