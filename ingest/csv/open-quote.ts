/**
 * Where reading goes on when quotes do not add up.
 *
 * A quote that is never closed, or closed by the next quote that only happens to stand further down, would take all lines between along.
 * So a record at fault whose quoted cell spans lines is not believed. The quote was opened on line L, and the record is
 *
 *   1. R…L, `unclosed_quote`, and reading goes on at L + 1, where that line and the next are beyond doubt rows: the next RECORDS_ASKED
 *      records, as far as the file goes, all have the header's number of cells, quotes that add up, and more than one cell.
 *   2. R…M, `stray_quote`, where the quote was closed on line M inside a cell: if no line from L + 1 to M is a row by itself, and those
 *      after M are rows in the sense of 1: text of several lines with a quote in it.
 *   3. R…M with the fault of its width, where all its quotes add up: it may be what it says.
 *   4. `record_too_large`, where it goes beyond what a record may have, and none of its lines is a row.
 *
 * Everything else fails the file, with line L. A record without fault is believed, with one exception: where RECORDS_ASKED lines in its
 * cell are rows, two quotes that have nothing to do with each other are as likely as a table within a cell. It is rejected as a whole,
 * `unclosed_quote`, and none of its lines is read as a row.
 *
 * No line of free text becomes usage by this alone: it would have to have the right number of cells, and a valid time and quantity in the
 * right ones.
 *
 * All is decided by the bytes of the record and of as many behind it as one record may have, or by the end of the file before that: never
 * by where a chunk ends, so that whoever reads the file again reads the same rows.
 */
import { nextLineStart } from './line-endings.ts';
import { RecordScanner } from './record-scanner.ts';
import type { Grammar } from './record-scanner.ts';

/** A line of text has the header's number of cells now and then; ten in a row do not. */
const RECORDS_ASKED = 10;
/** Of the longest line ending. */
export const ENDING_BYTES_MAX = 2;

export class OpenQuotes {
  readonly #grammar: Grammar;
  readonly #scanner: RecordScanner;
  /** Cells of a line that is a row. */
  readonly #cells: number;
  readonly #windowBytes: number;

  constructor(grammar: Grammar, options: { width: number; recordBytesMax: number }) {
    this.#grammar = grammar;
    this.#scanner = new RecordScanner(grammar);
    this.#cells = options.width + grammar.cellsBeyond;
    this.#windowBytes = options.recordBytesMax + ENDING_BYTES_MAX;
  }

  /** Whether what starts at `from` is beyond doubt rows. `more`: bytes up to `to` do not say. `final`: the file ends there. */
  rowsFollow(bytes: Buffer, from: number, to: number, final: boolean): 'yes' | 'no' | 'more' {
    const end = from + this.#windowBytes;
    const within = Math.min(to, end);
    const whole = final && to < end;
    let records = 0;
    for (let at = from; records < RECORDS_ASKED; at = this.#scanner.next) {
      const found = at < within ? this.#scanner.scan(bytes, at, within, whole) : 'more';
      if (found === 'blank' || found === 'comment') continue;
      if (found === 'more') {
        if (at >= within && whole) return 'yes';
        if (to < end) return 'more';
        return records > 0 ? 'yes' : 'no';
      }
      if (found === 'open' || !this.#isRow()) return 'no';
      records += 1;
    }
    return 'yes';
  }

  /** Whether the lines from `from` on are rows, RECORDS_ASKED of them, all before `to`. */
  holdRows(bytes: Buffer, from: number, to: number): boolean {
    let at = from;
    for (let records = 0; records < RECORDS_ASKED; at = this.#scanner.next) {
      const found = at < to ? this.#scanner.scan(bytes, at, to, false) : 'more';
      if (found === 'more' || (found === 'record' && !this.#isRow())) return false;
      if (found === 'record') records += 1;
    }
    return true;
  }

  /** Whether one of the physical lines that end in [from, to) is a row by itself. */
  holdRow(bytes: Buffer, from: number, to: number): boolean {
    for (let at = from; at < to;) {
      const next = nextLineStart(bytes, at, to, this.#grammar.ending, false);
      if (next === -1) return false;
      if (this.#scanner.scan(bytes, at, next, true) === 'record' && this.#scanner.next === next && this.#isRow()) return true;
      at = next;
    }
    return false;
  }

  #isRow(): boolean {
    return !this.#scanner.stray && this.#scanner.count === this.#cells && this.#cells - this.#grammar.cellsBeyond > 1;
  }
}
