/** The columns that make an id unique, found by trying them on the file. */
import type { AmbiguousId, FileToCheck } from './event-contents.ts';
import { compareEvents, readDifferences } from './event-contents.ts';
import { isErrorColumn } from './error-columns.ts';
import type { ResolvedMapping } from './mapping.ts';

/** Columns that an id may need besides its own. Rows that only four more columns tell apart have no id to speak of. */
const ADDED_MAX = 3;
/** Sets are tried on the whole file; each that fails shows lines that the next one tells apart. */
const TRIES_MAX = 6;
/** Of the columns that tell lines apart, so many are combined: some 10,000 sets of three. */
const CANDIDATES_MAX = 40;

/**
 * The smallest set of columns that, added to those of the id, leaves no id with two meanings and no row without one; undefined where there
 * is none. Quantities are not among them: a corrected quantity is no other event. Of two sets the one that holds a time comes first.
 */
export async function suggestIdColumns(file: FileToCheck, ambiguous: readonly AmbiguousId[]): Promise<number[] | undefined> {
  const { mapping } = file;
  const { rowsRejected } = await compareEvents(file);
  const known = [...ambiguous];
  const excluded = new Set<number>();
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const columns = smallestSet(known, candidatesOf(mapping, known, excluded));
    if (columns === undefined) return undefined;
    const tried = { ...file, mapping: { ...mapping, id: [...mapping.id, ...columns] } };
    const outcome = await compareEvents(tried);
    if (outcome.differences.length > 0) {
      const found = await readDifferences(tried, outcome.differences);
      if (found.length === 0) return columns;
      known.push(...found);
    } else if (outcome.rowsRejected > rowsRejected) {
      const empty = columns.filter((column) => outcome.emptyColumns.has(nameOf(mapping, column)));
      for (const column of empty.length > 0 ? empty : columns) excluded.add(column);
    } else return columns;
  }
  return undefined;
}

export function nameOf({ header }: ResolvedMapping, column: number): string {
  return header[column] || `#${column + 1}`;
}

/** In order of preference: what says when, what says what was measured, and the others as they stand. */
function candidatesOf(mapping: ResolvedMapping, known: readonly AmbiguousId[], excluded: ReadonlySet<number>): number[] {
  const quantities = mapping.measures.flatMap(({ quantity }) => ('column' in quantity ? [quantity.column] : []));
  const customer = 'column' in mapping.customer ? [mapping.customer.column] : [];
  const without = new Set([...mapping.id, ...customer, ...quantities, ...excluded]);
  const meters = mapping.measures.flatMap(({ meter }) => ('column' in meter ? [meter.column] : []));
  const all = [...new Set([mapping.time, ...mapping.timeRest, ...meters, ...mapping.header.keys()])];
  const useful = all.filter((column) => {
    if (without.has(column) || isErrorColumn(mapping.header[column] ?? '')) return false;
    const isGiven = known.every(({ cells }) =>
      cells.every((row) => row[column]?.trim() !== '' && !mapping.nullTokens.has(row[column] ?? '')),
    );
    return isGiven && known.some((one) => differs(one, column));
  });
  return useful.slice(0, CANDIDATES_MAX);
}

function differs({ cells }: AmbiguousId, column: number): boolean {
  return cells[0][column] !== cells[1][column];
}

/** Of the sets that tell all of them apart the smallest, and the first in the order of the candidates. */
function smallestSet(known: readonly AmbiguousId[], candidates: readonly number[]): number[] | undefined {
  const search = (left: readonly AmbiguousId[], from: number, size: number): number[] | undefined => {
    if (left.length === 0) return [];
    if (size === 0) return undefined;
    for (let n = from; n < candidates.length; n += 1) {
      const column = candidates[n] as number;
      const rest = left.filter((one) => !differs(one, column));
      if (rest.length === left.length) continue;
      const more = search(rest, n + 1, size - 1);
      if (more !== undefined) return [column, ...more];
    }
    return undefined;
  };
  for (let size = 1; size <= ADDED_MAX; size += 1) {
    const found = search(known, 0, size);
    if (found !== undefined) return found;
  }
  return undefined;
}
