/**
 * The text formats of Postgres (COPY), MySQL, ClickHouse (TSV) and jq (@tsv): cells between tabs, never quoted, with `\n`, `\t` and `\\` for
 * line endings, tabs and backslashes. The same characters may be a path of Windows, so what they stand for is for the sender to say.
 */
import type { Declaration } from './declared-dialect.ts';
import { namesErrorColumns } from './error-columns.ts';
import type { FileFault } from './faults.ts';
import type { HeadRecord } from './head-records.ts';

/** `\N` alone, which stands for nothing in these formats, is left to `nullTokens`. */
const ESCAPED = /\\[\\nrt]/;

/** The question whether backslashes outside of quotes stand for something; undefined where none is there, or the answer is declared. */
export function doubtedBackslash(
  { delimiter, records }: { delimiter: string; records: readonly HeadRecord[] },
  { quote, escape }: Pick<Declaration, 'quote' | 'escape'>,
): FileFault | undefined {
  if (delimiter !== '\t' || quote !== undefined || escape !== undefined) return undefined;
  // In a rejected.csv they are characters: they were declared to be where its rows come from.
  if (records.some(({ cells, quoted }) => quoted > 0 || namesErrorColumns(cells))) return undefined;
  const record = records.find(({ cells }) => cells.some((cell) => ESCAPED.test(cell)));
  if (record === undefined) return undefined;
  const sign = ESCAPED.exec(record.cells.join('\t'))?.[0] ?? '';
  const message = `no cell is quoted, and "${sign}" stands on line ${record.line}; if it is two characters like any other, say quote=none; if it stands for one, as in the text formats of Postgres, MySQL and ClickHouse, export the file as CSV`;
  return { code: 'undetected_escape', message };
}
