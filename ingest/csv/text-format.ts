/**
 * Backslashes outside of quotes. MySQL (`INTO OUTFILE`) doubles each, with quotes around cells or without; the text formats of Postgres (COPY),
 * ClickHouse (TSV) and jq (@tsv), which never quote, write `\n` and `\t` as well. The same characters may be a path of Windows, so what they
 * stand for is for the sender to say.
 */
import type { Declaration } from './declared-dialect.ts';
import { namesErrorColumns } from './error-columns.ts';
import type { FileFault } from './faults.ts';
import type { HeadRecord } from './head-records.ts';
import type { QuotedReading } from './quoting.ts';

const DOUBLED = /\\\\/;
/** `\N` alone, which stands for nothing in these formats, is left to `nullTokens`. */
const BETWEEN_TABS = /\\[\\nrt]/;

interface Supposed extends Pick<QuotedReading, 'quote' | 'escape' | 'records'> {
  delimiter: string;
}

/** The question whether backslashes outside of quotes stand for something; undefined where none is there, or the answer is known. */
export function doubtedBackslash(
  { delimiter, quote, escape, records }: Supposed,
  declared: Pick<Declaration, 'quote' | 'escape'>,
): FileFault | undefined {
  if (declared.quote !== undefined || declared.escape !== undefined) return undefined;
  // In a rejected.csv they are characters: they were declared to be where its rows come from.
  if (records.some(({ cells }) => namesErrorColumns(cells))) return undefined;
  // As they are where quotes inside quotes are doubled.
  if (escape === quote && records.some((record) => showsDoubling(record, quote))) return undefined;
  const nothingQuoted = records.every(({ quoted }) => quoted === 0);
  const sign = delimiter === '\t' && nothingQuoted ? BETWEEN_TABS : DOUBLED;
  const record = records.find((each) => each.unquoted.some((cell) => sign.test(cell)));
  if (record === undefined) return undefined;
  return { code: 'undetected_escape', message: questionOf(record, sign) };
}

function showsDoubling({ cells, quoted, fault }: HeadRecord, quote: string): boolean {
  return fault === undefined && quoted > 0 && cells.some((cell) => cell.includes(quote));
}

function questionOf({ line, unquoted }: HeadRecord, sign: RegExp): string {
  const found = sign.exec(unquoted.find((cell) => sign.test(cell)) ?? '')?.[0] ?? '';
  return `"${found}" stands outside of quotes on line ${line}; if it is two characters like any other, say escape=doubled (or quote=none, where quotes are characters too); if it stands for one, as in the text formats of MySQL, Postgres and ClickHouse, export the file as CSV without such escapes`;
}
