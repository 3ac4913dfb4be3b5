/** How a file is read, as the page shows it: what was found, how sure that is, and what may be chosen instead. */
import type { Inspection } from '../types.ts';
import type { Reading } from './inspector.svelte.ts';
import { DELIMITER_NAMES } from './words.ts';

export interface DialectSelect {
  property: 'encoding' | 'delimiter' | 'quote' | 'escape' | 'newline' | 'header';
  label: string;
  /** Empty while nothing was found or chosen. */
  value: string;
  options: { value: string; label: string }[];
}

const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-1'];
const QUOTES: Record<string, string> = { '"': '"', "'": "'", none: 'none' };
const ESCAPES: Record<string, string> = { doubled: 'doubled', backslash: '\\' };
const NEWLINES = ['LF', 'CRLF', 'CR', 'mixed'];
const HEADERS: Record<string, string> = { true: 'yes', false: 'none' };

/** One for each property that can be chosen; without an inspection, those that the request itself has settled. */
export function dialectSelects(inspection: Pick<Inspection, 'dialect'> | undefined, reading: Reading): DialectSelect[] {
  const dialect = inspection?.dialect;
  const quote = dialect === undefined ? reading.quote : dialect.quote === '' ? 'none' : dialect.quote;
  const escape = dialect === undefined ? reading.escape : dialect.escape === '\\' ? 'backslash' : 'doubled';
  const header = dialect?.header ?? reading.header;
  const names = (list: readonly string[]) => Object.fromEntries(list.map((name) => [name, name]));
  return [
    select('encoding', 'Encoding', dialect?.encoding ?? reading.encoding, upperCased(ENCODINGS)),
    select('delimiter', 'split by', dialect?.delimiter ?? reading.delimiter, DELIMITER_NAMES),
    select('quote', 'quote', quote, QUOTES),
    select('escape', 'quotes within', escape, ESCAPES),
    select('newline', 'lines end in', dialect?.newline ?? reading.newline, names(NEWLINES)),
    select('header', 'header', header === undefined ? undefined : String(header), HEADERS),
  ];
}

/** What a choice makes of the request. */
export function readingOf(property: DialectSelect['property'], value: string): Reading {
  return property === 'header' ? { header: value === 'true' } : { [property]: value };
}

/** Why a property is what it is, and whether something else would be possible. */
export function whyOf(inspection: Pick<Inspection, 'detected'> | undefined, property: string): { likely: boolean; reason: string } {
  const found = inspection?.detected.find((choice) => choice.property === property);
  return { likely: found?.confidence === 'likely', reason: found === undefined ? '' : `${found.confidence}: ${found.reason}` };
}

function select(property: DialectSelect['property'], label: string, value = '', names: Record<string, string>): DialectSelect {
  const options = Object.entries(names).map(([key, name]) => ({ value: key, label: name }));
  const known = value === '' || options.some((option) => option.value === value);
  return { property, label, value, options: known ? options : [{ value, label: value }, ...options] };
}

function upperCased(encodings: readonly string[]): Record<string, string> {
  return Object.fromEntries(encodings.map((encoding) => [encoding, encoding.toUpperCase()]));
}
