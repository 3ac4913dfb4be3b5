/**
 * Declared forms of times, in the letters of Unicode LDML (UTS #35), as far as they say a point in time beyond doubt:
 *
 * | letters | read |
 * |---|---|
 * | `yyyy` | year, four digits (`YYYY` means the same) |
 * | `M` `MM` `MMM` `MMMM` | month: one or two digits, two digits, `Jan`, `January` (English, in any case) |
 * | `d` `dd` | day: one or two digits, two digits (`D` and `DD` mean the same) |
 * | `H` `HH` · `h` `hh` | hour 0–23 · hour 1–12, which needs `a` |
 * | `a` | AM or PM, also `p.m.` (`A` means the same) |
 * | `m` `mm` · `s` `ss` | minute · second |
 * | `S` · `SS`… | fraction of the second: any number of digits · exactly as many as letters |
 * | `X` `x` `Z` (any number) | offset: `Z`, `+05:45`, `+0545` or `+05` |
 * | `z` | `UTC`, `GMT` or `Z`; other abbreviations of zones are not unique |
 * | `E`… (also `ddd`, `dddd`) | English name of the weekday, which has to be the one of the date |
 *
 * Other letters stand in quotes (`yyyy-MM-dd'T'HH:mm`), but for `T`; anything else is itself, and a blank any one blank. Two-digit years are
 * not read: no one can tell their century.
 */
import { isDigit, readOffset } from './civil-time.ts';

const MONTHS = 'january february march april may june july august september october november december'.split(' ');
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');
/** Letters that other libraries use, by the LDML letter for the same. */
const ALIASES: Readonly<Record<string, string>> = { Y: 'y', D: 'd', A: 'a', X: 'Z', x: 'Z' };

/** What was read; -1 where the form does not say it. */
export interface TimeFields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Digits of the fraction of the second. */
  fraction: string;
  /** Minutes east of UTC. */
  offset: number | undefined;
  /** 0 is Sunday. */
  weekday: number;
  /** 0 is AM, 1 is PM. */
  half: number;
}

type NumberField = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';
type Step =
  | { kind: 'number'; field: NumberField; min: number; max: number; twelve?: boolean }
  | { kind: 'fraction'; min: number; max: number }
  | { kind: 'name'; field: 'month' | 'weekday'; names: readonly string[] }
  | { kind: 'half' | 'offset' | 'utc' | 'blank' }
  | { kind: 'literal'; text: string };

export interface TimePattern {
  pattern: string;
  /** Whether each time says its offset. */
  zoned: boolean;
  /** Reads into `fields`; false where the text has another form. The numbers are not yet checked against calendar and clock. */
  read(text: string, fields: TimeFields): boolean;
  /** A time as the form writes it. `fields` says all that the form needs. */
  format(fields: TimeFields): string;
}

export type PatternOutcome = { ok: true; pattern: TimePattern } | { ok: false; message: string };

export function newTimeFields(): TimeFields {
  return { year: -1, month: -1, day: -1, hour: -1, minute: -1, second: -1, fraction: '', offset: undefined, weekday: -1, half: -1 };
}

export function parseTimePattern(pattern: string): PatternOutcome {
  if (pattern.includes('%')) return refuse('write it in the letters of Unicode, such as "dd/MM/yyyy HH:mm:ss", not with %');
  const steps: Step[] = [];
  for (const [run] of pattern.matchAll(/'[^']*'|\[[^\]]*\]|([A-Za-z])\1*|[^A-Za-z]/gu)) {
    const step = stepOf(run);
    if (typeof step === 'string') return refuse(step);
    steps.push(step);
  }
  const problem = problemOf(steps);
  if (problem !== undefined) return refuse(problem);
  return {
    ok: true,
    pattern: {
      pattern,
      zoned: steps.some(({ kind }) => kind === 'offset' || kind === 'utc'),
      read: (text, fields) => readSteps(steps, text, fields),
      format: (fields) => steps.map((step) => formatStep(step, fields)).join(''),
    },
  };
}

function refuse(message: string): PatternOutcome {
  return { ok: false, message };
}

/** One run of a letter, one quoted text or one other character; a string says what is wrong with it. */
function stepOf(run: string): Step | string {
  const [first = ''] = run;
  if (first === "'" || first === '[') return { kind: 'literal', text: run === "''" ? "'" : run.slice(1, -1) };
  if (first === ' ') return { kind: 'blank' };
  if (!/[A-Za-z]/.test(first)) return { kind: 'literal', text: first };
  const letter = ALIASES[first] ?? first;
  const count = run.length;
  const number = (field: NumberField): Step => ({ kind: 'number', field, min: count, max: 2 });
  const names = (field: 'month' | 'weekday', all: readonly string[], long: boolean): Step => ({
    kind: 'name',
    field,
    names: long ? all : all.map((name) => name.slice(0, 3)),
  });
  if (letter === 'y' && count === 2) return 'two-digit years are not read, because no one can tell their century';
  if (letter === 'y' && count === 4) return { kind: 'number', field: 'year', min: 4, max: 4 };
  if (letter === 'M' && count <= 2) return number('month');
  if (letter === 'M' && count <= 4) return names('month', MONTHS, count === 4);
  if (letter === 'd' && count <= 2) return number('day');
  if ((letter === 'd' && count <= 4) || (letter === 'E' && count <= 4)) return names('weekday', WEEKDAYS, count === 4);
  if (letter === 'H' && count <= 2) return number('hour');
  if (letter === 'h' && count <= 2) return { kind: 'number', field: 'hour', min: count, max: 2, twelve: true };
  if (letter === 'm' && count <= 2) return number('minute');
  if (letter === 's' && count <= 2) return number('second');
  if (letter === 'S') return { kind: 'fraction', min: count, max: count === 1 ? FRACTION_DIGITS_MAX : count };
  if (letter === 'a' && count === 1) return { kind: 'half' };
  if (letter === 'Z') return { kind: 'offset' };
  if (letter === 'z') return { kind: 'utc' };
  if (letter === 'T' && count === 1) return { kind: 'literal', text: 'T' };
  return `"${run}" is not read; there are yyyy, M to MMMM, d, dd, H, HH, h, hh, a, m, mm, s, ss, S, X, z and E, and texts in quotes`;
}

