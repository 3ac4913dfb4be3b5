/**
 * Reads a CSV file as batches of rows, with the physical line of each row and its bytes on demand.
 *
 * The bytes are taken in blocks of one size, so batches are the same whatever the chunks they arrived in. Lines up to the next quote are
 * split, which is several times faster than a parser; from the line of a quote on, records are scanned one by one. Memory: one block, at
 * most two records (one carried over, and what decides where an open quote ends), and the batch.
 */
import { isAscii } from 'node:buffer';
import { READING_LIMITS } from '../../config-limits.ts';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { lastLineStart, nextLineStart } from './line-endings.ts';
import { PlainLines } from './plain-lines.ts';
import { RecordReader } from './record-reader.ts';
import { grammarOf } from './record-scanner.ts';
import { Batch } from './row-batch.ts';
import type { RowBatch } from './row-batch.ts';
import { RowSink } from './row-sink.ts';

/** Some 3,000 rows of 90 bytes: enough to forget the cost per block, little enough to stay in the processor's cache. */
export const BLOCK_BYTES = 262_144;
/** Fewer plain bytes than this are not worth a look of their own. */
const PLAIN_BYTES_MIN = 256;
const BOM_BYTES = 3;

export interface ReadRowsOptions {
  dialect: StoredDialect;
  /** Cells of a row. Undefined: any number, and a quote left open ends with its line. */
  width: number | undefined;
  blockBytes?: number;
  /** Hands out what has ended after each chunk of the source, instead of waiting for a block. Batches then depend on the chunks. */
  eager?: boolean;
  /** Where the source begins, if not at the start of the file: the start of a record. Preamble and header are then behind. */
  from?: { line: number; row: number; byte: number };
  /** The source is the beginning of a file: what it does not end for certain is left out. */
  cutOff?: boolean;
  /** Only whether and where the file cannot be read on: there are no rows. */
  bordersOnly?: boolean;
}

/** Yields the rows of a file. Never throws for its content; passes on what the source throws. */
export async function* readRows(source: AsyncIterable<Uint8Array>, options: ReadRowsOptions): AsyncGenerator<RowBatch, void> {
  const reader = new RowReader(options);
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      at += reader.fill(chunk, at);
      const batch = reader.full ? reader.take(false) : undefined;
      if (batch) yield batch;
      if (batch?.fileFault) return;
    }
    const batch = options.eager === true ? reader.take(false) : undefined;
    if (batch) yield batch;
    if (batch?.fileFault) return;
  }
  const last = reader.take(options.cutOff !== true);
  if (last) yield last;
}

class RowReader {
  readonly #grammar;
  readonly #plain: PlainLines;
  readonly #records: RecordReader;
  readonly #sink: RowSink;
  readonly #blockBytes: number;
  /** Grows with what has to be kept of it: at most two records and a block. */
  #work: Buffer;
  #length = 0;
  /** Bytes of #work that are done with. */
  #consumed = 0;
  #target: number;
  /** File offset of #work[0]. */
  #offset: number;
  #row: number;
  #bomAhead: boolean;
  /** Physical lines that are passed over unread: those before the header. */
  #skipAhead: number;
  /** Where the next quote stands in #work, and up to where lines hold no quote, no NUL and nothing but UTF-8. */
  #quoteAt = -1;
  #plainEnd = 0;
  #notPlainEnd = 0;

