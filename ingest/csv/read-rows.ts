/**
 * Reads a CSV file as batches of rows, with the physical line of each row and its bytes on demand.
 *
 * The bytes are taken in blocks of one size, so batches are the same whatever the chunks they arrived in. A block without any quote is
 * split line by line, which is several times faster than a parser; a block with quotes goes through a scanner for the borders of its
 * records, and csv-parse for its cells. Memory: one block, at most one record carried over, and the batch.
 */
import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import type { Options } from 'csv-parse/sync';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { CR, LF, RecordScanner } from './record-scanner.ts';
import type { Grammar } from './record-scanner.ts';
import { Batch, unclosedFault, widthFault } from './row-batch.ts';
import type { RowBatch } from './row-batch.ts';
import type { RowFault } from './faults.ts';

/** Largest record in bytes: as large as an event may be in the log. It bounds the memory a runaway quote can take. */
export const RECORD_BYTES_MAX = 1_048_576;
/** Some 3,000 rows of 90 bytes: enough to forget the cost per block, little enough to stay in the processor's cache. */
export const BLOCK_BYTES = 262_144;
/** Of a record that is too large, this much is kept for the report. */
const CUT_RECORD_BYTES = 4096;

export interface ReadRowsOptions {
  dialect: StoredDialect;
  /** Cells of a row. */
  width: number;
  recordBytesMax?: number;
  blockBytes?: number;
  /** Where the source begins, if not at the start of the file: the start of a record. The header is then behind. */
  from?: { line: number; row: number; byte: number };
}

export function grammarOf(dialect: StoredDialect): Grammar {
  return {
    lineByte: dialect.newline === 'CR' ? CR : LF,
    delimiter: dialect.delimiter.charCodeAt(0),
    quote: dialect.quote.charCodeAt(0),
    escape: dialect.escape.charCodeAt(0),
  };
}

/** Yields the rows of a file. Never throws for its content; passes on what the source throws. */
export async function* readRows(source: AsyncIterable<Uint8Array>, options: ReadRowsOptions): AsyncGenerator<RowBatch, void> {
  const reader = new RowReader(options);
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      at += reader.fill(chunk, at);
      const batch = reader.full ? reader.take(false) : undefined;
      if (batch) yield batch;
    }
  }
  const last = reader.take(true);
  if (last) yield last;
}

class RowReader {
  readonly #dialect: StoredDialect;
  readonly #grammar: Grammar;
  readonly #lineText: string;
  readonly #width: number;
  readonly #recordBytesMax: number;
  readonly #blockBytes: number;
  readonly #parseOptions: Options;
  readonly #scanner: RecordScanner;
  readonly #work: Buffer;
  #length = 0;
  /** Bytes of #work that are done with. */
  #consumed = 0;
  #target: number;
  /** File offset of #work[0]. */
  #offset: number;
  #row: number;
  #headerAhead: boolean;
  #bomAhead: boolean;
  /** Beginning of a record that outgrew the limit and whose end is still being looked for. */
  #oversize: Uint8Array | undefined;

  constructor(options: ReadRowsOptions) {
    const { dialect, from } = options;
    this.#dialect = dialect;
    this.#grammar = grammarOf(dialect);
    this.#lineText = String.fromCharCode(this.#grammar.lineByte);
    this.#width = options.width;
    this.#recordBytesMax = options.recordBytesMax ?? RECORD_BYTES_MAX;
    this.#blockBytes = options.blockBytes ?? BLOCK_BYTES;
    this.#scanner = new RecordScanner(this.#grammar, from?.line ?? 1);
    this.#work = Buffer.allocUnsafe(this.#recordBytesMax + this.#blockBytes);
    this.#target = this.#blockBytes;
    this.#offset = from?.byte ?? 0;
    this.#row = from?.row ?? 1;
    this.#headerAhead = dialect.header && from === undefined;
    this.#bomAhead = dialect.bom && from === undefined;
    this.#parseOptions = {
      delimiter: dialect.delimiter,
      quote: dialect.quote,
      escape: dialect.escape,
      record_delimiter: this.#grammar.lineByte === CR ? '\r' : ['\r\n', '\n'],
      relax_column_count: true,
      skip_empty_lines: true,
    };
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
    const count = Math.min(chunk.length - at, this.#target - this.#length);
    this.#work.set(count === chunk.length ? chunk : chunk.subarray(at, at + count), this.#length);
    this.#length += count;
    return count;
  }