/** More digits than any clock writes are no fraction. */
const FRACTION_DIGITS_MAX = 24;

function problemOf(steps: readonly Step[]): string | undefined {
  const fields: readonly string[] = steps.flatMap((step) =>
    'field' in step ? [step.field] : step.kind === 'literal' || step.kind === 'blank' ? [] : [step.kind],
  );
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice !== undefined) return `it says the ${twice} twice`;
  const missing = (['year', 'month', 'day'] as const).find((field) => !fields.includes(field));
  if (missing !== undefined) return `it does not say the ${missing}`;
  if (fields.includes('offset') && fields.includes('utc')) return 'it says the offset twice';
  const needs = (field: string, other: string) => fields.includes(field) && !fields.includes(other);
  if (needs('minute', 'hour')) return 'it says the minute, but not the hour';
  if (needs('second', 'minute')) return 'it says the second, but not the minute';
  if (needs('fraction', 'second')) return 'it says a fraction of the second, but not the second';
  const twelve = steps.some((step) => step.kind === 'number' && step.twelve === true);
  if (twelve !== fields.includes('half'))
    return twelve ? 'h needs a (AM or PM); write H for hours up to 23' : 'a needs h; write H alone for hours up to 23';
  const open = steps.findIndex((step, index) => isOpen(step) && goesOn(step, steps[index + 1]));
  return open === -1 ? undefined : 'numbers of unknown length stand side by side; write dd, MM, HH, mm and ss, or something between them';
}

/** Whether the text alone says where a step ends. */
function isOpen(step: Step): boolean {
  return step.kind === 'offset' || ('max' in step && step.min < step.max);
}

function goesOn(step: Step, next: Step | undefined): boolean {
  if (next?.kind === 'literal') return (step.kind === 'offset' ? /^[\d:]/ : /^\d/).test(next.text);
  return next !== undefined && 'max' in next;
}

const NAME = /[A-Za-z]+/y;
const HALF = /([AaPp])(?:[Mm]|\.[Mm]\.)(?![A-Za-z])/y;
const OFFSET = /[Zz]|[+-]\d\d(?::?\d\d)?/y;
const UTC = /(?:UTC|GMT|[Zz])(?![A-Za-z])/y;

/** How far each step reads; -1 where the text is another. */
function readSteps(steps: readonly Step[], text: string, fields: TimeFields): boolean {
  let at = 0;
  for (const step of steps) {
    at = readStep(step, text, at, fields);
    if (at === -1) return false;
  }
  return at === text.length;
}

function readStep(step: Step, text: string, at: number, fields: TimeFields): number {
  switch (step.kind) {
    case 'number': {
      const end = digitsEnd(text, at, step.max);
      if (end - at < step.min) return -1;
      const value = Number(text.slice(at, end));
      if (step.twelve === true && (value < 1 || value > 12)) return -1;
      fields[step.field] = value;
      return end;
    }
    case 'fraction': {
      const end = digitsEnd(text, at, step.max);
      if (end - at < step.min) return -1;
      fields.fraction = text.slice(at, end);
      return end;
    }
    case 'name': {
      const word = match(NAME, text, at)?.[0] ?? '';
      fields[step.field] = step.names.indexOf(word.toLowerCase()) + (step.field === 'month' ? 1 : 0);
      return step.names.includes(word.toLowerCase()) ? at + word.length : -1;
    }
    case 'half': {
      const found = match(HALF, text, at);
      fields.half = found?.[1]?.toLowerCase() === 'p' ? 1 : 0;
      return found === null ? -1 : at + found[0].length;
    }
    case 'offset': {
      const found = match(OFFSET, text, at)?.[0];
      fields.offset = found === undefined || found.length === 1 ? 0 : readOffset(found, 0);
      return found === undefined || fields.offset === undefined ? -1 : at + found.length;
    }
    case 'utc': {
      const found = match(UTC, text, at)?.[0];
      fields.offset = 0;
      return found === undefined ? -1 : at + found.length;
    }
    case 'blank':
      return isBlank(text.charCodeAt(at)) ? at + 1 : -1;
    case 'literal':
      return text.startsWith(step.text, at) ? at + step.text.length : -1;
  }
}

function digitsEnd(text: string, from: number, max: number): number {
  let end = from;
  while (end - from < max && isDigit(text.charCodeAt(end))) end += 1;
  return end;
}

function match(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

/** Recent libraries put a narrow no-break space before AM and PM. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0xa0 || code === 0x202f;
}

function formatStep(step: Step, fields: TimeFields): string {
  switch (step.kind) {
    case 'number': {
      const value = fields[step.field];
      return String(step.twelve === true ? ((value + 11) % 12) + 1 : value).padStart(step.min, '0');
    }
    case 'fraction':
      return fields.fraction.padEnd(step.min, '0').slice(0, step.max);
    case 'name': {
      const name = step.names[fields[step.field] - (step.field === 'month' ? 1 : 0)] ?? '';
      return name.charAt(0).toUpperCase() + name.slice(1);
    }
    case 'half':
      return fields.hour < 12 ? 'AM' : 'PM';
    case 'offset':
      return 'Z';
    case 'utc':
      return 'UTC';
    case 'blank':
      return ' ';
    case 'literal':
      return step.text;
  }
}