  constructor(options: ReadRowsOptions) {
    const { dialect, from, width } = options;
    const limits = dialect.limits ?? READING_LIMITS;
    this.#grammar = grammarOf(dialect);
    this.#sink = new RowSink({
      dialect,
      width,
      limits,
      line: from?.line ?? 1,
      headerAhead: dialect.header && from === undefined,
      bordersOnly: options.bordersOnly === true,
    });
    this.#plain = new PlainLines(this.#grammar, dialect, this.#sink);
    this.#records = new RecordReader(this.#grammar, dialect, this.#sink);
    this.#blockBytes = options.blockBytes ?? BLOCK_BYTES;
    this.#work = Buffer.allocUnsafe(this.#blockBytes);
    this.#target = this.#blockBytes;
    this.#offset = from?.byte ?? 0;
    this.#row = from?.row ?? 1;
    this.#bomAhead = dialect.bom && from === undefined;
    this.#skipAhead = from === undefined ? dialect.skipLines : 0;
  }

  get full(): boolean {
    return this.#length === this.#target;
  }

  /** Takes bytes of the chunk until the block is full; returns how many. */
  fill(chunk: Uint8Array, at: number): number {
    if (this.#consumed > 0) {
      this.#work.copyWithin(0, this.#consumed, this.#length);
      this.#length -= this.#consumed;
      this.#offset += this.#consumed;
      this.#consumed = 0;
    }
    if (this.#target > this.#work.length) this.#grow();
    const count = Math.min(chunk.length - at, this.#target - this.#length);
    this.#work.set(count === chunk.length ? chunk : chunk.subarray(at, at + count), this.#length);
    this.#length += count;
    return count;
  }

  #grow(): void {
    const work = Buffer.allocUnsafe(Math.max(this.#target, 2 * this.#work.length));
    this.#work.copy(work, 0, 0, this.#length);
    this.#work = work;
  }

  /** The rows that end in the block. `final`: the file ends with it. */
  take(final: boolean): RowBatch | undefined {
    const block = this.#work.subarray(0, this.#length);
    const batch = new Batch(block, { ending: this.#grammar.ending, firstRow: this.#row });
    this.#sink.batch = batch;
    this.#quoteAt = -1;
    this.#plainEnd = this.#notPlainEnd = 0;
    this.#records.begin(block, final, { ascii: isAscii(block), nul: block.includes(0) });
    let at = this.#begin(block, final);
    while (at < block.length && batch.fileFault === undefined) {
      const next = this.#step(block, at, final);
      if (next === undefined) break;
      at = next;
    }
    if (final && batch.fileFault === undefined) this.#records.endFile();
    this.#consumed = at;
    this.#target = this.#length - this.#consumed + this.#blockBytes;
    if (batch.lines.length === 0 && batch.fileFault === undefined) return undefined;
    this.#row += batch.lines.length;
    batch.bytesRead = this.#offset + this.#consumed;
    batch.nextLine = this.#sink.line;
    return batch;
  }

  /** Passes over the byte order mark and the lines before the header. */
  #begin(block: Buffer, final: boolean): number {
    let at = this.#consumed;
    if (this.#bomAhead && block.length - at < BOM_BYTES && !final) return at;
    if (this.#bomAhead) at += Math.min(BOM_BYTES, block.length - at);
    this.#bomAhead = false;
    const { ending } = this.#grammar;
    while (this.#skipAhead > 0 && at < block.length) {
      const next = nextLineStart(block, at, block.length, ending, final);
      // Of a line that goes on, the last byte is kept: it may be a CR to which an LF belongs.
      if (next === -1) return final ? block.length : block.length - 1;
      at = next;
      this.#skipAhead -= 1;
      this.#sink.line += 1;
    }
    return at;
  }

  /** Reads some records on: where the next one starts, or undefined where that takes more bytes. */
  #step(block: Buffer, at: number, final: boolean): number | undefined {
    if (this.#bomAhead || this.#skipAhead > 0) return undefined;
    if (this.#records.following) return this.#records.follow(at);
    const end = this.#endOfPlain(block, at, final);
    if (end - at < PLAIN_BYTES_MIN) return this.#records.take(at);
    this.#plain.take(block, at, end);
    return end;
  }

  /** Up to where the lines from `at` on can be split: `at` where they cannot. */
  #endOfPlain(block: Buffer, at: number, final: boolean): number {
    if (at < this.#notPlainEnd) return at;
    if (at <= this.#quoteAt) return Math.max(at, this.#plainEnd);
    const { quote, ending } = this.#grammar;
    const found = quote === -1 ? -1 : block.indexOf(quote, at);
    this.#quoteAt = found === -1 ? block.length : found;
    const whole = found !== -1 || final;
    this.#plainEnd = found === -1 && final ? block.length : lastLineStart(block, at, this.#quoteAt, ending, whole);
    if (this.#plainEnd - at >= PLAIN_BYTES_MIN && !this.#plain.canTake(block, at, this.#plainEnd)) {
      this.#notPlainEnd = this.#plainEnd;
      return at;
    }
    return this.#plainEnd;
  }
}
