/** Which character separates the cells: the one that gives header and rows the same number of them. */
import type { DialectChoice } from '../../schemas/http/imports.ts';
import { namesErrorColumns } from './error-columns.ts';
import type { FileFault } from './faults.ts';
import type { QuotedReading } from './quoting.ts';
import { plainShape, shapeBehindPreamble, type Shape } from './table-shape.ts';

export const DELIMITERS = [',', ';', '\t', '|'] as const;
const NAMES: Readonly<Record<string, string>> = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe' };
/** Rows that must agree with the header. Some may be broken, which is theirs to say, not the delimiter's. */
const AGREEMENT_MIN = 0.5;
/** So many rows agree that it can hardly be chance: a rival that is narrower does not win by a few rows more. */
const AGREEMENT_GOOD = 0.9;
/** One name without a separator of any kind: the header of a file of one column. */
const PLAIN_WORD = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

/** The head as it reads under one delimiter. */
export interface Trial extends QuotedReading {
  delimiter: string;
  shape: Shape;
}

export type DelimiterOutcome =
  { ok: true; trial: Trial; confidence: DialectChoice['confidence']; reason: string } | { ok: false; fault: FileFault };

/** `preamble`: lines may come before the table. Undefined where the head holds no record. */
export function tryDelimiter(delimiter: string, reading: QuotedReading, preamble: boolean): Trial | undefined {
  const behind = preamble ? shapeBehindPreamble(reading.records) : undefined;
  const plain = plainShape(reading.records);
  const shape = behind ?? plain;
  return shape && { ...reading, delimiter, shape };
}

/** Decides between the trials of all candidates. */
export function chooseDelimiter(trials: readonly Trial[]): DelimiterOutcome {
  const [first] = trials;
  if (first === undefined) throw new Error('there is no trial to choose from');
  // A first line that cannot be read under any of them is a fault of its own, and not of the delimiter.
  if (trials.every(({ shape }) => shape.width === 0)) return chosen(first, 'likely', 'the first line cannot be read');

  const own = trials.find(({ records, shape }) => namesErrorColumns(records[shape.first]?.cells ?? []));
  if (own) return chosen(own, 'certain', 'it separates the columns that rejected.csv adds');
  const possible = trials.filter(({ shape }) => shape.width > 1);
  const plausible = possible.filter(({ shape }) => shape.agreement >= AGREEMENT_MIN);
  const best = plausible.find((trial) => plausible.every((other) => other === trial || winsOver(trial, other)));
  if (best) {
    const alone = possible.length === 1 && best.shape.rows > 0 && best.shape.agreement >= AGREEMENT_GOOD;
    return chosen(best, alone ? 'certain' : 'likely', reasonFor(best, possible));
  }
  if (plausible.length > 0) {
    const names = plausible.map(({ delimiter }) => NAMES[delimiter]);
    return undetected(`${names.join(' and ')} separate the columns equally well; say which with \`delimiter\``);
  }
  const [only] = possible;
  const unrivalled = trials.every((trial) => trial === only || trial.records.every(({ cells }) => cells.length <= 1));
  if (only && unrivalled)
    return chosen(only, 'likely', 'no other usual delimiter is there, but the rows are of other lengths than the header');
  if (possible.length > 0) {
    const names = possible.map(({ delimiter }) => NAMES[delimiter]);
    return undetected(
      `the rows do not have as many cells as the header, whether separated by ${names.join(' or ')}; say which with \`delimiter\``,
    );
  }
  const word = first.records[0]?.cells[0] ?? '';
  const single = PLAIN_WORD.test(word) && trials.every(({ shape }) => shape.agreement >= AGREEMENT_MIN);
  if (single) return chosen(first, 'likely', 'there is but one column; the comma is usual');
  return undetected(
    'no comma, semicolon, tab or pipe separates the first line into columns; say what does with `delimiter`, or how many lines come before the header with `skipLines`',
  );
}

function winsOver(trial: Trial, other: Trial): boolean {
  if (beats(trial.shape, other.shape)) return true;
  if (beats(other.shape, trial.shape)) return false;
  return other.delimiter === ',' && trial.shape.agreement >= other.shape.agreement && hasDecimalCommas(trial);
}

const COMMA_NUMBER = /^\s*[+-]?\d[\d.]*,\d+\s*$/;

/** Where the commas of a file stand in numbers, and nowhere else, they separate no cells. */
function hasDecimalCommas({ records, shape }: Trial): boolean {
  if (shape.width < 3) return false;
  const cells = records.slice(shape.first).flatMap((record) => (record.fault === undefined ? record.cells : []));
  return cells.every((cell) => !cell.includes(',') || COMMA_NUMBER.test(cell));
}

/** Lines before the table are assumed only where the first line cannot belong to one; more agreement wins unless it comes with fewer columns. */
function beats(a: Shape, b: Shape): boolean {
  const perfect = a.agreement === 1 && a.rows > 0;
  if ((a.first === 0) !== (b.first === 0)) {
    if (a.first === 0) return perfect || (a.agreement >= AGREEMENT_GOOD && a.width >= b.width);
    return perfect && b.agreement < AGREEMENT_GOOD && a.width > b.width && a.width > 2;
  }
  if (a.agreement <= b.agreement) return false;
  return a.width >= b.width || b.agreement < AGREEMENT_GOOD;
}

function reasonFor({ delimiter, shape }: Trial, possible: readonly Trial[]): string {
  const rivals = possible.filter((trial) => trial.delimiter !== delimiter).map((trial) => NAMES[trial.delimiter]);
  const rows = shape.rows === 0 ? 'the only line' : `${Math.round(shape.agreement * shape.rows)} of ${shape.rows} rows of the head`;
  const fit = shape.rows === 0 ? `${rows} has ${shape.width} cells` : `${rows} have ${shape.width} cells`;
  return rivals.length === 0 ? fit : `${fit}; ${rivals.join(' and ')} would fit less well`;
}

function chosen(trial: Trial, confidence: DialectChoice['confidence'], reason: string): DelimiterOutcome {
  return { ok: true, trial, confidence, reason };
}

function undetected(message: string): { ok: false; fault: FileFault } {
  return { ok: false, fault: { code: 'undetected_delimiter', message } };
}
