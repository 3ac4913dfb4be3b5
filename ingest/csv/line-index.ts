/**
 * Where the physical lines of a file begin: the offset of every 256th, in 8 bytes each, so that a line of a multi-gigabyte file is found
 * with two small reads and a short scan.
 *
 * Part `lines` of the file store, little-endian:
 *   0 "TLLI" · 4 version (u8) · 5 line byte (u8), 0 for LF, CR and CRLF alike · 6 lines per entry (u16) · 8 lines (u64) · 16 bytes (u64) · 24 offsets of lines 1, 257, 513… (u64)
 * The index of a file that still grows says 0 lines; it has as many entries as there are.
 */
import type { FilePart, FileStore } from '../../platform/file-store/file-store.ts';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { CR, LF, lineEndingOf, LineStarts, lineTextEnd } from './line-endings.ts';
import type { LineEnding } from './line-endings.ts';
import { readRows } from './read-rows.ts';
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
/** Some lines are wanted, of the 256 that an entry stands for; where they are long, each read is twice as large, up to this. */
const FIRST_READ_BYTES = 32_768;
const READ_BYTES_MAX = 262_144;
/** Of a long line, so much is kept: more than is shown. */
const SHOWN_BYTES = 4096;

export class LineIndexBuilder {
  readonly #ending: LineEnding;
  readonly #starts: LineStarts;
  readonly #pieces: Buffer[] = [];
  #entries = 0;
  /** Line endings so far. */
  #endings = 0;
  #bytes = 0;
  #lastIsEnding = true;

  constructor(dialect: StoredDialect) {
    this.#ending = lineEndingOf(dialect.newline);
    this.#starts = new LineStarts(this.#ending);
    this.#addEntry(0);
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#starts.push(chunk, (at) => {
      this.#endings += 1;
      if (this.#endings % LINES_PER_ENTRY === 0) this.#addEntry(this.#bytes + at);
    });
    this.#bytes += chunk.length;
    this.#lastIsEnding = endsLine(chunk[chunk.length - 1], this.#ending);
  }

  /** The index, for the file store. */
  async *read(): AsyncGenerator<Uint8Array, void> {
    const lines = this.#endings + (this.#lastIsEnding && !this.#starts.pending ? 0 : 1);
    yield indexHeader(this.#ending, lines, this.#bytes);
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

/** Appends to the index of a file that grows by whole lines. */
export class GrowingLineIndex {
  readonly #ending: LineEnding;
  readonly #starts: LineStarts;
  #lines: number;
  #bytes: number;
  #header: Buffer | undefined;

  /** `lines` and `bytes`: what the file has already. */
  constructor(dialect: StoredDialect, { lines, bytes }: { lines: number; bytes: number }) {
    this.#ending = lineEndingOf(dialect.newline);
    this.#starts = new LineStarts(this.#ending);
    this.#lines = lines;
    this.#bytes = bytes;
    if (bytes === 0) this.#header = Buffer.concat([indexHeader(this.#ending, 0, 0), encodeOffset(0)]);
  }

  /** Where in the index the next entry goes. */
  get at(): number {
    return this.#header === undefined ? HEADER_BYTES + ENTRY_BYTES * (1 + Math.floor(this.#lines / LINES_PER_ENTRY)) : 0;
  }

  /** What the index gains by these bytes of the file. */
  push(chunk: Uint8Array): Uint8Array {
    const gained = this.#header === undefined ? [] : [this.#header];
    this.#header = undefined;
    this.#starts.push(chunk, (at) => {
      this.#lines += 1;
      if (this.#lines % LINES_PER_ENTRY === 0) gained.push(encodeOffset(this.#bytes + at));
    });
    this.#bytes += chunk.length;
    return Buffer.concat(gained);
  }
}

function encodeOffset(offset: number): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeBigUInt64LE(BigInt(offset));
  return entry;
}

const LINE_BYTES: Readonly<Record<LineEnding, number>> = { LF, CR, any: 0 };

function endsLine(byte: number | undefined, ending: LineEnding): boolean {
  return ending === 'any' ? byte === LF || byte === CR : byte === LINE_BYTES[ending];
}

