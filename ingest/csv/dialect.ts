/**
 * The dialect of a file, from its head and from what was declared. What the head leaves in doubt is a fault that names the option which
 * settles it; nothing is guessed. Once found, the dialect holds for the whole file.
 */
import { isUtf8 } from 'node:buffer';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import type { FileFault, FileFaultCode } from './faults.ts';
import { isErrorColumn } from './error-columns.ts';
import { readHead } from './head-records.ts';
import type { HeadRecord } from './head-records.ts';
import { chooseDelimiter } from './delimiter.ts';

/** As much of a file as detection looks at: some thousands of rows. */
export const HEAD_BYTES_MAX = 262_144;
/** Wide exports have a few hundred columns; beyond this a file is more likely misread than real. */
export const COLUMNS_MAX = 10_000;
const COLUMN_NAME_LENGTH_MAX = 1000;

export interface DeclaredDialect {
  encoding?: string | undefined;
  delimiter?: string | undefined;
  quote?: string | undefined;
  escape?: string | undefined;
  newline?: string | undefined;
  header?: boolean | undefined;
}

export type DialectOutcome =
  { ok: true; dialect: StoredDialect; header: string[]; headerLine: number | null } | { ok: false; fault: FileFault };

/** Finds the dialect and the header (`#1`, `#2`… where there is none). `complete`: the head is the whole file. */
export function detectDialect(head: Uint8Array, declared: DeclaredDialect, complete: boolean): DialectOutcome {
  if (head.length === 0) return fault('empty_file', 'the file is empty');
  const encodingFault = checkEncoding(head, declared.encoding);
  if (encodingFault) return { ok: false, fault: encodingFault };
  const bom = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).subarray(bom ? 3 : 0, HEAD_BYTES_MAX);

  const marks = readMarks(declared);
  if ('fault' in marks) return { ok: false, fault: marks.fault };
  const { quote, escape } = marks;
  const newline = marks.newline ?? detectNewline(text, quote.charCodeAt(0));
  const read = (delimiter: string) => readHead(text, { delimiter, quote, escape, newline }, complete && head.length <= HEAD_BYTES_MAX);

  const choice = chooseDelimiter(read, marks.delimiter);
  if (!choice.ok) return choice;
  const { delimiter, records } = choice;
  const first = records[0];
  if (first === undefined) {
    const blank = text.every((byte) => byte === 0x0a || byte === 0x0d);
    if (blank) return fault('empty_file', 'the file holds nothing but blank lines');
    return fault(
      'record_too_large',
      `no line ends within the first ${HEAD_BYTES_MAX} bytes; is a quote left open, or is \`newline\` not what it seems?`,
    );
  }
  const columnsFault = checkColumns(first, declared.header);
  if (columnsFault) return { ok: false, fault: columnsFault };
  const hasHeader = declared.header ?? true;
  return {
    ok: true,
    dialect: { encoding: 'utf-8', bom, delimiter, quote, escape, newline, header: hasHeader },
    header: hasHeader ? first.cells : first.cells.map((_, index) => `#${index + 1}`),
    headerLine: hasHeader ? first.line : null,
  };
}

interface Marks {
  delimiter: string | undefined;
  quote: string;
  escape: string;
  newline: string | undefined;
}

const DELIMITER_NAMES: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
  space: ' ',
  colon: ':',
};
const NEWLINE_NAMES: Readonly<Record<string, string>> = {
  lf: 'LF',
  crlf: 'CRLF',
  cr: 'CR',
  '\n': 'LF',
  '\r\n': 'CRLF',
  '\r': 'CR',
  '\\n': 'LF',
  '\\r\\n': 'CRLF',
  '\\r': 'CR',
};

function readMarks(declared: DeclaredDialect): Marks | { fault: FileFault } {
  const delimiter =
    declared.delimiter === undefined ? undefined : (DELIMITER_NAMES[declared.delimiter.toLowerCase()] ?? declared.delimiter);
  const quote = declared.quote ?? '"';
  const escape = declared.escape ?? quote;
  const newline = declared.newline === undefined ? undefined : NEWLINE_NAMES[declared.newline.toLowerCase()];
  const refuse = (message: string) => ({ fault: { code: 'unsupported_dialect' as const, message } });
  if (declared.newline !== undefined && newline === undefined) return refuse('`newline` is one of LF, CRLF, CR');
  for (const [name, mark] of Object.entries({ delimiter, quote, escape })) {
    if (mark !== undefined && !isMark(mark)) return refuse(`\`${name}\` is one ASCII character that is no letter, digit or line ending`);
  }
  if (delimiter !== undefined && (delimiter === quote || delimiter === escape))
    return refuse('`delimiter` is also the quote or the escape');
  return { delimiter, quote, escape, newline };
}

