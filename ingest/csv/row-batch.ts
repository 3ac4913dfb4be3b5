/** A batch of rows as the reader hands it out. */
import type { RowFault } from './faults.ts';
import { CR, LF } from './record-scanner.ts';

export interface RowBatch {
  /** Number of the first row here: 1-based, header and blank lines not counted. */
  firstRow: number;
  /** Cells of each row, byte for byte. Those of a row at fault may be of any number. Short-lived: a cell may hold on to its whole block. */
  cells: string[][];
  /** Physical line on which each row begins, 1-based. */
  lines: number[];
  /** Faults by index; undefined when there are none. */
  faults: Map<number, RowFault> | undefined;
  /** Bytes of the file up to and including the last row here, and the physical line that follows: where reading can go on. */
  bytesRead: number;
  nextLine: number;
  /** A copy of the record as it stood, without its line ending. Only until the next batch is asked for. */
  raw(index: number): { raw: Uint8Array; cut: boolean };
}

/** The batch while it is being filled. `starts` holds byte positions in the block, or line numbers within it where `ends` is -1. */
export class Batch implements RowBatch {
  readonly firstRow: number;
  readonly cells: string[][] = [];
  readonly lines: number[] = [];
  faults: Map<number, RowFault> | undefined;
  bytesRead = 0;
  nextLine = 0;
  readonly #block: Buffer;
  readonly #lineByte: number;
  readonly #endsInCrlf: boolean;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #cutFirst: Uint8Array | undefined;
  /** The line found last and where it starts: rows are asked for in order, and a block may have 100,000 of them. */
  #lineFound = 0;
  #lineStart = 0;

  /** `endsInCrlf`: the lines of the file do, so a CR at its very end is what was left of one. */
  constructor(block: Buffer, options: { lineByte: number; endsInCrlf: boolean; firstRow: number }) {
    const { lineByte, endsInCrlf, firstRow } = options;
    this.#block = block;
    this.#lineByte = lineByte;
    this.#endsInCrlf = endsInCrlf;
    this.firstRow = firstRow;
  }

  add(cells: string[], line: number, fault: RowFault | undefined, start: number, end: number): void {
    if (fault !== undefined) (this.faults ??= new Map()).set(this.lines.length, fault);
    this.cells.push(cells);
    this.lines.push(line);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  /** The first row is larger than may be kept: this is its beginning. */
  cutFirst(raw: Uint8Array): void {
    this.#cutFirst = raw;
  }

  raw(index: number): { raw: Uint8Array; cut: boolean } {
    if (index === 0 && this.#cutFirst !== undefined) return { raw: this.#cutFirst, cut: true };
    const start = this.#starts[index] ?? 0;
    const end = this.#ends[index] ?? 0;
    return { raw: end === -1 ? this.#physicalLine(start) : copy(this.#block, start, end), cut: false };
  }

  #physicalLine(number: number): Uint8Array {
    let line = number >= this.#lineFound ? this.#lineFound : 0;
    let start = line === 0 ? 0 : this.#lineStart;
    for (; line < number; line += 1) start = this.#block.indexOf(this.#lineByte, start) + 1;
    this.#lineFound = number;
    this.#lineStart = start;
    const next = this.#block.indexOf(this.#lineByte, start);
    let end = next === -1 ? this.#block.length : next;
    const strip = this.#lineByte === LF && (next !== -1 || this.#endsInCrlf);
    if (strip && end > start && this.#block[end - 1] === CR) end -= 1;
    return copy(this.#block, start, end);
  }
}

export function widthFault(count: number, width: number): RowFault {
  const message = `the row has ${count} ${count === 1 ? 'cell' : 'cells'}, the header has ${width}`;
  return { code: count < width ? 'too_few_cells' : 'too_many_cells', column: null, message };
}

export function unclosedFault(line: number): RowFault {
  return {
    code: 'unclosed_quote',
    column: null,
    message: `the quote opened on line ${line} is never closed; all that follows it was read as its cell`,
  };
}

/** A copy, because the reader reuses its block. */
function copy(block: Uint8Array, start: number, end: number): Uint8Array {
  return Buffer.from(block.subarray(start, end));
}
