/** Reads records one by one: those with quotes in them, and those at fault. */
import { isUtf8 } from 'node:buffer';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { cutCells } from './cells.ts';
import type { RowFault } from './faults.ts';
import { lineTextEnd } from './line-endings.ts';
import { ENDING_BYTES_MAX, OpenQuotes } from './open-quote.ts';
import { OversizeTail } from './oversize-tail.ts';
import { ENCODING_FAULT, NUL_FAULT, strayFault, swallowedFault, unclosedFault, unclosedFileFault, widthFault } from './reading-faults.ts';
import { RecordScanner } from './record-scanner.ts';
import type { Grammar } from './record-scanner.ts';
import { CUT_RECORD_BYTES } from './row-batch.ts';
import type { RowSink } from './row-sink.ts';

export class RecordReader {
  readonly #grammar: Grammar;
  readonly #marks: StoredDialect;
  readonly #sink: RowSink;
  readonly #scanner: RecordScanner;
  /** Undefined where the width of rows is not known. */
  readonly #quotes: OpenQuotes | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #final = false;
  #ascii = false;
  #nul = false;
  /** A record that is larger than the limit, on its way to its end, and its beginning. A comment is larger than any limit for free. */
  #tail: { tail: OversizeTail; beginning: Uint8Array; isComment: boolean } | undefined;

  constructor(grammar: Grammar, dialect: StoredDialect, sink: RowSink) {
    this.#grammar = grammar;
    this.#marks = dialect;
    this.#sink = sink;
    this.#scanner = new RecordScanner(grammar);
    const { width, limits } = sink;
    this.#quotes = width === undefined ? undefined : new OpenQuotes(grammar, { width, recordBytesMax: limits.recordBytesMax });
  }

  /** True while a record that is too large is followed to its end. */
  get following(): boolean {
    return this.#tail !== undefined;
  }

  begin(bytes: Buffer, final: boolean, { ascii, nul }: { ascii: boolean; nul: boolean }): void {
    this.#bytes = bytes;
    this.#final = final;
    this.#ascii = ascii;
    this.#nul = nul;
  }