  /** The rows that end in the block. `final`: the file ends with it. */
  take(final: boolean): RowBatch | undefined {
    const begin = this.#consumed + (this.#bomAhead ? 3 : 0);
    this.#bomAhead = false;
    const block = this.#work.subarray(begin, this.#length);
    const batch = new Batch(block, { lineByte: this.#grammar.lineByte, endsInCrlf: this.#dialect.newline === 'CRLF', firstRow: this.#row });
    const plain = this.#oversize === undefined && !block.includes(this.#grammar.quote) && !block.includes(0) && isUtf8(block);
    const done = plain ? this.#takePlain(block, final, batch) : this.#takeScanned(block, final, batch);
    this.#consumed = begin + done;
    if (this.#oversize !== undefined) this.#consumed = this.#length;
    else if (this.#length - this.#consumed > this.#recordBytesMax) this.#startOversize();
    this.#target = this.#length - this.#consumed + this.#blockBytes;
    if (batch.lines.length === 0) return undefined;
    this.#row += batch.lines.length;
    batch.bytesRead = this.#offset + this.#consumed;
    batch.nextLine = this.#scanner.recordLine;
    return batch;
  }

  /** A block of lines: no quotes, no NUL, sound UTF-8. */
  #takePlain(block: Buffer, final: boolean, batch: Batch): number {
    const end = final ? block.length : block.lastIndexOf(this.#grammar.lineByte) + 1;
    if (end === 0) return 0;
    const text = block.toString('utf8', 0, end);
    const { delimiter } = this.#dialect;
    const stripCr = this.#grammar.lineByte === LF;
    let line = this.#scanner.recordLine;
    for (let at = 0, index = 0; at < text.length; line += 1, index += 1) {
      let next = text.indexOf(this.#lineText, at);
      const ended = next !== -1;
      if (!ended) next = text.length;
      const strip = stripCr && next > at && text.charCodeAt(next - 1) === CR && (ended || this.#dialect.newline === 'CRLF');
      const stop = strip ? next - 1 : next;
      if (stop > at) {
        const lineText = text.slice(at, stop);
        const fault =
          lineText.length * 3 > this.#recordBytesMax && Buffer.byteLength(lineText) > this.#recordBytesMax ? this.#tooLarge() : undefined;
        this.#add(batch, fault ? [] : lineText.split(delimiter), line, fault, index, -1);
      }
      at = next + 1;
      if (!ended) break;
    }
    this.#scanner.restart(line);
    return end;
  }

  #takeScanned(block: Buffer, final: boolean, batch: Batch): number {
    const scanner = this.#scanner;
    const oversize = this.#oversize;
    if (oversize === undefined) scanner.restart();
    const rest = scanner.scan(block, 0, 0, block.length);
    const endsInCrlf = this.#dialect.newline === 'CRLF';
    const always = oversize !== undefined && scanner.lines.length === 0;
    const unclosed = final && scanner.endFile(block, rest, { endsInCrlf, always }).unclosed;
    const count = scanner.lines.length;
    const faults = scanner.lines.map((_, index) =>
      unclosed && index === count - 1
        ? unclosedFault(scanner.quoteLine)
        : this.#textFault(block, index, oversize !== undefined && index === 0),
    );
    for (let index = 0; index < count;) {
      let end = index;
      while (end < count && faults[end] === undefined) end += 1;
      if (end > index) this.#addSound(block, batch, index, end);
      else {
        const line = unclosed && index === count - 1 ? scanner.quoteLine : (scanner.lines[index] as number);
        const added = this.#add(batch, [], line, faults[index], scanner.starts[index] as number, scanner.ends[index] as number);
        if (added && index === 0 && oversize !== undefined) batch.cutFirst(oversize);
        end = index + 1;
      }
      index = end;
    }
    if (count > 0) this.#oversize = undefined;
    return final ? block.length : rest;
  }

  /** Records [from, to) of the scan, contiguous and sound. */
  #addSound(block: Buffer, batch: Batch, from: number, to: number): void {
    const { starts, ends, lines } = this.#scanner;
    const text = block.subarray(starts[from], ends[to - 1]);
    const records = text.includes(this.#grammar.quote) ? parse(text, this.#parseOptions) : undefined;
    if (records && records.length !== to - from)
      throw new Error(`csv-parse found ${records.length} records where ${to - from} were scanned`);
    for (let index = from; index < to; index += 1) {
      const start = starts[index] as number;
      const end = ends[index] as number;
      const cells = records ? (records[index - from] as string[]) : block.toString('utf8', start, end).split(this.#dialect.delimiter);
      this.#add(batch, cells, lines[index] as number, undefined, start, end);
    }
  }

  /** Adds a row, with a fault of its own or of its width. False for the header. */
  #add(batch: Batch, cells: string[], line: number, fault: RowFault | undefined, start: number, end: number): boolean {
    if (this.#headerAhead) {
      this.#headerAhead = false;
      return false;
    }
    batch.add(cells, line, fault ?? (cells.length === this.#width ? undefined : widthFault(cells.length, this.#width)), start, end);
    return true;
  }

  #textFault(block: Buffer, index: number, oversize: boolean): RowFault | undefined {
    const start = this.#scanner.starts[index] as number;
    const end = this.#scanner.ends[index] as number;
    if (oversize || end - start > this.#recordBytesMax) return this.#tooLarge();
    if (this.#scanner.strays[index] === true) {
      const message = 'a quote stands inside a cell; put the whole cell in quotes and double the quotes within it';
      return { code: 'stray_quote', column: null, message };
    }
    const record = block.subarray(start, end);
    if (record.includes(0)) return { code: 'nul_byte', column: null, message: 'the row holds a NUL byte' };
    if (!isUtf8(record)) return { code: 'invalid_encoding', column: null, message: 'the row holds bytes that are not UTF-8' };
    return undefined;
  }

  #tooLarge(): RowFault {
    return {
      code: 'record_too_large',
      column: null,
      message: `the row is larger than ${this.#recordBytesMax} bytes; is a quote left open?`,
    };
  }

  /** Lets go of the bytes of a record that is too large and looks for its end. */
  #startOversize(): void {
    const carried = this.#work.subarray(this.#consumed, this.#length);
    this.#oversize ??= Uint8Array.prototype.slice.call(carried, 0, CUT_RECORD_BYTES);
    this.#scanner.restart();
    this.#scanner.scan(carried, 0, 0, carried.length);
    this.#consumed = this.#length;
  }
}
