/**
 * Follows a record that is larger than a record may be to its end, byte by byte and in no memory.
 *
 * It cannot be read again from an earlier line, so doubt about its quotes cannot be settled here: a line inside a quoted cell that looks
 * like a row, a quote that is closed inside a cell further down, and the end of the file inside a quote that spans lines are a fault of
 * the file. See open-quote.ts.
 */
import { CR, LF } from './line-endings.ts';
import type { Grammar } from './record-scanner.ts';

const CELL_START = 0;
const PLAIN = 1;
const QUOTED = 2;
const ESCAPED = 3;
const CLOSED = 4;
const CLOSED_CR = 5;
const STRAY = 6;
/** The line has ended in a CR; an LF would belong to it. */
const ENDED_CR = 7;

export class OversizeTail {
  /** Line endings passed, that of the record included once it has ended. */
  lines = 0;
  /** Line endings before the quote that is in doubt. */
  doubtLines: number | undefined;
  readonly #grammar: Grammar;
  readonly #delimitersOfRow: number;
  #state = CELL_START;
  #quoteLines = 0;
  #crBefore = false;
  /** Of the line being read, where it lies inside a quoted cell as a whole: its delimiters; -1 where it is no row anyway. */
  #delimiters = -1;

  /** `width`: cells of a row; undefined where no line is to be taken for one. */
  constructor(grammar: Grammar, width: number | undefined) {
    this.#grammar = grammar;
    this.#delimitersOfRow = width === undefined || width === 1 ? -2 : width + grammar.cellsBeyond - 1;
  }

  /** Goes on with bytes[from, to): returns where the next record starts, or -1 where this one goes on or is in doubt. */
  push(bytes: Uint8Array, from: number, to: number): number {
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] as number;
      if (this.#state === ENDED_CR) return byte === LF ? at + 1 : at;
      if (this.#state === QUOTED || this.#state === ESCAPED) this.#pushQuoted(byte);
      else if (this.#endsLine(byte)) {
        this.lines += 1;
        if (byte === LF || this.#grammar.ending === 'CR') return at + 1;
        this.#state = ENDED_CR;
      } else this.#state = this.#after(byte);
      if (this.#state === STRAY && this.lines > this.#quoteLines) this.doubtLines ??= this.#quoteLines;
      if (this.doubtLines !== undefined) return -1;
    }
    return -1;
  }

  /** The file ends here: a quote that is open over lines is in doubt. */
  end(): void {
    const isOpen = this.#state === QUOTED || this.#state === ESCAPED;
    if (isOpen && this.lines > this.#quoteLines) this.doubtLines = this.#quoteLines;
  }

  #endsLine(byte: number): boolean {
    const { ending } = this.#grammar;
    return ending === 'LF' ? byte === LF : ending === 'CR' ? byte === CR : byte === LF || byte === CR;
  }

  /** Outside of quotes, and no line ending. */
  #after(byte: number): number {
    const { delimiter, quote, escape, ending } = this.#grammar;
    const state = this.#state;
    if (state === STRAY || state === CLOSED_CR) return STRAY;
    if (byte === delimiter) return CELL_START;
    if (byte === quote) {
      if (state === CELL_START) {
        this.#quoteLines = this.lines;
        this.#delimiters = -1;
        this.#crBefore = false;
        return QUOTED;
      }
      return state === CLOSED && escape === quote ? QUOTED : STRAY;
    }
    if (state === CLOSED) return byte === CR && ending === 'LF' ? CLOSED_CR : STRAY;
    return PLAIN;
  }

  #pushQuoted(byte: number): void {
    const { delimiter, quote, escape } = this.#grammar;
    const crBefore = this.#crBefore;
    this.#crBefore = false;
    if (this.#state === ESCAPED && (byte === quote || byte === escape)) {
      this.#state = QUOTED;
      return;
    }
    this.#state = QUOTED;
    if (byte === quote) {
      this.#state = CLOSED;
      this.#delimiters = -1;
    } else if (byte === escape) this.#state = ESCAPED;
    else if (byte === delimiter && this.#delimiters >= 0) this.#delimiters += 1;
    else if (this.#endsLine(byte)) {
      this.#crBefore = byte === CR;
      if (byte === LF && crBefore && this.#grammar.ending === 'any') return;
      this.lines += 1;
      if (this.#delimiters === this.#delimitersOfRow) this.doubtLines = this.#quoteLines;
      this.#delimiters = 0;
    }
  }
}
