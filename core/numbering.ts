/**
 * Numbers of documents, `INV-2026-00042`, by a pattern: `INV-{year}-{number:5}`.
 *
 * What a pattern makes before the number is put in is a series, and each series counts from 1: with `{year}` in the pattern the count begins
 * anew with each year. The width is no part of the series, so that it can be changed without a second INV-2026-1.
 */
import type { FieldError } from './errors.ts';

const PLACEHOLDER = /\{([^{}]*)\}/g;
const NUMBER = /^number(?::([1-9]|1[0-9]))?$/;

/** Faults of a pattern; none for one that gives every document a number of its own. */
export function checkNumberPattern(pattern: string, path: string): FieldError[] {
  const names = [...pattern.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  const unknown = names.find((name) => name !== 'year' && name !== 'month' && !NUMBER.test(name));
  const rest = pattern.replace(PLACEHOLDER, '');
  if (unknown !== undefined || /[{}]/.test(rest)) {
    const what = unknown === undefined ? 'a brace without its other' : `{${unknown}}`;
    return [{ path, code: 'unknown_placeholder', message: `${what} is none of {year}, {month}, {number} and {number:1} to {number:19}` }];
  }
  if (names.filter((name) => NUMBER.test(name)).length !== 1)
    return [{ path, code: 'number_missing', message: 'a pattern has {number} once, or documents would share their numbers' }];
  if (names.includes('month') && !names.includes('year'))
    return [
      { path, code: 'year_missing', message: 'a pattern with {month} also has {year}, or each year would repeat the numbers of the last' },
    ];
  if (/\p{Cc}/u.test(rest)) return [{ path, code: 'control_character', message: 'a number has no control characters' }];
  return [];
}

/** Names the count that a document of this local date (`2026-10-31`) takes its number from. */
export function numberSeries(pattern: string, date: string): string {
  return withDate(pattern, date).replace(PLACEHOLDER, '{number}');
}

/** The number'th document (from 1) of its series. */
export function formatNumber(pattern: string, date: string, number: bigint): string {
  return withDate(pattern, date).replace(PLACEHOLDER, (_, name: string) =>
    String(number).padStart(Number(NUMBER.exec(name)?.[1] ?? 0), '0'),
  );
}

function withDate(pattern: string, date: string): string {
  return pattern.replaceAll('{year}', date.slice(0, 4)).replaceAll('{month}', date.slice(5, 7));
}