function isMark(mark: string): boolean {
  return mark.length === 1 && mark > '\0' && mark <= '\x7f' && !/[A-Za-z0-9\r\n]/.test(mark);
}

const SIGNATURES: readonly { bytes: readonly number[]; what: string }[] = [
  { bytes: [0xff, 0xfe], what: 'UTF-16 text' },
  { bytes: [0xfe, 0xff], what: 'UTF-16 text' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a ZIP archive or a spreadsheet (.xlsx)' },
  { bytes: [0x1f, 0x8b], what: 'gzip data' },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old spreadsheet (.xls)' },
  { bytes: [0x25, 0x50, 0x44, 0x46], what: 'a PDF' },
  { bytes: [0x50, 0x41, 0x52, 0x31], what: 'a Parquet file' },
];
/** NUL bytes in more than this share of the head mean another encoding, or no text; fewer are faults of their rows. */
const NUL_SHARE_MAX = 0.05;

function checkEncoding(head: Uint8Array, declared: string | undefined): FileFault | undefined {
  if (declared !== undefined && !/^(utf-?8|us-ascii|ascii)$/i.test(declared)) {
    return { code: 'unsupported_encoding', message: `encoding "${declared}" is not read; convert the file to UTF-8` };
  }
  const known = SIGNATURES.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte));
  if (known) return { code: 'unsupported_encoding', message: `this is ${known.what}; a CSV file in UTF-8 is needed` };
  let nuls = 0;
  for (const byte of head) if (byte === 0) nuls += 1;
  if (nuls > head.length * NUL_SHARE_MAX)
    return { code: 'unsupported_encoding', message: 'this is UTF-16 text or no text at all; a CSV file in UTF-8 is needed' };
  const firstLine = head.subarray(0, endOfFirstLine(head));
  if (declared === undefined && !isUtf8(firstLine)) {
    return { code: 'unsupported_encoding', message: 'the first line is not UTF-8; convert the file to UTF-8' };
  }
  return undefined;
}

function endOfFirstLine(head: Uint8Array): number {
  const end = head.findIndex((byte) => byte === 0x0a || byte === 0x0d);
  return end === -1 ? 0 : end;
}

/** The first line ending outside quotes decides; LF where there is none. */
function detectNewline(text: Uint8Array, quote: number): string {
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === quote) quoted = !quoted;
    else if (!quoted && text[at] === 0x0a) return 'LF';
    else if (!quoted && text[at] === 0x0d) return text[at + 1] === 0x0a ? 'CRLF' : 'CR';
  }
  return 'LF';
}

const LOOKS_LIKE_DATA = /^\s*(?:[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?|\d{4}-\d{2}-\d{2}(?:[T ].*)?)\s*$/;

function checkColumns(first: HeadRecord, hasHeader: boolean | undefined): FileFault | undefined {
  const names = first.cells;
  if (names.length > COLUMNS_MAX)
    return { code: 'too_many_columns', message: `line ${first.line} has ${names.length} columns; at most ${COLUMNS_MAX} are read` };
  if (names.length === 0) {
    return {
      code: 'header_missing',
      message: `line ${first.line}, the first, cannot be read: it holds a stray quote, an open quote, a NUL byte or bytes that are not UTF-8`,
    };
  }
  if (hasHeader === false) return undefined;
  if (names.every((name) => name.trim() === ''))
    return { code: 'header_missing', message: `line ${first.line} should be the header, but names no column` };
  const long = names.find((name) => name.length > COLUMN_NAME_LENGTH_MAX);
  if (long !== undefined)
    return { code: 'header_missing', message: `line ${first.line} should be the header, but a name in it has ${long.length} characters` };
  const data = hasHeader === true ? undefined : names.find((name) => LOOKS_LIKE_DATA.test(name));
  if (data !== undefined) {
    const message = `line ${first.line} should be the header, but "${data.trim()}" looks like data; say header=false if there is none, header=true if that is a name`;
    return { code: 'header_missing', message };
  }
  const seen = new Set<string>();
  for (const name of names) {
    if (name !== '' && seen.has(name) && !isErrorColumn(name)) {
      return { code: 'duplicate_header', message: `line ${first.line} names the column "${name}" more than once; give each its own name` };
    }
    seen.add(name);
  }
  return undefined;
}

function fault(code: FileFaultCode, message: string): { ok: false; fault: FileFault } {
  return { ok: false, fault: { code, message } };
}
