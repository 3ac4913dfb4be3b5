/** Times whose form has to be declared: which forms a text may have, and what each would make of it. Nothing here is ever applied. */
import { daysFromCivil, formatMinute, isDate, MINUTES_PER_DAY } from './civil-time.ts';
import { HOUR_24, INVALID, NO_SUCH_DATE, SECOND_60 } from './instant-faults.ts';
import type { InstantFault } from './instant-faults.ts';

const NUMBERS = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?!\d)(.*)$/;
const YEAR_FIRST = /^(\d{4})([/.-])(\d{1,2})\2(\d{1,2})(?!\d)(.*)$/;
const DAY_NAME_YEAR = /^(?:([A-Z][a-z]+)(,? ))?(\d{1,2})([ /-])([A-Za-z]{3,9})\4(\d{4})(?!\d)(.*)$/;
const NAME_DAY_YEAR = /^([A-Za-z]{3,9}) (\d{1,2})(,? )(\d{4})(?!\d)(.*)$/;
const SHORT_YEAR = /^\d{1,2}([/.-])\d{1,2}\1\d{2}(?!\d)/;
const COMPACT = /^(\d{4})(\d\d)(\d\d)(\d\d)?(\d\d)?(\d\d)?$/;
const EPOCH = /^(\d+)(?:\.\d+)?$/;
const CLOCK =
  /^(,? |T|:)(\d{1,2}):\d\d(:\d\d(?:([.,])\d+)?)?([ \u00a0\u202f]?[AaPp]\.?[Mm]\.?)?( ?(?:[Zz]|[+-]\d\d(?::?\d\d)?)| (?:UTC|GMT))?$/;

const EPOCH_UNITS = new Map([
  [10, 'epoch_s'],
  [13, 'epoch_ms'],
  [16, 'epoch_us'],
  [19, 'epoch_ns'],
]);

/** Values of `timeFormat` that may be meant, by the form of the text alone. ISO 8601 needs none and has none. */
export function timeFormsOf(text: string): string[] {
  const numbers = NUMBERS.exec(text);
  if (numbers !== null) {
    const [, first = '', mark = '', second = '', , rest = ''] = numbers;
    const clock = clockForm(rest);
    if (clock === undefined) return [];
    const [day, month] = dayAndMonth(first, second);
    const forms = [];
    if (Number(first) <= 31 && Number(second) <= 12) forms.push(`${day}${mark}${month}${mark}yyyy${clock}`);
    if (Number(first) <= 12 && Number(second) <= 31) forms.push(`${month}${mark}${day}${mark}yyyy${clock}`);
    return forms;
  }
  return [...yearFirstForms(text), ...namedForms(text), ...digitForms(text)];
}

/** Where one of the two is written without its zero, the other is just not below ten. */
function dayAndMonth(one: string, other: string): readonly [string, string] {
  return one.length === 1 || other.length === 1 ? ['d', 'M'] : ['dd', 'MM'];
}

function yearFirstForms(text: string): string[] {
  const [, , mark = '', month = '', day = '', rest = ''] = YEAR_FIRST.exec(text) ?? [];
  const clock = clockForm(rest);
  if (month === '' || clock === undefined || Number(month) > 12) return [];
  const [days, months] = dayAndMonth(day, month);
  const form = `yyyy${mark}${months}${mark}${days}${clock}`;
  return /^yyyy-MM-dd(?:$|[ T]HH:mm(?!.*a))/.test(form) ? [] : [form];
}

function namedForms(text: string): string[] {
  const dayFirst = DAY_NAME_YEAR.exec(text);
  if (dayFirst !== null) {
    const [, weekday, gap = '', day = '', mark = '', month = '', , rest = ''] = dayFirst;
    const clock = clockForm(rest);
    const prefix = weekday === undefined ? '' : `${weekday.length === 3 ? 'EEE' : 'EEEE'}${gap}`;
    return clock === undefined ? [] : [`${prefix}${'d'.repeat(day.length)}${mark}${monthForm(month)}${mark}yyyy${clock}`];
  }
  const [, month = '', day = '', gap = '', , rest = ''] = NAME_DAY_YEAR.exec(text) ?? [];
  const clock = clockForm(rest);
  return month === '' || clock === undefined ? [] : [`${monthForm(month)} ${'d'.repeat(day.length)}${gap}yyyy${clock}`];
}

function monthForm(name: string): string {
  return name.length === 3 ? 'MMM' : 'MMMM';
}

