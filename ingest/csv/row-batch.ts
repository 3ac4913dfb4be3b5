/** A batch of rows as the reader hands it out. */
import type { FileFault, RowFault } from './faults.ts';
import { lineTextEnd, nextLineStart } from './line-endings.ts';
import type { LineEnding } from './line-endings.ts';

export interface RowBatch {
  /** Number of the first row here: 1-based; header, comments and blank lines not counted. */
  firstRow: number;
  /** Cells of each row, byte for byte. Those of a row at fault may be of any number. Short-lived: a cell may hold on to its whole block. */
  cells: string[][];
  /** Physical line on which each row begins, 1-based; for an unclosed quote, the line where that quote opened. */
  lines: number[];
  /** Faults by index; undefined when there are none. */
  faults: Map<number, RowFault> | undefined;
  /** Bytes of the file up to and including the last row here, and the physical line that follows: where reading can go on. */
  bytesRead: number;
  nextLine: number;
  /** Why the file cannot be read beyond these rows. Nothing comes after it. */
  fileFault: FileFault | undefined;
  /** A copy of the record as it stood, without its line ending. Only until the next batch is asked for. */
  raw(index: number): RawRecord;
}

export interface RawRecord {
  raw: Uint8Array;
  /** The record is larger than a record may be: this is its beginning. */
  cut: boolean;
  /** Cells at its end that are not there, and were read as empty. */
  padded: number;
}

/** Where a row stands in the block. `end` -1 - n: `start` is the number of its physical line in the run n. */
export interface RowPlace {
  start: number;
  end: number;
}

/** Of a record that is too large, this much is kept for the report. */
export const CUT_RECORD_BYTES = 4096;

/** The batch while it is being filled. */
export class Batch implements RowBatch {
  readonly firstRow: number;
  readonly cells: string[][] = [];
  readonly lines: number[] = [];
  faults: Map<number, RowFault> | undefined;
  bytesRead = 0;
  nextLine = 0;
  fileFault: FileFault | undefined;
  readonly #block: Buffer;
  readonly #ending: LineEnding;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #runs: { from: number; to: number }[] = [];
  readonly #cut = new Map<number, Uint8Array>();
  readonly #padded = new Map<number, number>();
  /** The line found last and where it starts: rows are asked for in order, and a run may have 100,000 of them. */
  #found = { run: -1, line: 0, start: 0 };

  constructor(block: Buffer, options: { ending: LineEnding; firstRow: number }) {
    this.#block = block;
    this.#ending = options.ending;
    this.firstRow = options.firstRow;
  }

  add(cells: string[], line: number, fault: RowFault | undefined, start: number, end: number): void {
    if (fault !== undefined) (this.faults ??= new Map()).set(this.lines.length, fault);
    this.cells.push(cells);
    this.lines.push(line);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  /** A row that is too large to be kept; `beginning` is copied. */
  addCut(line: number, fault: RowFault, beginning: Uint8Array): void {
    this.#cut.set(this.lines.length, Buffer.from(beginning.subarray(0, CUT_RECORD_BYTES)));
    this.add([], line, fault, 0, 0);
  }

  /** The row to be added next lacks so many cells. */
  pad(count: number): void {
    this.#padded.set(this.lines.length, count);
  }

  /** Begins a run of whole physical lines, in which rows are found by the number of their line: what to give as their `end`. */
  addRun(from: number, to: number): number {
    this.#runs.push({ from, to });
    return -this.#runs.length;
  }

  raw(index: number): RawRecord {
    const cut = this.#cut.get(index);
    if (cut !== undefined) return { raw: cut, cut: true, padded: 0 };
    const start = this.#starts[index] ?? 0;
    const end = this.#ends[index] ?? 0;
    const raw = end < 0 ? this.#physicalLine(-1 - end, start) : copy(this.#block, start, end);
    return { raw, cut: false, padded: this.#padded.get(index) ?? 0 };
  }

  #physicalLine(runIndex: number, number: number): Uint8Array {
    const run = this.#runs[runIndex];
    if (run === undefined) throw new Error('a row stands in no run of its batch');
    const { from, to } = run;
    const known = this.#found.run === runIndex && this.#found.line <= number;
    let line = known ? this.#found.line : 0;
    let start = known ? this.#found.start : from;
    for (; line < number; line += 1) start = nextLineStart(this.#block, start, to, this.#ending, true);
    this.#found = { run: runIndex, line, start };
    const next = nextLineStart(this.#block, start, to, this.#ending, true);
    return copy(this.#block, start, lineTextEnd(this.#block, start, next === -1 ? to : next, this.#ending));
  }
}

/** A copy, because the reader reuses its block. */
function copy(block: Uint8Array, start: number, end: number): Uint8Array {
  return Buffer.from(block.subarray(start, end));
}
