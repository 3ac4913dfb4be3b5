/** Times that callers give. */
import { ProblemError } from '../core/errors.ts';

export interface Instant {
  epochMs: number;
  /** `YYYY-MM-DDTHH:MM:SS.ffffffZ`; further digits are cut off. */
  text: string;
}

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** In UTC, a year 1 to 9999: Postgres has no year 0, and beyond, texts no longer sort as the times that they name. */
const STORABLE = /^(?!0000)\d{4}-/;

/** Undefined where it is no time, or names one that does not exist. */
export function instantOf(text: string): Instant | undefined {
  const [, date, time, fraction = '', offset = 'Z'] = RFC_3339.exec(text) ?? [];
  if (date === undefined || time === undefined) return undefined;
  const wholeMs = Date.parse(`${date}T${time}${offset.toUpperCase()}`);
  // Date.parse turns February 30th into March 2nd; a date that does not come back as it went in does not exist.
  if (Number.isNaN(wholeMs) || !new Date(Date.parse(`${date}T${time}Z`)).toISOString().startsWith(`${date}T${time}`)) return undefined;
  const utc = new Date(wholeMs).toISOString();
  if (!STORABLE.test(utc)) return undefined;
  const micros = fraction.padEnd(6, '0').slice(0, 6);
  return { epochMs: wholeMs + Number(micros.slice(0, 3)), text: `${utc.slice(0, 19)}.${micros}Z` };
}

/** Reads a time a caller gave. Throws `invalid_request` naming the parameter. */
export function readInstant(text: string, parameter: string): Instant {
  const instant = instantOf(text);
  if (instant !== undefined) return instant;
  const message = `"${text}" is not a time like 2026-10-01T00:00:00Z (a + in a query string is written %2B)`;
  throw new ProblemError('invalid_request', `${parameter}: ${message}.`, {
    errors: [{ path: parameter, code: 'invalid_instant', message }],
  });
}

/** Both ends of a half-open range; refused when empty. */
export function readRange(from: string, to: string): { from: Instant; to: Instant } {
  const range = { from: readInstant(from, 'from'), to: readInstant(to, 'to') };
  if (range.from.text >= range.to.text) throw new ProblemError('invalid_range', `The range is empty: from ${from} is not before to ${to}.`);
  return range;
}
