/**
 * Where the table of a file begins, and how wide it is, under one supposed grammar: the lines before it (titles, report parameters,
 * comments) have a cell or two where its rows have many.
 */
import type { HeadRecord } from './head-records.ts';

export interface Shape {
  /** Of the records: the header, or the first row. */
  first: number;
  /** Cells, without the one behind a trailing delimiter. */
  width: number;
  /** Share of the records behind the first that are as wide. */
  agreement: number;
  /** Records behind the first. */
  rows: number;
  trailingDelimiter: boolean;
  /** Lines that begin with # stand among the rows, and are none of them. */
  comments: boolean;
}

/** Rows that must be as wide as the first line where others come before it: such a file is looked at more strictly. */
const AGREEMENT_MIN = 0.8;
/** Titles and parameters; what goes on for longer is a table of its own. */
const PREAMBLE_RECORDS_MAX = 60;

/** The shape with the first record as the first of the table; undefined where there is none. */
export function plainShape(records: readonly HeadRecord[]): Shape | undefined {
  return shapeFrom(records, 0);
}

/** The shape behind lines that are no part of the table; undefined where the first record is part of it. */
export function shapeBehindPreamble(records: readonly HeadRecord[]): Shape | undefined {
  const width = usualWidth(records);
  if (width < 2) return undefined;
  const titleCells = Math.max(1, Math.floor(width / 2));
  const first = records.findIndex((record) => !isHash(record) && record.cells.length >= width && !isTitle(record, titleCells));
  if (first === -1) return undefined;
  const before = records.slice(0, first);
  // "# customer,time" right above the rows is their header.
  const last = before.at(-1);
  if (
    last &&
    isHash(last) &&
    last.cells.length === width &&
    filled(last) > titleCells &&
    !before.slice(0, -1).some((record) => sameWidth(record, width))
  )
    return shapeFrom(records, first - 1);
  if (first === 0 || first > PREAMBLE_RECORDS_MAX) return undefined;
  const titles = before.every((record) => isHash(record) || (record.fault === undefined && isTitle(record, titleCells)));
  const shape = titles ? shapeFrom(records, first) : undefined;
  return shape && shape.rows > 0 && shape.agreement >= AGREEMENT_MIN ? shape : undefined;
}

function shapeFrom(records: readonly HeadRecord[], first: number): Shape | undefined {
  const head = records[first];
  if (head === undefined) return undefined;
  const all = records.slice(first + 1);
  const hashes = isHash(head) ? [] : all.filter(isHash);
  const comments = hashes.length > 0 && hashes.every((record) => record.cells.length < head.cells.length);
  const rows = all.filter((record) => !isRule(record) && !(comments && isHash(record)));
  const { width, trailingDelimiter } = lineEnds(head, rows);
  const agreeing = rows.filter((record) => sameWidth(record, trailingDelimiter ? width + 1 : width)).length;
  return {
    first,
    width: head.fault === 'stray' || head.fault === 'open' ? 0 : width,
    agreement: rows.length === 0 ? 1 : agreeing / rows.length,
    rows: rows.length,
    trailingDelimiter,
    comments,
  };
}

/** Whether most rows, and all of their width, end in an empty cell that has no name, because it stands behind a delimiter too many. */
function lineEnds(head: HeadRecord, rows: readonly HeadRecord[]): { width: number; trailingDelimiter: boolean } {
  const count = head.cells.length;
  const nameless = count > 1 && head.cells.at(-1) === '';
  const width = nameless ? count - 1 : count;
  const longer = rows.filter((record) => sameWidth(record, width + 1));
  const trailingDelimiter = longer.length > rows.length / 2 && longer.every(({ cells }) => cells.at(-1) === '');
  if (trailingDelimiter) return { width, trailingDelimiter };
  // The header alone may have it.
  const equal = rows.filter((record) => sameWidth(record, width));
  return { width: equal.length > rows.length / 2 ? width : count, trailingDelimiter };
}

/** The width that most records of several cells have; of equally frequent ones the larger. */
function usualWidth(records: readonly HeadRecord[]): number {
  const counts = new Map<number, number>();
  for (const { cells, fault } of records) {
    if (fault === 'stray' || fault === 'open' || cells.length < 2) continue;
    counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  }
  const [usual] = [...counts].sort(([a, countA], [b, countB]) => countB - countA || b - a);
  return usual?.[0] ?? 0;
}

function sameWidth({ cells, fault }: HeadRecord, width: number): boolean {
  return cells.length === width && fault !== 'stray' && fault !== 'open';
}

/** Spreadsheets fill a title up with empty cells around it. A header of two columns may begin with an empty name: that of the row numbers. */
function isTitle(record: HeadRecord, titleCells: number): boolean {
  const count = filled(record);
  return count <= titleCells && (count === 0 || record.cells.length > 2 || record.cells[0]?.trim() !== '');
}

function filled({ cells }: HeadRecord): number {
  return cells.reduce((count, cell) => (cell.trim() === '' ? count : count + 1), 0);
}

/** A line drawn under a title, or above and below the table. It counts for nothing here; the reader rejects it. */
function isRule({ cells }: HeadRecord): boolean {
  return cells.length === 1 && /^[-=_+*]{3,}\s*$/.test(cells[0] ?? '');
}

function isHash({ first }: HeadRecord): boolean {
  return first === '#';
}