  /** Reads what starts at `at`: where the next record starts, or undefined where that takes more bytes. */
  take(at: number): number | undefined {
    const bytes = this.#bytes;
    const scanner = this.#scanner;
    const limit = at + this.#sink.limits.recordBytesMax;
    const most = limit + ENDING_BYTES_MAX;
    const found = scanner.scan(bytes, at, Math.min(bytes.length, most), this.#final && bytes.length < most);
    if (found === 'blank' || found === 'comment') return this.#pass(scanner.lines, scanner.next);
    if (found === 'more') return bytes.length < most ? undefined : this.#takeOversize(at, most);
    if (found === 'open') return this.#takeOpen(at);
    if (scanner.end > limit) {
      this.#sink.addCut(bytes.subarray(at, limit));
      return this.#pass(scanner.lines, scanner.next);
    }
    const fault = this.#grammarFault();
    if (scanner.openNext !== -1) {
      if (fault !== undefined) return this.#takeDoubtful(at, fault);
      if (this.#quotes?.holdRows(bytes, scanner.openNext, scanner.end) === true) return this.#takeSwallowed();
    }
    this.#addRecord(fault);
    return this.#pass(scanner.lines, scanner.next);
  }

  /** Goes on with the record that is too large. */
  follow(at: number): number {
    if (this.#tail === undefined) return at;
    const { tail, beginning, isComment } = this.#tail;
    const next = tail.push(this.#bytes, at, this.#bytes.length);
    if (next === -1 && tail.doubtLines !== undefined) {
      this.#fail(tail.doubtLines);
      return at;
    }
    if (next === -1) return this.#bytes.length;
    this.#tail = undefined;
    if (!isComment) this.#sink.addCut(beginning);
    return this.#pass(tail.lines, next);
  }

  /** The file has ended: so has a record that is too large. */
  endFile(): void {
    if (this.#tail === undefined) return;
    const { tail, beginning, isComment } = this.#tail;
    tail.end();
    if (tail.doubtLines !== undefined) this.#fail(tail.doubtLines);
    else {
      this.#tail = undefined;
      if (!isComment) this.#sink.addCut(beginning);
      this.#sink.line += tail.lines;
    }
  }

  #pass(lines: number, next: number): number {
    this.#sink.line += lines;
    return next;
  }

  /** What is wrong with the record found, by its quotes or its number of cells. */
  #grammarFault(): RowFault | undefined {
    const scanner = this.#scanner;
    const { width, pads, headerAhead } = this.#sink;
    if (scanner.stray) return strayFault();
    if (width === undefined || headerAhead) return undefined;
    const count = scanner.count - this.#grammar.cellsBeyond;
    return count === width || (pads && count < width) ? undefined : widthFault(count, width);
  }

  #addRecord(fault: RowFault | undefined): void {
    const sink = this.#sink;
    if (sink.skims) return;
    const scanner = this.#scanner;
    const { start, end } = scanner;
    const textFault = scanner.stray ? fault : this.#textFault(start, end);
    if (textFault !== undefined) sink.addFault(textFault, sink.line, start, end);
    else sink.addCells(cutCells(this.#bytes, scanner, this.#marks, this.#ascii), end - start, start, end);
  }

  #textFault(start: number, end: number): RowFault | undefined {
    if (this.#ascii && !this.#nul) return undefined;
    const record = this.#bytes.subarray(start, end);
    if (this.#nul && record.includes(0)) return NUL_FAULT;
    return this.#ascii || isUtf8(record) ? undefined : ENCODING_FAULT;
  }

  /** A record at fault with a quoted cell over several lines: see open-quote.ts. */
  #takeDoubtful(at: number, fault: RowFault): number | undefined {
    const bytes = this.#bytes;
    const { openNext, openLines, next, lines, stray } = this.#scanner;
    const quotes = this.#quotes;
    if (quotes === undefined) return this.#takeUnclosed(at, openNext, openLines);
    const follow = quotes.rowsFollow(bytes, openNext, bytes.length, this.#final);
    if (follow === 'more') return undefined;
    if (follow === 'yes') return this.#takeUnclosed(at, openNext, openLines);
    if (stray) {
      if (this.#sink.headerAhead || quotes.holdRow(bytes, openNext, next)) return this.#fail(openLines);
      const onwards = quotes.rowsFollow(bytes, next, bytes.length, this.#final);
      if (onwards === 'more') return undefined;
      if (onwards === 'no') return this.#fail(openLines);
    }
    this.#addRecord(fault);
    return this.#pass(lines, next);
  }

  /** A record without fault, of whose lines many are rows by themselves. */
  #takeSwallowed(): number {
    const { start, end, next, lines, openLines } = this.#scanner;
    const line = this.#sink.line + openLines;
    this.#sink.addFault(swallowedFault(line, this.#sink.line + lines - 1), line, start, end);
    return this.#pass(lines, next);
  }

  /** The file ends inside a quote. */
  #takeOpen(at: number): number | undefined {
    const bytes = this.#bytes;
    const { openNext, openLines, stillOpen, lines } = this.#scanner;
    const follow = openNext === -1 ? 'no' : (this.#quotes?.rowsFollow(bytes, openNext, bytes.length, true) ?? 'yes');
    if (follow === 'yes') return this.#takeUnclosed(at, openNext, openLines);
    // Opened on the last line: nothing follows that it could take along.
    if (!stillOpen) return this.#takeUnclosed(at, bytes.length, lines);
    return this.#fail(openLines);
  }

  /** Bytes [at, most) do not hold the whole record. */
  #takeOversize(at: number, most: number): number | undefined {
    const bytes = this.#bytes;
    const { openNext, openLines, stillOpen, isComment } = this.#scanner;
    if (stillOpen) {
      const follow = this.#quotes?.rowsFollow(bytes, openNext, bytes.length, this.#final) ?? 'yes';
      if (follow === 'more') return undefined;
      if (follow === 'yes') return this.#takeUnclosed(at, openNext, openLines);
      if (this.#quotes?.holdRow(bytes, openNext, most) === true) return this.#fail(openLines);
    }
    const grammar = isComment ? { ...this.#grammar, quote: -1, escape: -1 } : this.#grammar;
    const { recordBytesMax } = this.#sink.limits;
    const beginning = Buffer.from(bytes.subarray(at, at + Math.min(CUT_RECORD_BYTES, recordBytesMax)));
    this.#tail = { tail: new OversizeTail(grammar, this.#sink.width), beginning, isComment };
    return this.follow(at);
  }

  /** The record ends with the line on which its last quote opened; `next` is where the line after it starts. */
  #takeUnclosed(at: number, next: number, openLines: number): number {
    const line = this.#sink.line + openLines;
    this.#sink.addFault(unclosedFault(line), line, at, lineTextEnd(this.#bytes, at, next, this.#grammar.ending));
    return this.#pass(openLines + 1, next);
  }

  #fail(openLines: number): undefined {
    this.#sink.batch.fileFault = unclosedFileFault(this.#sink.line + openLines);
  }
}
