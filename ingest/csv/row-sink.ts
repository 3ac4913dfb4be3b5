/** Where records become rows of the batch: the header is left out, what a row lacks is filled in or found fault with. */
import type { ReadingLimits, StoredDialect } from '../../schemas/http/imports.ts';
import { cellBeyond } from './cells.ts';
import type { RowFault } from './faults.ts';
import { cellTooLargeFault, recordTooLargeFault, untrailedFault, widthFault } from './reading-faults.ts';
import { Batch } from './row-batch.ts';

export interface RowSinkOptions {
  dialect: StoredDialect;
  width: number | undefined;
  limits: ReadingLimits;
  line: number;
  headerAhead: boolean;
  bordersOnly: boolean;
}

export class RowSink {
  readonly limits: ReadingLimits;
  readonly width: number | undefined;
  readonly pads: boolean;
  /** The batch being filled. */
  batch: Batch = new Batch(Buffer.alloc(0), { ending: 'LF', firstRow: 1 });
  /** Physical line of the next record. */
  line: number;
  headerAhead: boolean;
  readonly #bordersOnly: boolean;
  readonly #trails: boolean;

  constructor({ dialect, width, limits, line, headerAhead, bordersOnly }: RowSinkOptions) {
    this.limits = limits;
    this.width = width;
    this.line = line;
    this.headerAhead = headerAhead;
    this.#bordersOnly = bordersOnly;
    this.pads = dialect.shortRows === 'pad';
    this.#trails = dialect.trailingDelimiter;
  }

  /** Nothing is wanted but where records end. Of the header, whether it is behind. */
  get skims(): boolean {
    return this.#bordersOnly && !this.headerAhead;
  }

  /** A line without quotes; start and end as `Batch.add` takes them. */
  addPlain(text: string, cells: string[], start: number, end: number): void {
    const { recordBytesMax } = this.limits;
    // No UTF-16 unit takes more than three bytes of UTF-8.
    if (text.length * 3 > recordBytesMax && Buffer.byteLength(text) > recordBytesMax)
      this.addCut(Buffer.from(text).subarray(0, recordBytesMax));
    else this.addCells(cells, text.length, start, end);
  }

  /** A sound record of at most `lengthMax` characters in each cell. */
  addCells(cells: string[], lengthMax: number, start: number, end: number): void {
    if (this.headerAhead) {
      this.headerAhead = false;
      return;
    }
    if (this.#bordersOnly) return;
    let fault = this.#fit(cells);
    const { cellBytesMax } = this.limits;
    if (fault === undefined && lengthMax * 3 > cellBytesMax) {
      const beyond = cellBeyond(cells, cellBytesMax);
      if (beyond !== undefined) fault = cellTooLargeFault(beyond, this.limits);
    }
    this.batch.add(cells, this.line, fault, start, end);
  }

  /** A record at fault by its text. */
  addFault(fault: RowFault, line: number, start: number, end: number): void {
    if (this.headerAhead) this.headerAhead = false;
    else if (!this.#bordersOnly) this.batch.add([], line, fault, start, end);
  }

  addCut(beginning: Uint8Array): void {
    if (this.headerAhead) this.headerAhead = false;
    else if (!this.#bordersOnly) this.batch.addCut(this.line, recordTooLargeFault(this.limits), beginning);
  }

  /** Makes the cells those of the header's columns, or says why they cannot be. */
  #fit(cells: string[]): RowFault | undefined {
    const { width } = this;
    if (this.#trails) {
      if (cells.at(-1) === '') cells.pop();
      else if (!this.pads && width !== undefined) return untrailedFault(cells.length, width);
    }
    if (width === undefined || cells.length === width) return undefined;
    if (!this.pads || cells.length > width) return widthFault(cells.length, width);
    this.batch.pad(width - cells.length);
    while (cells.length < width) cells.push('');
    return undefined;
  }
}
