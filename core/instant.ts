/**
 * Times as text: from a cell to `YYYY-MM-DDTHH:MM:SS.ffffffZ`, in integers and without a Date.
 *
 * Read: `2026-10-01T05:00:00Z`, `2026-10-01 05:00:00.123+05:45` (offsets `+hh:mm`, `+hhmm`, `+hh`, or ` UTC`), `20261001T050000Z`, seconds and
 * fraction optional, fraction after `.` or `,`. Without an offset only when a zone is declared; a date alone is then its midnight there. Epoch
 * numbers and any other form (`01/10/2026 5:00 PM`) only when declared: see time-pattern.ts. Digits beyond the microsecond are cut off, never
 * rounded, so that every store sees the same hour.
 * Refused rather than guessed: `03/04/2026`, `24:00`, second 60, dates that do not exist, local times that a zone skips or repeats.
 */
import { createLocalOffset, formatMinute, isDate, isDigit, readOffset, TWO_DIGITS, twoDigits, weekdayOf } from './civil-time.ts';
import type { LocalOffset } from './civil-time.ts';
import { HOUR_24, IN_FUTURE, INVALID, MISSING, NO_SUCH_DATE, NO_ZONE, SECOND_60, TOO_EARLY } from './instant-faults.ts';
import type { InstantFault } from './instant-faults.ts';
import { faultOfOtherForm, faultOfUnread, localMinuteOf } from './time-forms.ts';
import { newTimeFields, parseTimePattern } from './time-pattern.ts';
import type { TimeFields, TimePattern } from './time-pattern.ts';
import { isTimeZone } from './zone.ts';

export type { InstantFault, InstantFaultCode } from './instant-faults.ts';

export const EPOCH_FORMATS = ['epoch_s', 'epoch_ms', 'epoch_us', 'epoch_ns'] as const;
export type EpochFormat = (typeof EPOCH_FORMATS)[number];

export interface InstantOptions {
  /** IANA zone of times that carry none. */
  timeZone?: string | undefined;
  /** `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns` where times are numbers, or a form such as `dd/MM/yyyy HH:mm`. Undefined: ISO 8601. */
  timeFormat?: string | undefined;
  /** The present, in epoch milliseconds. */
  nowMs: number;
}

/** The canonical instant, or a fault: compare by `code`. */
export type InstantReader = (cell: string) => string | InstantFault;

export const INSTANT_MIN = '2000-01-01T00:00:00.000000Z';
/** A day ahead of the present is allowed: clocks are wrong, and a local date may have begun before UTC's. */
export const FUTURE_MAX_MS = 86_400_000;

const BASIC = /^(\d{4})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(\d\d(?:[.,]\d+)?)?([Zz]|[+-]\d\d(?::?\d\d)?)?$/;
const EPOCH = /^(-?)(\d{1,24})(?:\.(\d{1,24}))?$/;
const EPOCH_DIGITS: Readonly<Record<EpochFormat, number>> = { epoch_s: 0, epoch_ms: 3, epoch_us: 6, epoch_ns: 9 };

export function isEpochFormat(format: string): format is EpochFormat {
  return (EPOCH_FORMATS as readonly string[]).includes(format);
}

/** What is wrong with a value of `timeFormat`; undefined where it can be read. */
export function timeFormatProblem(format: string): string | undefined {
  if (/^(?:iso|rfc)/i.test(format)) return 'times of ISO 8601 and RFC 3339 need none; leave it out';
  if (/^(?:epoch|unix)/i.test(format) && !isEpochFormat(format)) return `for epoch numbers there are ${EPOCH_FORMATS.join(', ')}`;
  const parsed = isEpochFormat(format) ? undefined : parseTimePattern(format);
  return parsed?.ok === false ? parsed.message : undefined;
}

/** Whether times of a format that can be read need no zone. */
export function saysOffset(format: string): boolean {
  const parsed = isEpochFormat(format) ? undefined : parseTimePattern(format);
  return parsed === undefined || (parsed.ok && parsed.pattern.zoned);
}

/** A reader for the declared zone and format. Throws a RangeError for a zone or format that is none. */
export function createInstantReader(options: InstantOptions): InstantReader {
  const { timeZone, timeFormat } = options;
  if (timeZone !== undefined && !isTimeZone(timeZone)) throw new RangeError(`not an IANA time zone: ${timeZone}`);
  const limit = new Date(options.nowMs + FUTURE_MAX_MS).toISOString().replace('Z', '999Z');
  const read = createFormReader(timeFormat, timeZone);
  return (cell) => {
    const instant = read(cell);
    if (typeof instant !== 'string') return instant;
    if (instant > limit) return IN_FUTURE;
    return instant < INSTANT_MIN ? TOO_EARLY : instant;
  };
}

function createFormReader(timeFormat: string | undefined, timeZone: string | undefined): InstantReader {
  if (timeFormat === undefined) return createIsoReader(timeZone);
  if (isEpochFormat(timeFormat)) return createEpochReader(timeFormat);
  const parsed = parseTimePattern(timeFormat);
  if (!parsed.ok) throw new RangeError(`not a time format: ${timeFormat}: ${parsed.message}`);
  return createPatternReader(parsed.pattern, timeZone);
}

