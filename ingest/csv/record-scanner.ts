/**
 * Finds where one record ends in bytes, and where its cells lie.
 *
 *   record ─► cell ─┬─ quote ─► QUOTED ─ quote ─► CLOSED ─┬─ delimiter ─► cell
 *                   │            ▲  │              │       ├─ line end ─► end of the record
 *                   │            └──┴─ quote       │       └─ other ─► STRAY
 *                   │               doubled, or ───┘
 *                   │               escaped
 *                   └─ other ─► PLAIN ─┬─ delimiter ─► cell
 *                                      ├─ line end ─► end of the record
 *                                      └─ quote ─► STRAY
 *
 * A quote inside an unquoted cell, or text after a closing quote, is STRAY: the record is at fault, and ends with that physical line
 * whatever quotes follow. An escape that is no quote escapes a quote or itself, inside quotes, and is text before anything else: nothing
 * is lost of `"C:\new"`. All characters of the grammar but the comment's are one ASCII byte, which never occurs inside a UTF-8 sequence.
 */
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { CR, LF, lineEndingOf, nextLineStart } from './line-endings.ts';
import type { LineEnding } from './line-endings.ts';

export interface Grammar {
  ending: LineEnding;
  /** Lines end in CRLF: a CR at the very end of the file is what was left of one. */
  endsInCrlf: boolean;
  delimiter: number;
  /** -1 where no cell is quoted. */
  quote: number;
  /** Equal to `quote` where quotes are doubled; -1 where a quoted cell holds none. */
  escape: number;
  /** Begins the lines that are no records; empty where there are none. */
  comment: Uint8Array;
  /** Cells that a line has beyond those of its row: one, empty, behind a trailing delimiter. */
  cellsBeyond: number;
}

export function grammarOf(dialect: StoredDialect): Grammar {
  return {
    ending: lineEndingOf(dialect.newline),
    endsInCrlf: dialect.newline === 'CRLF',
    delimiter: dialect.delimiter.charCodeAt(0),
    quote: dialect.quote === '' ? -1 : dialect.quote.charCodeAt(0),
    escape: dialect.quote === '' || dialect.escape === '' ? -1 : dialect.escape.charCodeAt(0),
    comment: Buffer.from(dialect.comment),
    cellsBeyond: dialect.trailingDelimiter ? 1 : 0,
  };
}

/** What the bytes from a start on are. `more`: their end is not in sight. `open`: the file ends inside a quote. */
export type Found = 'record' | 'blank' | 'comment' | 'more' | 'open';

export const PLAIN_CELL = 0;
export const QUOTED_CELL = 1;
/** Quoted, with escapes in it. */
export const ESCAPED_CELL = 2;

