/**
 * Finds where records begin and end in bytes, across quoted newlines and whatever the chunk edges.
 *
 *   CELL_START ─ quote ─► QUOTED ─ quote ─► CLOSED ─ delimiter ─► CELL_START
 *       │                  ▲   │              │ quote (doubled) ─► QUOTED
 *       └ other ─► PLAIN   │   escape         │ line end ─► record
 *                          └ ESCAPED          └ other ─► STRAY
 *
 * A quote inside an unquoted cell, or text after a closing quote, is STRAY: the record is at fault, and ends with its physical line
 * whatever quotes follow, so that one bad quote cannot take the lines after it along.
 *
 * Lines end at one byte: LF (a CR right before it belongs to the line ending) or, in old Macintosh files, CR. All characters of the
 * grammar are ASCII, which never occurs inside a UTF-8 sequence, so bytes can be compared.
 */

export interface Grammar {
  /** LF or CR. */
  lineByte: number;
  delimiter: number;
  quote: number;
  /** Equal to `quote` where quotes are doubled. */
  escape: number;
}

export const LF = 0x0a;
export const CR = 0x0d;

const CELL_START = 0;
const PLAIN = 1;
const QUOTED = 2;
const CLOSED = 3;
const CLOSED_CR = 4;
const ESCAPED = 5;
const STRAY = 6;

export class RecordScanner {
  /** Where each record found by the last `scan` starts, ends (without its line ending), and the next one starts. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly nexts: number[] = [];
  readonly lines: number[] = [];
  readonly strays: boolean[] = [];
  /** Physical line of the next byte. */
  line: number;
  /** Physical line on which the record being read began. */
  recordLine: number;
  /** Line of the last opening quote. */
  quoteLine: number;
  readonly #grammar: Grammar;
  #state = CELL_START;

  constructor(grammar: Grammar, startLine = 1) {
    this.#grammar = grammar;
    this.line = startLine;
    this.recordLine = startLine;
    this.quoteLine = startLine;
  }

  /** Goes on at the start of a record: of the one being read (no argument), or of one that begins on `line`. */
  restart(line = this.recordLine): void {
    this.line = line;
    this.recordLine = line;
    this.#state = CELL_START;
  }

  clear(): void {
    this.starts.length = this.ends.length = this.nexts.length = this.lines.length = this.strays.length = 0;
  }

  /**
   * Reads bytes[from, to). `recordStart` is where the record being read began. Fills the arrays with the records that end in there
   * (blank lines left out) and returns where the unfinished record starts.
   */
  scan(bytes: Uint8Array, recordStart: number, from: number, to: number): number {
    this.clear();
    const { lineByte, delimiter, quote, escape } = this.#grammar;
    const crBefore = lineByte === LF;
    let state = this.#state;
    let start = recordStart;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] as number;
      if (state === QUOTED) {
        if (byte === quote) state = CLOSED;
        else if (byte === lineByte) this.line += 1;
        else if (byte === escape) state = ESCAPED;
      } else if (state === ESCAPED) {
        if (byte === lineByte) this.line += 1;
        state = QUOTED;
      } else if (byte === lineByte) {
        const end = crBefore && at > start && bytes[at - 1] === CR ? at - 1 : at;
        if (end > start) this.add(start, end, at + 1, state === STRAY);
        this.line += 1;
        this.recordLine = this.line;
        start = at + 1;
        state = CELL_START;
      } else if (state === STRAY) {
        continue;
      } else if (state === CLOSED_CR) {
        state = STRAY;
      } else if (byte === delimiter) {
        state = CELL_START;
      } else if (byte === quote) {
        if (state === CELL_START) {
          state = QUOTED;
          this.quoteLine = this.line;
        } else state = state === CLOSED && escape === quote ? QUOTED : STRAY;
      } else if (state === CLOSED) {
        state = crBefore && byte === CR ? CLOSED_CR : STRAY;
      } else state = PLAIN;
    }
    this.#state = state;
    return start;
  }

  /**
   * Ends the file after `scan`: what is left from `rest` on becomes the last record, though no line ending follows. Where lines end in
   * CRLF, a CR at the very end is what was left of one. `always`: also when nothing is left, as the end of a record that began earlier.
   * Says whether a record was added, and whether a quote is still open in it.
   */
  endFile(bytes: Uint8Array, rest: number, options: { endsInCrlf: boolean; always: boolean }): { added: boolean; unclosed: boolean } {
    const crLeft = options.endsInCrlf && bytes.length > rest && bytes[bytes.length - 1] === CR;
    const end = crLeft ? bytes.length - 1 : bytes.length;
    if (end === rest && !options.always) return { added: false, unclosed: false };
    this.add(rest, end, bytes.length, this.#state === STRAY || (this.#state === CLOSED_CR && !crLeft));
    return { added: true, unclosed: this.#state === QUOTED || this.#state === ESCAPED };
  }

  add(start: number, end: number, next: number, stray: boolean): void {
    this.starts.push(start);
    this.ends.push(end);
    this.nexts.push(next);
    this.lines.push(this.recordLine);
    this.strays.push(stray);
  }
}
