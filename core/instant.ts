/**
 * Times as text: from a cell to `YYYY-MM-DDTHH:MM:SS.ffffffZ`, in integers and without a Date.
 *
 * Read: `2026-10-01T05:00:00Z`, `2026-10-01 05:00:00.123+05:45` (offsets `+hh:mm`, `+hhmm`, `+hh`, or ` UTC`), seconds and fraction optional,
 * fraction after `.` or `,`. Without an offset only when a zone is declared; a date alone is then its midnight there. Epoch numbers only when
 * their unit is declared. Digits beyond the microsecond are cut off, never rounded, so that every store sees the same hour.
 * Refused rather than guessed: `03/04/2026`, `24:00`, second 60, dates that do not exist, local times that a zone skips or repeats.
 */
import { isTimeZone, zoneOffsetMinutes } from './zone.ts';

export const TIME_FORMATS = ['epoch_s', 'epoch_ms', 'epoch_us', 'epoch_ns'] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

export interface InstantOptions {
  /** IANA zone of times that carry none. */
  timeZone?: string | undefined;
  /** The unit, where times are epoch numbers. */
  timeFormat?: TimeFormat | undefined;
  /** The present, in epoch milliseconds. */
  nowMs: number;
}

export type InstantFaultCode =
  | 'missing_time'
  | 'missing_time_zone'
  | 'invalid_time'
  | 'ambiguous_time'
  | 'nonexistent_local_time'
  | 'time_in_future'
  | 'time_out_of_range';
export interface InstantFault {
  code: InstantFaultCode;
  message: string;
}

/** The canonical instant, or a fault. Faults are shared objects: compare by `code`. */
export type InstantReader = (cell: string) => string | InstantFault;

export const INSTANT_MIN = '2000-01-01T00:00:00.000000Z';
/** A day ahead of the present is allowed: clocks are wrong, and a local date may have begun before UTC's. */
export const FUTURE_MAX_MS = 86_400_000;

const MISSING: InstantFault = { code: 'missing_time', message: 'the time is empty' };
const NO_ZONE: InstantFault = { code: 'missing_time_zone', message: 'the time carries no offset; declare `timeZone`' };
const INVALID: InstantFault = { code: 'invalid_time', message: 'not a time such as 2026-10-01T05:00:00Z or 2026-10-01 05:00:00' };
const REPEATED: InstantFault = { code: 'ambiguous_time', message: 'the local clock shows this time twice that day; add the offset' };
const SKIPPED: InstantFault = { code: 'nonexistent_local_time', message: 'the local clock skips this time that day' };
const IN_FUTURE: InstantFault = { code: 'time_in_future', message: 'more than 24 hours ahead of the present' };
const TOO_EARLY: InstantFault = { code: 'time_out_of_range', message: 'before the year 2000' };

const MINUTES_PER_DAY = 1440;
const MS_PER_MINUTE = 60_000;
/** UTC and its aliases need no look-up. */
const UTC_NAMES = new Set(['UTC', 'Etc/UTC', 'Etc/GMT', 'GMT', 'Etc/UCT', 'UCT', 'Zulu', 'Etc/Zulu', 'Universal', 'Etc/Universal']);
const UTC_SUFFIX = /^ ?(?:UTC|GMT)$/;
const EPOCH = /^(-?)(\d{1,24})(?:\.(\d{1,24}))?$/;
const EPOCH_DIGITS: Readonly<Record<TimeFormat, number>> = { epoch_s: 0, epoch_ms: 3, epoch_us: 6, epoch_ns: 9 };
const TWO_DIGITS = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const DAYS_OF_MONTH = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A reader for the declared zone and format. Throws a RangeError for a zone or format that is none. */
export function createInstantReader(options: InstantOptions): InstantReader {
  const { timeZone, timeFormat } = options;
  if (timeZone !== undefined && !isTimeZone(timeZone)) throw new RangeError(`not an IANA time zone: ${timeZone}`);
  if (timeFormat !== undefined && !TIME_FORMATS.includes(timeFormat)) throw new RangeError(`not a time format: ${String(timeFormat)}`);
  const limit = new Date(options.nowMs + FUTURE_MAX_MS).toISOString().replace('Z', '999Z');
  const read = timeFormat === undefined ? createIsoReader(timeZone) : createEpochReader(timeFormat);
  return (cell) => {
    const instant = read(cell);
    if (typeof instant !== 'string') return instant;
    if (instant > limit) return IN_FUTURE;
    return instant < INSTANT_MIN ? TOO_EARLY : instant;
  };
}

