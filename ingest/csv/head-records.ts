/**
 * The first records of a file, read under a supposed grammar, with what tells whether the supposition holds.
 *
 * Works on characters of one byte each (the UTF-8 taken as Latin-1), as all marks of a grammar are ASCII. Reads records as the row reader
 * does: a quote opens only at the start of a cell, and a record with a stray quote ends with its physical line.
 */
import { isUtf8 } from 'node:buffer';
import type { Newline } from './declared-dialect.ts';

/** Records that detection compares; more would not make it surer. */
const HEAD_RECORDS_MAX = 500;

export interface SupposedGrammar {
  delimiter: string;
  /** Empty: none. */
  quote: string;
  /** Equal to `quote` where quotes are doubled. */
  escape: string;
  newline: Newline;
  comment: string;
}

export interface HeadRecord {
  /** Physical line on which it begins. */
  line: number;
  /** What stands between its delimiters, without quotes, a character per byte. */
  cells: string[];
  /** Cells that stand in quotes. */
  quoted: number;
  /** The others, as far as they hold a backslash. */
  unquoted: string[];
  /** `stray`: a quote inside a cell or text behind a closing one. `open`: the file ends within quotes. `bytes`: NUL, or no UTF-8. */
  fault: 'stray' | 'open' | 'bytes' | undefined;
  /** Its first character, before any quote. */
  first: string;
}

/** Text of a head, and where to begin in it. */
export interface HeadText {
  /** A character per byte. */
  text: string;
  /** The text is all there is, so the last record needs no line ending. */
  whole: boolean;
  at: number;
  line: number;
}

/** Blank lines and comments are left out. */
export function readHead(head: HeadText, grammar: SupposedGrammar): HeadRecord[] {
  const reader = new HeadReader(head, grammar);
  const records: HeadRecord[] = [];
  while (records.length < HEAD_RECORDS_MAX) {
    const record = reader.next();
    if (record === undefined) break;
    records.push(record);
  }
  return records;
}

/** The cell as text. */
export function cellText(cell: string): string {
  return Buffer.from(cell, 'latin1').toString('utf8');
}

/** Skips physical lines. */
export function skipLines(head: HeadText, count: number, newline: Newline): HeadText {
  let at = head.at;
  for (let skipped = 0; skipped < count; skipped += 1) {
    const end = endOfLine(head.text, at, newline);
    at = end.next;
  }
  return { ...head, at, line: head.line + count };
}

/** Where the line ends, and the next one begins. */
export function endOfLine(text: string, from: number, newline: Newline): { end: number; next: number } {
  if (newline === 'mixed') {
    const lf = text.indexOf('\n', from);
    const cr = text.slice(from, lf === -1 ? undefined : lf).indexOf('\r');
    const end = cr === -1 ? lf : from + cr;
    if (end === -1) return { end: text.length, next: text.length };
    return { end, next: text.startsWith('\r\n', end) ? end + 2 : end + 1 };
  }
  const end = text.indexOf(newline === 'CR' ? '\r' : '\n', from);
  if (end === -1) return { end: text.length, next: text.length };
  const crlf = newline !== 'CR' && end > from && text[end - 1] === '\r';
  return { end: crlf ? end - 1 : end, next: end + 1 };
}

class HeadReader {
  readonly #text: string;
  readonly #whole: boolean;
  readonly #grammar: SupposedGrammar;
  #at: number;
  #line: number;

  constructor({ text, whole, at, line }: HeadText, grammar: SupposedGrammar) {
    this.#text = text;
    this.#whole = whole;
    this.#at = at;
    this.#line = line;
    this.#grammar = grammar;
  }

  next(): HeadRecord | undefined {
    const { comment, newline } = this.#grammar;
    for (;;) {
      if (this.#at >= this.#text.length) return undefined;
      const { end, next } = endOfLine(this.#text, this.#at, newline);
      const isComment = comment !== '' && this.#text.startsWith(comment, this.#at);
      if (end > this.#at && !isComment) return this.#record();
      this.#at = next;
      this.#line += 1;
    }
  }

  #record(): HeadRecord | undefined {
    const { quote, delimiter } = this.#grammar;
    const text = this.#text;
    const start = this.#at;
    const record: HeadRecord = { line: this.#line, cells: [], quoted: 0, unquoted: [], fault: undefined, first: text[start] ?? '' };
    let line = endOfLine(text, start, this.#grammar.newline);
    let at = start;
    for (;;) {
      if (quote !== '' && text[at] === quote) {
        const cell = this.#quotedCell(at + 1);
        if (cell === undefined) return this.#open(record);
        record.cells.push(cell.text);
        record.quoted += 1;
        at = cell.next;
        line = endOfLine(text, at, this.#grammar.newline);
        if (at !== line.end && text[at] !== delimiter) record.fault ??= 'stray';
      } else {
        const stop = text.indexOf(delimiter, at);
        const end = stop === -1 || stop >= line.end ? line.end : stop;
        const cell = text.slice(at, end);
        if (quote !== '' && cell.includes(quote)) record.fault ??= 'stray';
        record.cells.push(cell);
        if (cell.includes('\\')) record.unquoted.push(cell);
        at = end;
      }
      if (record.fault === 'stray') at = line.end;
      if (at >= line.end) break;
      at += 1;
    }
    if (line.next === text.length && line.end === text.length && !this.#whole) return this.#drop();
    this.#at = line.next;
    this.#line += 1;
    if (record.fault === undefined && isFaulty(text.slice(start, line.end))) record.fault = 'bytes';
    return record;
  }

  /** A cell from behind its opening quote; undefined where it is not closed. Counts the lines in it. */
  #quotedCell(from: number): { text: string; next: number } | undefined {
    const { quote, escape } = this.#grammar;
    const text = this.#text;
    let cell = '';
    for (let at = from; at < text.length; at += 1) {
      const character = text[at] as string;
      if (character === escape && escape !== quote) {
        const next = text[at + 1] ?? '';
        if (next === quote || next === escape) {
          cell += next;
          at += 1;
          continue;
        }
      } else if (character === quote) {
        if (escape !== quote || text[at + 1] !== quote) return { text: cell, next: at + 1 };
        at += 1;
      }
      if (this.#endsLine(at)) this.#line += 1;
      cell += character;
    }
    return undefined;
  }

  #endsLine(at: number): boolean {
    const character = this.#text[at];
    const { newline } = this.#grammar;
    if (newline === 'mixed') return character === '\n' || (character === '\r' && this.#text[at + 1] !== '\n');
    return character === (newline === 'CR' ? '\r' : '\n');
  }

  /** The text ends within quotes: the last record of a file, or one that was cut off. */
  #open(record: HeadRecord): HeadRecord | undefined {
    if (!this.#whole) return this.#drop();
    this.#at = this.#text.length;
    return { ...record, cells: [], fault: 'open' };
  }

  #drop(): undefined {
    this.#at = this.#text.length;
    return undefined;
  }
}

function isFaulty(record: string): boolean {
  return record.includes('\0') || !isUtf8(Buffer.from(record, 'latin1'));
}
