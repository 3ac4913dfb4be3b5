/**
 * Where the physical lines of a file begin: the offset of every 256th, in 8 bytes each, so that a line of a multi-gigabyte file is found
 * with two small reads and a short scan.
 *
 * Part `lines` of the file store, little-endian:
 *   0 "TLLI" · 4 version (u8) · 5 line byte (u8) · 6 lines per entry (u16) · 8 lines (u64) · 16 bytes (u64) · 24 offsets of lines 1, 257, 513… (u64)
 */
import type { FilePart, FileStore } from '../../platform/file-store/file-store.ts';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { grammarOf, readRows, RECORD_BYTES_MAX } from './read-rows.ts';
import { CR, LF } from './record-scanner.ts';
import { showRaw } from './rejects.ts';

const MAGIC = 'TLLI';
const VERSION = 1;
const LINES_PER_ENTRY = 256;
const HEADER_BYTES = 24;
const ENTRY_BYTES = 8;
/** Entries per piece of memory: 64 KB. A file of 500 million lines needs 16 MB in all. */
const PIECE_ENTRIES = 8192;
/** Lines handed out at once. */
const LINES_MAX = 1000;
/** One record is wanted, and records are short. */
const RECORD_BLOCK_BYTES = 16_384;

export class LineIndexBuilder {
  readonly #lineByte: number;
  readonly #pieces: Buffer[] = [];
  #entries = 0;
  /** Line endings so far. */
  #endings = 0;
  #bytes = 0;
  #lastIsEnding = true;

