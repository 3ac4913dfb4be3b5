/** Dates and clock times as integers: the Gregorian calendar, offsets, and the local time of a zone. */
import { REPEATED_TEXT, SKIPPED } from './instant-faults.ts';
import type { InstantFault } from './instant-faults.ts';
import { zoneOffsetMinutes } from './zone.ts';

export const MINUTES_PER_DAY = 1440;
const MS_PER_MINUTE = 60_000;
/** UTC and its aliases need no look-up. */
const UTC_NAMES = new Set(['UTC', 'Etc/UTC', 'Etc/GMT', 'GMT', 'Etc/UCT', 'UCT', 'Zulu', 'Etc/Zulu', 'Universal', 'Etc/Universal']);
const UTC_SUFFIX = /^ ?(?:UTC|GMT)$/;
export const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const DAYS_OF_MONTH = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Value of two digits; NaN where they are none, which fails every comparison. */
export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isDate(year: number, month: number, day: number): boolean {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= (DAYS_OF_MONTH[month] as number) && year >= 0)) return false;
  return month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0));
}

/** Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap day is the last. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

/** 0 is Sunday. */
export function weekdayOf(year: number, month: number, day: number): number {
  return (((daysFromCivil(year, month, day) + 4) % 7) + 7) % 7;
}

/** `YYYY-MM-DDTHH:MM` of minutes since 1970. */
export function formatMinute(minute: number): string {
  const days = Math.floor(minute / MINUTES_PER_DAY);
  const rest = minute - days * MINUTES_PER_DAY;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${TWO_DIGITS[month]}-${TWO_DIGITS[day]}T${TWO_DIGITS[Math.floor(rest / 60)]}:${TWO_DIGITS[rest % 60]}`;
}

/** Minutes of `+hh:mm`, `+hhmm`, `+hh`, ` UTC`, from `from` to the end of the text; undefined for anything else. */
export function readOffset(text: string, from: number): number | undefined {
  const at = text.charCodeAt(from) === 0x20 ? from + 1 : from;
  const sign = text.charCodeAt(at);
  if (sign !== 0x2b && sign !== 0x2d) return UTC_SUFFIX.test(text.slice(from)) ? 0 : undefined;
  const colon = text.charCodeAt(at + 3) === 0x3a;
  const length = text.length - at;
  const minutes = length === 3 ? 0 : twoDigits(text, at + (colon ? 4 : 3));
  if (length !== 3 && length !== (colon ? 6 : 5)) return undefined;
  const hours = twoDigits(text, at + 1);
  // No zone has ever been more than 15:59 from UTC.
  if (!(hours < 16 && minutes < 60)) return undefined;
  return (hours * 60 + minutes) * (sign === 0x2d ? -1 : 1);
}

/** Minutes east of UTC of a zone's local minutes (since 1970, as the local clock shows them). */
export type LocalOffset = (localMinute: number) => number | InstantFault;

export function createLocalOffset(timeZone: string): LocalOffset {
  if (UTC_NAMES.has(timeZone)) return () => 0;
  let steadyDay = NaN;
  let steadyOffset = 0;
  return (localMinute) => {
    const day = Math.floor(localMinute / MINUTES_PER_DAY);
    if (day === steadyDay) return steadyOffset;
    // No offset is as large as a day, so two days' distance stands on either side of any change that could matter to this day.
    const before = zoneOffsetMinutes(timeZone, (day - 1) * MINUTES_PER_DAY * MS_PER_MINUTE);
    const after = zoneOffsetMinutes(timeZone, (day + 2) * MINUTES_PER_DAY * MS_PER_MINUTE);
    if (before === after) {
      steadyDay = day;
      steadyOffset = before;
      return before;
    }
    const asBefore = zoneOffsetMinutes(timeZone, (localMinute - before) * MS_PER_MINUTE) === before;
    const asAfter = zoneOffsetMinutes(timeZone, (localMinute - after) * MS_PER_MINUTE) === after;
    if (asBefore && asAfter) return repeated(before, after);
    if (!asBefore && !asAfter) return SKIPPED;
    return asBefore ? before : after;
  };
}

function repeated(before: number, after: number): InstantFault {
  return { code: 'ambiguous_time', message: `${REPEATED_TEXT}: ${formatOffset(before)} or ${formatOffset(after)}` };
}

/** `+05:45`. */
function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${TWO_DIGITS[Math.floor(size / 60)]}:${TWO_DIGITS[size % 60]}`;
}
