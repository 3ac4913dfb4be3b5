/** How a file is read, as the page shows it: what was found, how sure that is, and what may be chosen instead. */
import type { Dialect, Inspection } from '../types.ts';
import { DELIMITER_NAMES } from './words.ts';

/** How the text is read, where it is not left to the server to find out. */
export interface Reading {
  encoding?: string | undefined;
  delimiter?: string | undefined;
  quote?: string | undefined;
  escape?: string | undefined;
  newline?: string | undefined;
  header?: boolean | undefined;
  skipLines?: number | undefined;
  comment?: string | undefined;
  trailingDelimiter?: boolean | undefined;
  shortRows?: string | undefined;
}

export type ReadingProperty = keyof Reading;

export interface DialectChoice {
  property: ReadingProperty;
  label: string;
  /** Empty while nothing was found or chosen. */
  value: string;
  /** None: a number of lines. */
  options: { value: string; label: string }[];
  /** Whether another character than those of the options may be typed. */
  isFree: boolean;
  /** Chosen by somebody, not found by the server. */
  isDeclared: boolean;
}

const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-1'];
const QUOTES: Record<string, string> = { '"': '"', "'": "'", none: 'none' };
const ESCAPES: Record<string, string> = { doubled: 'doubled', backslash: '\\', none: 'none' };
const NEWLINES = ['LF', 'CRLF', 'CR', 'mixed'];
const HEADERS: Record<string, string> = { true: 'yes', false: 'none' };
const COMMENTS: Record<string, string> = { none: 'none', '#': '#', '//': '//', '--': '--' };
const TRAILING: Record<string, string> = { false: 'a cell', true: 'a delimiter' };
const SHORT_ROWS: Record<string, string> = { reject: 'rejected', pad: 'filled up' };

/** Shown at once; the others stand behind "More", unless they are out of the ordinary or asked for. */
const ALWAYS: readonly ReadingProperty[] = ['encoding', 'delimiter', 'quote', 'header'];
const ORDINARY: Partial<Record<ReadingProperty, readonly string[]>> = {
  escape: ['doubled'],
  newline: ['LF', 'CRLF'],
  skipLines: ['0'],
  comment: ['none'],
  trailingDelimiter: ['false'],
  shortRows: ['reject'],
};

/** One for each property that can be chosen; without an inspection, those that the request itself has settled. */
export function dialectChoices(inspection: Pick<Inspection, 'dialect'> | undefined, reading: Reading): DialectChoice[] {
  const found: Reading = inspection === undefined ? reading : spoken(inspection.dialect);
  const choice = (property: ReadingProperty, label: string, names: Record<string, string>, isFree = false): DialectChoice => {
    const value = String(found[property] ?? '');
    const options = Object.entries(names).map(([key, name]) => ({ value: key, label: name }));
    const isKnown = value === '' || options.length === 0 || options.some((option) => option.value === value);
    const isDeclared = reading[property] !== undefined;
    return { property, label, value, options: isKnown ? options : [{ value, label: value }, ...options], isFree, isDeclared };
  };
  return [
    choice('encoding', 'Encoding', Object.fromEntries(ENCODINGS.map((encoding) => [encoding, encoding.toUpperCase()]))),
    choice('delimiter', 'split by', DELIMITER_NAMES, true),
    choice('quote', 'quote', QUOTES, true),
    choice('escape', 'quotes within', ESCAPES, true),
    choice('newline', 'lines end in', Object.fromEntries(NEWLINES.map((newline) => [newline, newline]))),
    choice('header', 'header', HEADERS),
    choice('skipLines', 'lines before it', {}),
    choice('comment', 'comments begin with', COMMENTS, true),
    choice('trailingDelimiter', 'rows end in', TRAILING),
    choice('shortRows', 'short rows are', SHORT_ROWS),
  ];
}

/** As a request would declare it. */
function spoken({
  encoding,
  delimiter,
  quote,
  escape,
  newline,
  header,
  skipLines,
  comment,
  trailingDelimiter,
  shortRows,
}: Dialect): Reading {
  return {
    encoding,
    delimiter,
    quote: quote === '' ? 'none' : quote,
    escape: escape === '\\' ? 'backslash' : escape === quote || quote === '' ? 'doubled' : escape === '' ? 'none' : escape,
    newline,
    header,
    skipLines,
    comment: comment === '' ? 'none' : comment,
    trailingDelimiter,
    shortRows,
  };
}

export function isOrdinary({ property, value, isDeclared }: DialectChoice): boolean {
  if (ALWAYS.includes(property) || isDeclared) return false;
  return value === '' || ORDINARY[property]?.includes(value) === true;
}

/** What a choice makes of the request. Empty: the server finds it out again. */
export function readingOf(property: ReadingProperty, value: string): Reading {
  if (value === '') return { [property]: undefined };
  if (property === 'header' || property === 'trailingDelimiter') return { [property]: value === 'true' };
  if (property === 'skipLines') return /^\d{1,4}$/.test(value) ? { skipLines: Number(value) } : {};
  return { [property]: value };
}

/** Why a property is what it is, and whether something else would be possible. */
export function whyOf(inspection: Pick<Inspection, 'detected'> | undefined, property: string): { likely: boolean; reason: string } {
  const found = inspection?.detected.find((choice) => choice.property === property);
  return { likely: found?.confidence === 'likely', reason: found === undefined ? '' : `${found.confidence}: ${found.reason}` };
}