  constructor(dialect: StoredDialect) {
    this.#lineByte = grammarOf(dialect).lineByte;
    this.#addEntry(0);
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const lineByte = this.#lineByte;
    for (let at = chunk.indexOf(lineByte); at !== -1; at = chunk.indexOf(lineByte, at + 1)) {
      this.#endings += 1;
      if (this.#endings % LINES_PER_ENTRY === 0) this.#addEntry(this.#bytes + at + 1);
    }
    this.#bytes += chunk.length;
    this.#lastIsEnding = chunk[chunk.length - 1] === lineByte;
  }

  /** The index, for the file store. */
  async *read(): AsyncGenerator<Uint8Array, void> {
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC, 'latin1');
    header.writeUInt8(VERSION, 4);
    header.writeUInt8(this.#lineByte, 5);
    header.writeUInt16LE(LINES_PER_ENTRY, 6);
    header.writeBigUInt64LE(BigInt(this.#endings + (this.#lastIsEnding ? 0 : 1)), 8);
    header.writeBigUInt64LE(BigInt(this.#bytes), 16);
    yield header;
    for (const [index, piece] of this.#pieces.entries()) {
      const entries = Math.min(PIECE_ENTRIES, this.#entries - index * PIECE_ENTRIES);
      yield piece.subarray(0, entries * ENTRY_BYTES);
    }
  }

  #addEntry(offset: number): void {
    const at = this.#entries % PIECE_ENTRIES;
    if (at === 0) this.#pieces.push(Buffer.alloc(PIECE_ENTRIES * ENTRY_BYTES));
    this.#pieces.at(-1)?.writeBigUInt64LE(BigInt(offset), at * ENTRY_BYTES);
    this.#entries += 1;
  }
}

/** Passes the source on and indexes it by the way. */
export async function* tapLines(source: AsyncIterable<Uint8Array>, index: LineIndexBuilder): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of source) {
    index.push(chunk);
    yield chunk;
  }
}

export interface StoredFile {
  files: FileStore;
  importId: string;
  /** The part that holds the text: `original`, or `content` of a compressed file. */
  part: FilePart;
}

export interface SourceLine {
  line: number;
  /** The text of the line, without its ending; at most 1,000 characters, with marks for what is no text. */
  raw: string;
}

/** Lines [fromLine, fromLine + count), as far as the file has them. Throws `FileMissingError` where file or index are gone. */
export async function readLines(stored: StoredFile, fromLine: number, count: number): Promise<SourceLine[]> {
  const place = await findLine(stored, fromLine);
  if (place === undefined || count <= 0) return [];
  const lines: SourceLine[] = [];
  const wanted = Math.min(count, LINES_MAX, place.lines - fromLine + 1);
  let text = Buffer.alloc(0);
  for await (const chunk of await stored.files.read(stored.importId, stored.part, { start: place.offset })) {
    const bytes = chunk as Buffer;
    let at = 0;
    for (let end = bytes.indexOf(place.lineByte); end !== -1 && lines.length < wanted; end = bytes.indexOf(place.lineByte, at)) {
      lines.push(sourceLine(fromLine + lines.length, Buffer.concat([text, bytes.subarray(at, end)]), place.lineByte));
      text = Buffer.alloc(0);
      at = end + 1;
    }
    if (lines.length >= wanted) return lines;
    // Of a line without end only the beginning is shown.
    if (text.length < RECORD_BYTES_MAX) text = Buffer.concat([text, bytes.subarray(at)]);
  }
  if (lines.length < wanted) lines.push(sourceLine(fromLine + lines.length, text, place.lineByte));
  return lines;
}

export interface SourceRecord {
  /** First and last physical line. */
  line: number;
  lastLine: number;
  cells: string[];
  /** At most 1,000 characters, with marks for what is no text. */
  raw: string;
}

/** The record that begins on a line, quoted newlines included; undefined where none begins there. */
export async function readRecordAt(stored: StoredFile, dialect: StoredDialect, line: number): Promise<SourceRecord | undefined> {
  const place = await findLine(stored, line);
  if (place === undefined) return undefined;
  const source = await stored.files.read(stored.importId, stored.part, { start: place.offset });
  // The header is a record like any other here. At the very start a byte order mark is still ahead.
  const options = { dialect: { ...dialect, header: false }, width: 0, blockBytes: RECORD_BLOCK_BYTES };
  const start = place.offset === 0 ? {} : { from: { line, row: 1, byte: place.offset } };
  for await (const batch of readRows(source as AsyncIterable<Uint8Array>, { ...options, ...start })) {
    if (batch.lines[0] !== line) return undefined;
    const { raw } = batch.raw(0);
    let lastLine = line;
    for (const byte of raw) if (byte === place.lineByte) lastLine += 1;
    return { line, lastLine, cells: batch.cells[0] ?? [], raw: showRaw(raw) };
  }
  return undefined;
}

interface Place {
  offset: number;
  lines: number;
  lineByte: number;
}

async function findLine(stored: StoredFile, line: number): Promise<Place | undefined> {
  const header = await readRange(stored, 'lines', 0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 4) !== MAGIC || header.readUInt8(4) !== VERSION) {
    throw new Error(`import ${stored.importId}: the line index is not of version ${VERSION}`);
  }
  const lineByte = header.readUInt8(5) === CR ? CR : LF;
  const linesPerEntry = header.readUInt16LE(6);
  const lines = Number(header.readBigUInt64LE(8));
  if (!Number.isInteger(line) || line < 1 || line > lines) return undefined;
  const entry = Math.floor((line - 1) / linesPerEntry);
  const start = HEADER_BYTES + entry * ENTRY_BYTES;
  const offset = Number((await readRange(stored, 'lines', start, start + ENTRY_BYTES)).readBigUInt64LE(0));
  let skip = line - 1 - entry * linesPerEntry;
  if (skip === 0) return { offset, lines, lineByte };
  let passed = 0;
  for await (const chunk of await stored.files.read(stored.importId, stored.part, { start: offset })) {
    const bytes = chunk as Buffer;
    for (let at = bytes.indexOf(lineByte); at !== -1; at = bytes.indexOf(lineByte, at + 1)) {
      skip -= 1;
      if (skip === 0) return { offset: offset + passed + at + 1, lines, lineByte };
    }
    passed += bytes.length;
  }
  return undefined;
}

async function readRange(stored: StoredFile, part: FilePart, start: number, end: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await stored.files.read(stored.importId, part, { start, end })) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function sourceLine(line: number, bytes: Buffer, lineByte: number): SourceLine {
  const end = lineByte === LF && bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
  const raw = showRaw(bytes.subarray(0, end));
  return { line, raw: line === 1 && raw.startsWith('\ufeff') ? raw.slice(1) : raw };
}