function indexHeader(ending: LineEnding, lines: number, bytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt8(VERSION, 4);
  header.writeUInt8(LINE_BYTES[ending], 5);
  header.writeUInt16LE(LINES_PER_ENTRY, 6);
  header.writeBigUInt64LE(BigInt(lines), 8);
  header.writeBigUInt64LE(BigInt(bytes), 16);
  return header;
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
  const starts = new LineStarts(place.ending);
  let text = Buffer.alloc(0);
  const endLine = (bytes: Buffer) => {
    if (lines.length < wanted) lines.push(sourceLine(fromLine + lines.length, bytes, place.ending));
    text = Buffer.alloc(0);
  };
  for await (const bytes of readOn(stored, place.offset)) {
    let from = 0;
    starts.push(bytes, (at) => {
      endLine(Buffer.concat([text, bytes.subarray(from, at)]));
      from = at;
    });
    if (lines.length >= wanted) return lines;
    if (text.length < SHOWN_BYTES) text = Buffer.concat([text, bytes.subarray(from)]);
  }
  // A file that still grows ends behind its last line, whose number nobody has told.
  if (place.lines !== Infinity || text.length > 0) endLine(text);
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
  // The header is a record like any other here. At the very start a byte order mark is still ahead.
  const options = { dialect: { ...dialect, header: false, skipLines: 0 }, width: undefined, blockBytes: RECORD_BLOCK_BYTES };
  const start = place.offset === 0 ? {} : { from: { line, row: 1, byte: place.offset } };
  for await (const batch of readRows(readOn(stored, place.offset), { ...options, ...start })) {
    if (batch.lines[0] !== line) return undefined;
    const { raw } = batch.raw(0);
    let lastLine = line;
    new LineStarts(place.ending).push(raw, () => (lastLine += 1));
    return { line, lastLine, cells: batch.cells[0] ?? [], raw: showRaw(raw) };
  }
  return undefined;
}

/** Where a line begins, in bytes; undefined where the file has no such line. */
export async function offsetOfLine(stored: StoredFile, line: number): Promise<number | undefined> {
  return (await findLine(stored, line))?.offset;
}

interface Place {
  offset: number;
  lines: number;
  ending: LineEnding;
}

async function findLine(stored: StoredFile, line: number): Promise<Place | undefined> {
  const header = await readRange(stored, 'lines', 0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 4) !== MAGIC || header.readUInt8(4) !== VERSION) {
    throw new Error(`import ${stored.importId}: the line index is not of version ${VERSION}`);
  }
  const lineByte = header.readUInt8(5);
  const ending = lineByte === CR ? 'CR' : lineByte === LF ? 'LF' : 'any';
  const linesPerEntry = header.readUInt16LE(6);
  const counted = Number(header.readBigUInt64LE(8));
  const grows = counted === 0 && header.readBigUInt64LE(16) === 0n;
  const lines = grows ? Infinity : counted;
  if (!Number.isInteger(line) || line < 1 || line > lines) return undefined;
  const entry = Math.min(Math.floor((line - 1) / linesPerEntry), grows ? (await countEntries(stored)) - 1 : Infinity);
  const start = HEADER_BYTES + entry * ENTRY_BYTES;
  const offset = Number((await readRange(stored, 'lines', start, start + ENTRY_BYTES)).readBigUInt64LE(0));
  let skip = line - 1 - entry * linesPerEntry;
  if (skip === 0) return { offset, lines, ending };
  const starts = new LineStarts(ending);
  let passed = 0;
  let found: number | undefined;
  for await (const bytes of readOn(stored, offset)) {
    starts.push(bytes, (at) => {
      skip -= 1;
      if (skip === 0) found = passed + at;
    });
    if (found !== undefined) return { offset: offset + found, lines, ending };
    passed += bytes.length;
  }
  return undefined;
}

async function countEntries({ files, importId }: StoredFile): Promise<number> {
  return Math.floor((((await files.size(importId, 'lines')) ?? 0) - HEADER_BYTES) / ENTRY_BYTES);
}

/** The file from a byte on, in reads that are small at first: whoever looks for a line stops soon. */
async function* readOn({ files, importId, part }: StoredFile, from: number): AsyncGenerator<Buffer, void> {
  let start = from;
  for (let bytes = FIRST_READ_BYTES; ; bytes = Math.min(bytes * 2, READ_BYTES_MAX)) {
    const end = start + bytes;
    for await (const chunk of await files.read(importId, part, { start, end })) {
      yield chunk as Buffer;
      start += (chunk as Buffer).length;
    }
    if (start < end) return;
  }
}

async function readRange(stored: StoredFile, part: FilePart, start: number, end: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await stored.files.read(stored.importId, part, { start, end })) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function sourceLine(line: number, bytes: Buffer, ending: LineEnding): SourceLine {
  const raw = showRaw(bytes.subarray(0, lineTextEnd(bytes, 0, bytes.length, ending)));
  return { line, raw: line === 1 && raw.startsWith('\ufeff') ? raw.slice(1) : raw };
}