function digitForms(text: string): string[] {
  const forms: string[] = [];
  const [, year, month, day, hour, minute, second] = COMPACT.exec(text) ?? [];
  if (year !== undefined && Number(year) >= 2000 && isDate(Number(year), Number(month), Number(day))) {
    forms.push(`yyyyMMdd${hour === undefined ? '' : 'HH'}${minute === undefined ? '' : 'mm'}${second === undefined ? '' : 'ss'}`);
  }
  const unit = EPOCH_UNITS.get(EPOCH.exec(text)?.[1]?.length ?? 0);
  if (unit !== undefined) forms.push(unit);
  return forms;
}

/** The form of what stands behind a date; undefined where it is no clock time. */
function clockForm(rest: string): string | undefined {
  if (rest === '') return '';
  const found = CLOCK.exec(rest);
  if (found === null) return undefined;
  const [, gap = '', hour = '', second, mark, half, zone] = found;
  const letter = half === undefined ? 'H' : 'h';
  const seconds = second === undefined ? '' : mark === undefined ? ':ss' : `:ss${mark}S`;
  const blank = half !== undefined && /^[ \u00a0\u202f]/.test(half) ? ' ' : '';
  const offset = zone === undefined ? '' : /UTC|GMT/.test(zone) ? ' z' : zone.startsWith(' ') ? ' X' : 'X';
  return `${gap}${letter.repeat(hour.length)}:mm${seconds}${half === undefined ? '' : `${blank}a`}${offset}`;
}

/** Why a text is no time in any form that needs no declaration. Where it may mean two times, both are named. */
export function faultOfUnread(text: string): InstantFault {
  if (/[T ]24:00(?::00)?/i.test(text)) return HOUR_24;
  if (/:\d\d:60(?!\d)/.test(text)) return SECOND_60;
  if (/^\d{4}-\d\d-\d\d(?!\d)/.test(text) && !isDate(Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10)))) {
    return NO_SUCH_DATE;
  }
  if (SHORT_YEAR.test(text)) return { code: 'invalid_time', message: 'the year has two digits, and no one can tell its century' };
  const forms = text.length > 60 ? [] : timeFormsOf(text);
  const [form, other] = forms;
  if (form === undefined) return INVALID;
  const readings = forms.map((timeFormat) => `${describe(text, timeFormat)} with timeFormat "${timeFormat}"`);
  if (other !== undefined) return { code: 'ambiguous_time', message: `${readings.join(' or ')}; declare which` };
  // Digits alone could be of any unit, and a count of anything.
  return form.startsWith('epoch') || /^\d+$/.test(text)
    ? { code: 'ambiguous_time', message: `only digits; ${readings.join()}, if that is meant` }
    : { code: 'invalid_time', message: `${readings.join()}; declare it if the file is written so` };
}

/** Why a text has not the declared form. */
export function faultOfOtherForm(text: string, declared: string): InstantFault {
  const forms = text.length > 60 ? [] : timeFormsOf(text).filter((form) => form !== declared);
  const seen = forms.length === 0 ? '' : `; it has the form ${forms.map((form) => `"${form}"`).join(' or ')}`;
  return { code: 'invalid_time', message: `not a time of the form "${declared}"${seen}` };
}

const MONTH_NAMES = 'January February March April May June July August September October November December'.split(' ');

function describe(text: string, timeFormat: string): string {
  if (timeFormat.startsWith('epoch')) return `${formatMinute(Math.floor(Number(text.slice(0, 10)) / 60))}Z`;
  const numbers = NUMBERS.exec(text);
  if (numbers === null) return 'readable';
  const [, first, , second, year] = numbers.map(Number);
  const [day, month] = timeFormat.startsWith('d') ? [first, second] : [second, first];
  return `${day} ${MONTH_NAMES[(month ?? 0) - 1]} ${year}`;
}

/** Minutes since 1970 of a date and a clock time. */
export function localMinuteOf(year: number, month: number, day: number, minuteOfDay: number): number {
  return daysFromCivil(year, month, day) * MINUTES_PER_DAY + minuteOfDay;
}

/** The same form for numbers written without their zeros. */
export function loosened(form: string): string {
  return form
    .replace(/(?<![dD])dd(?!d)/, 'd')
    .replace(/(?<!M)MM(?!M)/, 'M')
    .replace('HH', 'H')
    .replace('hh', 'h');
}