function createPatternReader(pattern: TimePattern, timeZone: string | undefined): InstantReader {
  const toOffset = timeZone === undefined ? undefined : createLocalOffset(timeZone);
  const fields = newTimeFields();
  return (cell) => {
    const text = cell.trim();
    if (text === '') return MISSING;
    if (!pattern.read(text, fields)) return faultOfOtherForm(text, pattern.pattern);
    return assemble(fields, toOffset);
  };
}

/** What the form does not say of the clock is zero: a date alone is its midnight. */
function assemble(fields: TimeFields, toOffset: LocalOffset | undefined): string | InstantFault {
  const { year, month, day, half, fraction, weekday } = fields;
  const hour = half === -1 ? Math.max(fields.hour, 0) : (fields.hour % 12) + 12 * half;
  const [minute, second] = [Math.max(fields.minute, 0), Math.max(fields.second, 0)];
  if (!isDate(year, month, day)) return NO_SUCH_DATE;
  if (weekday !== -1 && weekday !== weekdayOf(year, month, day)) return OTHER_WEEKDAY;
  if (hour === 24) return HOUR_24;
  if (second === 60) return SECOND_60;
  if (hour > 23 || minute > 59 || second > 59) return INVALID;
  const localMinute = localMinuteOf(year, month, day, hour * 60 + minute);
  const offset = fields.offset ?? (toOffset === undefined ? NO_ZONE : toOffset(localMinute));
  if (typeof offset !== 'number') return offset;
  return `${formatMinute(localMinute - offset)}:${TWO_DIGITS[second]}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

const OTHER_WEEKDAY: InstantFault = { code: 'invalid_time', message: 'the date is another day of the week' };

function createIsoReader(timeZone: string | undefined): InstantReader {
  const toOffset = timeZone === undefined ? undefined : createLocalOffset(timeZone);
  return (cell) => {
    let text = cell;
    if (text.charCodeAt(0) <= 0x20 || text.charCodeAt(text.length - 1) <= 0x20) text = text.trim();
    if (text === '') return MISSING;
    const instant = readIso(text, toOffset);
    if (instant !== INVALID) return instant;
    const extended = text.replace(BASIC, (_, year, month, day, hour, minute, second = '00', offset = '') => {
      return `${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`;
    });
    const basic = extended === text ? INVALID : readIso(extended, toOffset);
    return basic === INVALID ? faultOfUnread(text) : basic;
  };
}

/** Reads the extended form; INVALID for any other. */
function readIso(text: string, toOffset: LocalOffset | undefined): string | InstantFault {
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
  const end = endOfClock(text);
  if (end === -1) return INVALID;
  const rest = text.length - end;
  const isUtc = rest === 1 && (text.charCodeAt(end) | 0x20) === 0x7a;
  // As it is written here, but for zeros at its end: nearly every cell.
  if (isUtc && separator === 0x54 && text.charCodeAt(19) !== 0x2c) return text.slice(0, Math.min(end, 26)) + (UTC_ENDS[end] ?? 'Z');

  const clock = end === 16 ? `${text.slice(11, 16)}:00` : text.slice(11, 19);
  const micros = end > 19 ? text.slice(20, Math.min(end, 26)).padEnd(6, '0') : '000000';
  if (rest === 0) return toOffset === undefined ? NO_ZONE : shift(text, clock, micros, year, month, day, hour * 60 + minute, toOffset);
  if (isUtc) return `${text.slice(0, 10)}T${clock}.${micros}Z`;
  const offset = readOffset(text, end);
  if (offset === undefined) return INVALID;
  return shift(text, clock, micros, year, month, day, hour * 60 + minute, offset);
}

/** What a time of day lacks that ends so far behind the beginning of the text: `2026-10-01T05:00:00.12` ends at 22. */
const UTC_ENDS: Readonly<Record<number, string>> = {
  16: ':00.000000Z',
  19: '.000000Z',
  21: '00000Z',
  22: '0000Z',
  23: '000Z',
  24: '00Z',
  25: '0Z',
};

/** Where the time of day ends that begins behind the date and has hours and minutes; -1 where its seconds or their fraction are none. */
function endOfClock(text: string): number {
  if (text.charCodeAt(16) !== 0x3a) return 16;
  if (!(twoDigits(text, 17) < 60)) return -1;
  const mark = text.charCodeAt(19);
  if (mark !== 0x2e && mark !== 0x2c) return 19;
  let end = 20;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return end === 20 ? -1 : end;
}

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
  const localMinute = localMinuteOf(year, month, day, minuteOfDay);
  const offset = typeof offsetOf === 'number' ? offsetOf : offsetOf(localMinute);
  if (typeof offset !== 'number') return offset;
  if (offset === 0) return `${text.slice(0, 10)}T${clock}.${micros}Z`;
  return formatMinute(localMinute - offset) + `:${clock.slice(6)}.${micros}Z`;
}

const NO_EPOCH: InstantFault = {
  code: 'invalid_time',
  message: 'not an epoch number, such as 1790000000 in seconds, in digits alone',
};

function createEpochReader(format: EpochFormat): InstantReader {
  const unitDigits = EPOCH_DIGITS[format];
  return (cell) => {
    const text = cell.trim();
    if (text === '') return MISSING;
    const match = EPOCH.exec(text);
    if (match === null) return NO_EPOCH;
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