function createIsoReader(timeZone: string | undefined): InstantReader {
  const toOffset = timeZone === undefined ? undefined : createLocalOffset(timeZone);
  return (cell) => {
    let text = cell;
    if (text.charCodeAt(0) <= 0x20 || text.charCodeAt(text.length - 1) <= 0x20) text = text.trim();
    if (text === '') return MISSING;
    const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
    const month = twoDigits(text, 5);
    const day = twoDigits(text, 8);
    if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d || !isDate(year, month, day)) return INVALID;
    if (text.length === 10) return toOffset === undefined ? NO_ZONE : shift(text, '00:00:00', '000000', year, month, day, 0, toOffset);

    const separator = text.charCodeAt(10);
    const hour = twoDigits(text, 11);
    const minute = twoDigits(text, 14);
    const isTime =
      (separator === 0x54 || separator === 0x20 || separator === 0x74) && text.charCodeAt(13) === 0x3a && hour < 24 && minute < 60;
    if (!isTime) return INVALID;
    let at = 16;
    let clock: string;
    let micros = '000000';
    if (text.charCodeAt(16) === 0x3a) {
      if (!(twoDigits(text, 17) < 60)) return INVALID;
      clock = text.slice(11, 19);
      at = 19;
      const mark = text.charCodeAt(19);
      if (mark === 0x2e || mark === 0x2c) {
        for (at = 20; isDigit(text.charCodeAt(at));) at += 1;
        if (at === 20) return INVALID;
        micros = at >= 26 ? text.slice(20, 26) : text.slice(20, at).padEnd(6, '0');
      }
    } else clock = `${text.slice(11, 16)}:00`;

    const rest = text.length - at;
    if (rest === 0) return toOffset === undefined ? NO_ZONE : shift(text, clock, micros, year, month, day, hour * 60 + minute, toOffset);
    if (rest === 1 && (text.charCodeAt(at) | 0x20) === 0x7a) return `${text.slice(0, 10)}T${clock}.${micros}Z`;
    const offset = readOffset(text, at);
    if (offset === undefined) return INVALID;
    return shift(text, clock, micros, year, month, day, hour * 60 + minute, offset);
  };
}

type LocalOffset = (localMinute: number) => number | InstantFault;

/** The instant of a local time, given minutes east of UTC or a way to find them. */
function shift(
  text: string,
  clock: string,
  micros: string,
  year: number,
  month: number,
  day: number,
  minuteOfDay: number,
  offsetOf: number | LocalOffset,
): string | InstantFault {
  const localMinute = daysFromCivil(year, month, day) * MINUTES_PER_DAY + minuteOfDay;
  const offset = typeof offsetOf === 'number' ? offsetOf : offsetOf(localMinute);
  if (typeof offset !== 'number') return offset;
  if (offset === 0) return `${text.slice(0, 10)}T${clock}.${micros}Z`;
  return formatMinute(localMinute - offset) + `:${clock.slice(6)}.${micros}Z`;
}

/** Minutes east of UTC of a zone's local minutes (since 1970, as the local clock shows them). */
function createLocalOffset(timeZone: string): LocalOffset {
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
    if (asBefore && asAfter) return REPEATED;
    if (!asBefore && !asAfter) return SKIPPED;
    return asBefore ? before : after;
  };
}

/** Minutes of `+hh:mm`, `+hhmm`, `+hh`, ` UTC`; undefined for anything else. */
function readOffset(text: string, from: number): number | undefined {
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
  return sign === 0x2d ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

function createEpochReader(format: TimeFormat): InstantReader {
  const unitDigits = EPOCH_DIGITS[format];
  return (cell) => {
    const text = cell.trim();
    if (text === '') return MISSING;
    const match = EPOCH.exec(text);
    if (match === null) return INVALID;
    const [, minus, integer = '', fraction = ''] = match;
    if (minus === '-') return TOO_EARLY;
    const digits = integer.padStart(unitDigits + 1, '0');
    const split = digits.length - unitDigits;
    const seconds = Number(digits.slice(0, split));
    // The last second of the year 9999; more digits would not fit the form.
    if (seconds > 253_402_300_799) return IN_FUTURE;
    const micros = (digits.slice(split) + fraction).slice(0, 6).padEnd(6, '0');
    return `${formatMinute(Math.floor(seconds / 60))}:${TWO_DIGITS[seconds % 60]}.${micros}Z`;
  };
}

/** Value of two digits; NaN where they are none, which fails every comparison. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isDate(year: number, month: number, day: number): boolean {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= (DAYS_OF_MONTH[month] as number) && year >= 0)) return false;
  return month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0));
}

/** Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap day is the last. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

/** `YYYY-MM-DDTHH:MM` of minutes since 1970. */
function formatMinute(minute: number): string {
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
