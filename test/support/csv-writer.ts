/**
 * Writes any table in any dialect, as a stream, and tells on which physical line each row stands. It shares nothing with the reader:
 * what one of them gets wrong, the other shows.
 */
import type { Dialect } from '../../schemas/http/imports.ts';

export interface CsvWriting {
  dialect: Dialect;
  /** As many lines as the dialect skips; without line endings. */
  preamble?: readonly string[];
  /** Written where the dialect has one. */
  header?: readonly string[];
  /** Cells that need no quotes get some too. */
  quoteAll?: boolean;
  /** A blank line before every n-th record. */
  blankEvery?: number;
  /** A comment before every n-th record: what follows the mark of the dialect. */
  comment?: { every: number; text: string };
  /** Leaves out the empty cells at the end of a row. */
  shorten?: boolean;
  /** Whether the last record ends in a line ending. */
  lastEnding?: boolean;
  /** The endings of a `mixed` dialect, in turn. */
  endings?: readonly string[];
  /** Told of each row before its bytes are handed out: its physical line, and its text without the line ending. */
  onRow?: (row: { line: number; raw: string }) => void;
}

const ENDINGS = { LF: ['\n'], CRLF: ['\r\n'], CR: ['\r'], mixed: ['\n', '\r\n', '\r'] } as const;
const LINE_ENDS = { LF: /\n/g, CRLF: /\n/g, CR: /\r/g, mixed: /\r\n|\r|\n/g } as const;

/** The bytes of the file, one record a piece, in the encoding of the dialect. Throws for what the dialect cannot say. */
export async function* writeCsv(rows: Iterable<readonly string[]>, writing: CsvWriting): AsyncGenerator<Buffer, void> {
  const { dialect } = writing;
  const encode = encoderOf(dialect.encoding);
  if (dialect.bom) yield encode('\ufeff');
  for (const piece of pieces(rows, writing)) yield encode(piece);
}

function* pieces(rows: Iterable<readonly string[]>, writing: CsvWriting): Generator<string, void> {
  const { dialect, blankEvery = 0, comment, lastEnding = true } = writing;
  const endings = dialect.newline === 'mixed' ? (writing.endings ?? ENDINGS.mixed) : ENDINGS[dialect.newline];
  let line = 1;
  let ended = 0;
  const ending = () => endings[ended++ % endings.length] as string;
  const end = (text: string) => {
    const whole = text + ending();
    line += whole.match(LINE_ENDS[dialect.newline])?.length ?? 0;
    return whole;
  };
  for (const text of writing.preamble ?? []) yield end(text);
  let index = 0;
  let before: string | undefined;
  for (const row of withHeader(rows, writing)) {
    if (before !== undefined) yield end(before);
    if (blankEvery > 0 && index % blankEvery === 0) {
      // After a CR, an LF would belong to it.
      const after = endings[(ended + endings.length - 1) % endings.length];
      if (!(ended > 0 && after === '\r' && endings[ended % endings.length]?.startsWith('\n') === true)) yield end('');
    }
    if (comment !== undefined && dialect.comment !== '' && index % comment.every === 0) yield end(dialect.comment + comment.text);
    before = record(row, writing);
    if (index > 0 || !dialect.header) writing.onRow?.({ line, raw: before });
    index += 1;
  }
  if (before !== undefined) yield lastEnding ? end(before) : before;
}

function* withHeader(rows: Iterable<readonly string[]>, { dialect, header }: CsvWriting): Generator<readonly string[], void> {
  if (dialect.header) yield header ?? [];
  yield* rows;
}

function record(row: readonly string[], { dialect, quoteAll = false, shorten = false }: CsvWriting): string {
  let count = row.length;
  while (shorten && count > 1 && row[count - 1] === '') count -= 1;
  const written = row.slice(0, count).map((cell) => writeCell(cell, dialect, quoteAll));
  const text = written.join(dialect.delimiter) + (dialect.trailingDelimiter ? dialect.delimiter : '');
  const isNone = text === '' || (dialect.comment !== '' && text.startsWith(dialect.comment));
  if (!isNone) return text;
  written[0] = writeCell(row[0] ?? '', dialect, true);
  return written.join(dialect.delimiter) + (dialect.trailingDelimiter ? dialect.delimiter : '');
}

function writeCell(cell: string, { delimiter, quote, escape }: Dialect, always: boolean): string {
  const special = [delimiter, '\n', '\r', quote].some((mark) => mark !== '' && cell.includes(mark));
  if (quote === '') {
    if (special || (always && cell === '')) throw new Error(`without quotes, ${JSON.stringify(cell)} cannot be written`);
    return cell;
  }
  if (!special && !always) return cell;
  if (escape === '' && cell.includes(quote)) throw new Error(`without an escape, ${JSON.stringify(cell)} cannot be written`);
  const escaped = [...cell].map((character) =>
    character === quote || (character === escape && escape !== '') ? escape + character : character,
  );
  return quote + escaped.join('') + quote;
}

function encoderOf(encoding: string): (text: string) => Buffer {
  if (encoding === 'utf-16le') return (text) => Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') return (text) => Buffer.from(text, 'utf16le').swap16();
  if (encoding === 'windows-1252' || encoding === 'iso-8859-1') return singleByteEncoder(encoding);
  return (text) => Buffer.from(text);
}

/** By the decoder of the platform, turned around; its "iso-8859-1" is windows-1252, so the real one is made of the numbers. */
function singleByteEncoder(encoding: 'windows-1252' | 'iso-8859-1'): (text: string) => Buffer {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const characters = encoding === 'iso-8859-1' ? Buffer.from(all).toString('latin1') : new TextDecoder('windows-1252').decode(all);
  const bytes = new Map([...characters].map((character, byte) => [character, byte]));
  return (text) =>
    Buffer.from(
      [...text].map((character) => {
        const byte = bytes.get(character);
        if (byte === undefined) throw new Error(`${JSON.stringify(character)} is not in ${encoding}`);
        return byte;
      }),
    );
}
