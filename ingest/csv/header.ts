/** Whether the first line of the table names its columns, and whether those names will do. */
import type { DialectChoice } from '../../schemas/http/imports.ts';
import { isErrorColumn, namesErrorColumns } from './error-columns.ts';
import type { FileFault } from './faults.ts';
import { cellText, type HeadRecord } from './head-records.ts';

const COLUMN_NAME_LENGTH_MAX = 1000;

export type HeaderOutcome =
  { ok: true; header: boolean; confidence: DialectChoice['confidence']; reason: string } | { ok: false; fault: FileFault };

const NUMBER = /^\s*[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?\s*$/;
const DATE = /^\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?:[T ,].*)?$/;
/** Times without separators, epoch times, telephone numbers: nobody names a column so. */
const LONG_NUMBER = /^\s*\+?\d{9,}\s*$/;
/** Of a column, so many cells must be alike to say what it holds. */
const ALIKE_MIN = 0.9;

/** `names`: the cells of the first line. `rows`: the records behind it. */
export function decideHeader(
  { line, names, rows }: { line: number; names: readonly string[]; rows: readonly HeadRecord[] },
  declared: boolean | undefined,
): HeaderOutcome {
  // Also where the file that was rejected in part has none: rejected.csv always has.
  if (namesErrorColumns(names))
    return { ok: true, header: true, confidence: 'certain', reason: 'it names the columns that rejected.csv adds' };
  if (declared !== undefined) return { ok: true, header: declared, confidence: 'declared', reason: 'declared' };
  const sound = rows.filter(({ fault }) => fault === undefined);
  const column = (index: number) => sound.map(({ cells }) => cells[index] ?? '').filter((cell) => cell.trim() !== '');
  const data = names.findIndex((name, index) => looksLikeData(name) || isOneOf(name, column(index)));
  if (data === -1) {
    const typed = names.findIndex((_, index) => share(column(index), looksLikeData) >= ALIKE_MIN);
    const reason = `no cell of line ${line} looks like a number or a time`;
    if (typed === -1) return { ok: true, header: true, confidence: 'likely', reason: `${reason}; nor do the rows below it` };
    return { ok: true, header: true, confidence: 'certain', reason: `${reason}, and the cells below "${show(names[typed])}" do` };
  }
  const isTime = (cell: string) => DATE.test(cell) || LONG_NUMBER.test(cell);
  const same = names.findIndex((name, index) => {
    if (!isTime(name)) return false;
    return share(column(index), (cell) => isTime(cell) && formOf(cell) === formOf(name)) >= ALIKE_MIN;
  });
  if (same !== -1) {
    const reason = `"${show(names[same])}" in column ${same + 1} of line ${line} is of the same form as the cells below it`;
    return { ok: true, header: false, confidence: 'likely', reason };
  }
  const message = `line ${line} should be the header, but "${show(names[data])}" looks like data; say header=false if there is none, header=true if that is a name`;
  return { ok: false, fault: { code: 'undetected_header', message } };
}

/** Digits that make a cell more than a name with a number in it (`p95`, `tier 2`). */
const DIGITS_MIN = 3;

/** Whether a cell is built as those below it are: `cust-0017` above `cust-0018`. */
function isOneOf(name: string, cells: readonly string[]): boolean {
  const shape = (cell: string) => formOf(cell).replaceAll(/[A-Z]/g, 'A').replaceAll(/[a-z]/g, 'a');
  if ((name.match(/\d/g)?.length ?? 0) < DIGITS_MIN) return false;
  return share(cells, (cell) => shape(cell) === shape(name)) >= ALIKE_MIN;
}

function looksLikeData(cell: string): boolean {
  return NUMBER.test(cell) || DATE.test(cell);
}

/** Share of the cells for which the test holds; 0 where there are none. */
function share(cells: readonly string[], test: (cell: string) => boolean): number {
  return cells.length === 0 ? 0 : cells.filter(test).length / cells.length;
}

/** Digits count as equal, so that times of one format have one form. */
function formOf(cell: string): string {
  return cell.trim().replaceAll(/\d/g, '0');
}

function show(cell: string | undefined): string {
  return cellText(cell ?? '').trim();
}

/** Checks the first line of the table, whose cells are the header where there is one. */
export function checkColumns(
  { line, cells, fault }: HeadRecord,
  names: readonly string[],
  { header, columnsMax }: { header: boolean; columnsMax: number },
): FileFault | undefined {
  if (cells.length > columnsMax) {
    const message = `line ${line} has ${cells.length} columns; at most ${columnsMax} are read, TALLYLINE_COLUMNS_MAX says how many`;
    return { code: 'too_many_columns', message };
  }
  if (fault !== undefined) {
    return {
      code: 'header_missing',
      message: `line ${line}, the first, cannot be read: it holds a stray quote, an open quote, a NUL byte or bytes that are not UTF-8`,
    };
  }
  if (!header) return undefined;
  if (names.every((name) => name.trim() === ''))
    return { code: 'header_missing', message: `line ${line} should be the header, but names no column` };
  const long = names.find((name) => name.length > COLUMN_NAME_LENGTH_MAX);
  if (long !== undefined)
    return { code: 'header_missing', message: `line ${line} should be the header, but a name in it has ${long.length} characters` };
  const seen = new Set<string>();
  for (const name of names) {
    if (name !== '' && seen.has(name) && !isErrorColumn(name)) {
      return { code: 'duplicate_header', message: `line ${line} names the column "${name}" more than once; give each its own name` };
    }
    seen.add(name);
  }
  return undefined;
}