export class RecordScanner {
  /** Of the record found last, without its line ending; and where the next one starts. */
  start = 0;
  end = 0;
  next = 0;
  /** Line endings passed, its own included. */
  lines = 0;
  stray = false;
  hasQuotes = false;
  /** It begins as a comment does. */
  isComment = false;
  /** Start, end and style of each cell, one after the other; inside its quotes where it has some. Not all of them in a stray record. */
  readonly cells: number[] = [];
  /**
   * The last quote that was still open where its physical line ended: line endings passed before it, and where the line after it starts.
   * -1 where no quoted cell of the record spans lines.
   */
  openLines = 0;
  openNext = -1;
  /** After `more` and `open`: that very quote is open still. */
  stillOpen = false;
  readonly #grammar: Grammar;
  readonly #ending: LineEnding;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
    this.#ending = grammar.ending;
  }

  /** Cells of the record found last. */
  get count(): number {
    return this.cells.length / 3;
  }

  /** Reads bytes[start, to), which are some. `whole`: the file ends at `to`. */
  scan(bytes: Buffer, start: number, to: number, whole: boolean): Found {
    this.start = start;
    this.lines = 0;
    this.stray = this.hasQuotes = this.isComment = this.stillOpen = false;
    this.openNext = -1;
    this.cells.length = 0;
    const { comment } = this.#grammar;
    if (comment.length > 0 && bytes[start] === comment[0]) {
      const found = this.#scanComment(bytes, start, to, whole);
      if (found !== undefined) return found;
    }
    let at = start;
    for (;;) {
      const quoted = at < to && bytes[at] === this.#grammar.quote;
      at = quoted ? this.#scanQuoted(bytes, at, to, whole) : this.#scanPlain(bytes, at, to, whole);
      if (at === MORE) return 'more';
      if (at === OPEN) return 'open';
      if (at === STRAY) return this.#scanStray(bytes, to, whole);
      if (at === DONE) return this.end === start ? 'blank' : 'record';
    }
  }

  #scanComment(bytes: Buffer, start: number, to: number, whole: boolean): Found | undefined {
    const { comment } = this.#grammar;
    const length = Math.min(comment.length, to - start);
    for (let index = 1; index < length; index += 1) if (bytes[start + index] !== comment[index]) return undefined;
    if (length < comment.length) return whole ? undefined : 'more';
    this.isComment = true;
    const next = nextLineStart(bytes, start, to, this.#ending, whole);
    if (next === -1 && !whole) return 'more';
    this.end = this.next = next === -1 ? to : next;
    this.lines = next === -1 ? 0 : 1;
    return 'comment';
  }

  /** From the start of an unquoted cell: the start of the next cell, or what else became of it. */
  #scanPlain(bytes: Buffer, from: number, to: number, whole: boolean): number {
    const { delimiter, quote } = this.#grammar;
    const first = this.#ending === 'CR' ? CR : LF;
    const second = this.#ending === 'LF' ? LF : CR;
    let at = from;
    for (; at < to; at += 1) {
      const byte = bytes[at];
      if (byte === delimiter) {
        this.cells.push(from, at, PLAIN_CELL);
        return at + 1;
      }
      if (byte === first || byte === second) return this.#endLine(bytes, at, to, { from, whole });
      if (byte === quote) {
        this.end = at;
        return STRAY;
      }
    }
    if (!whole) return MORE;
    this.#finish(from, this.#endOfFile(bytes, from, to), to);
    return DONE;
  }

  /** A line ends at `at` behind an unquoted cell that starts at `from`. */
  #endLine(bytes: Buffer, at: number, to: number, { from, whole }: { from: number; whole: boolean }): number {
    let next = at + 1;
    let end = at;
    if (this.#ending === 'LF') {
      if (at > from && bytes[at - 1] === CR) end = at - 1;
    } else if (this.#ending === 'any' && bytes[at] === CR) {
      if (next === to && !whole) return MORE;
      if (next < to && bytes[next] === LF) next += 1;
    }
    this.lines += 1;
    this.#finish(from, end, next);
    return DONE;
  }

  #finish(from: number, end: number, next: number): void {
    this.cells.push(from, end, PLAIN_CELL);
    this.end = end;
    this.next = next;
  }

  #endOfFile(bytes: Buffer, from: number, to: number): number {
    return this.#grammar.endsInCrlf && to > from && bytes[to - 1] === CR ? to - 1 : to;
  }

  /** From an opening quote. */
  #scanQuoted(bytes: Buffer, from: number, to: number, whole: boolean): number {
    const { quote, escape } = this.#grammar;
    const any = this.#ending === 'any';
    const first = this.#ending === 'CR' ? CR : LF;
    const linesBefore = this.lines;
    let spans = false;
    let style = QUOTED_CELL;
    this.hasQuotes = true;
    for (let at = from + 1; at < to; at += 1) {
      const byte = bytes[at];
      if (byte === quote) {
        if (escape === quote) {
          if (at + 1 === to && !whole) {
            this.stillOpen = spans;
            return MORE;
          }
          if (at + 1 < to && bytes[at + 1] === quote) {
            style = ESCAPED_CELL;
            at += 1;
            continue;
          }
        }
        this.cells.push(from + 1, at, style);
        return this.#scanClosed(bytes, at + 1, to, whole);
      }
      if (byte === escape) {
        const after = at + 1 < to ? bytes[at + 1] : undefined;
        if (after === quote || after === escape) {
          style = ESCAPED_CELL;
          at += 1;
        }
      } else if (byte === first || (any && byte === CR && at + 1 < to && bytes[at + 1] !== LF)) {
        this.lines += 1;
        if (!spans) {
          spans = true;
          this.openLines = linesBefore;
          this.openNext = at + 1;
        }
      }
    }
    this.stillOpen = spans;
    return whole ? OPEN : MORE;
  }

  /** Behind a closing quote. */
  #scanClosed(bytes: Buffer, at: number, to: number, whole: boolean): number {
    const byte = bytes[at];
    const ending = this.#ending;
    this.end = at;
    if (at >= to) {
      this.next = to;
      return whole ? DONE : MORE;
    }
    if (byte === this.#grammar.delimiter) return at + 1;
    if (byte === LF && ending !== 'CR') this.next = at + 1;
    else if (byte === CR && ending === 'CR') this.next = at + 1;
    else if (byte === CR) {
      if (at + 1 >= to && !whole) return MORE;
      const crlf = at + 1 < to && bytes[at + 1] === LF;
      const leftOfCrlf = at + 1 >= to && this.#grammar.endsInCrlf;
      if (!crlf && !leftOfCrlf && ending === 'LF') return STRAY;
      this.next = crlf ? at + 2 : at + 1;
    } else return STRAY;
    this.lines += 1;
    return DONE;
  }

  /** The record is at fault from `end` on, and ends with its physical line. */
  #scanStray(bytes: Buffer, to: number, whole: boolean): Found {
    this.stray = true;
    const next = nextLineStart(bytes, this.end, to, this.#ending, whole);
    if (next === -1 && !whole) return 'more';
    this.next = next === -1 ? to : next;
    if (next === -1) this.end = this.#endOfFile(bytes, this.end, to);
    else {
      this.lines += 1;
      this.end = next - 1;
      const crlf = this.#ending !== 'CR' && bytes[next - 1] === LF && bytes[next - 2] === CR && next - 2 > this.start;
      if (crlf) this.end = next - 2;
    }
    return 'record';
  }
}

const MORE = -1;
const OPEN = -2;
const STRAY = -3;
const DONE = -4;
