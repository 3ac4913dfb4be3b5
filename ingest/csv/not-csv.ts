/** Files that are something else than CSV: what they are, and how a CSV is made of them. */
import type { FileFault } from './faults.ts';

interface Format {
  what: string;
  mend: string;
}

const SAVE_AS = 'open it in a spreadsheet program and save it as "CSV UTF-8"';
const UNPACK = 'unpack it, and upload the CSV inside (plain or as .gz)';
const EXPORT = 'export it as CSV';

/** By their first bytes. */
const SIGNATURES: readonly (Format & { bytes: string; at?: number })[] = [
  { bytes: 'PK\x03\x04', what: 'a ZIP archive or a spreadsheet (.xlsx, .ods)', mend: `${SAVE_AS}, or unpack the archive` },
  { bytes: 'PK\x05\x06', what: 'an empty ZIP archive', mend: UNPACK },
  { bytes: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', what: 'an old spreadsheet (.xls)', mend: SAVE_AS },
  { bytes: '\x1f\x8b', what: 'a .gz inside the .gz', mend: 'pack it once only' },
  { bytes: 'BZh', what: 'a bzip2 file', mend: UNPACK },
  { bytes: '\xfd7zXZ\0', what: 'an xz file', mend: UNPACK },
  { bytes: '\x28\xb5\x2f\xfd', what: 'a Zstandard file', mend: UNPACK },
  { bytes: '\x04\x22\x4d\x18', what: 'an LZ4 file', mend: UNPACK },
  { bytes: '7z\xbc\xaf\x27\x1c', what: 'a 7-Zip archive', mend: UNPACK },
  { bytes: 'Rar!\x1a\x07', what: 'a RAR archive', mend: UNPACK },
  { bytes: 'ustar', at: 257, what: 'a tar archive', mend: UNPACK },
  { bytes: '%PDF-', what: 'a PDF', mend: 'ask its sender for the figures as CSV' },
  { bytes: 'PAR1', what: 'a Parquet file', mend: EXPORT },
  { bytes: 'ARROW1\0', what: 'an Arrow file', mend: EXPORT },
  { bytes: 'ORC\n', what: 'an ORC file', mend: EXPORT },
  { bytes: 'Obj\x01', what: 'an Avro file', mend: EXPORT },
  { bytes: 'SQLite format 3\0', what: 'a SQLite database', mend: EXPORT },
  { bytes: '\x89PNG', what: 'an image', mend: 'upload the CSV it shows' },
];
/** What follows `BZh` and its level, always: three letters alone might begin a header. */
const BZIP2_BLOCK = '1AY&SY';

/** What the bytes are, if they are no text. */
export function otherFormat(head: Uint8Array): FileFault | undefined {
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 512)).toString('latin1');
  const found = SIGNATURES.find(({ bytes, at = 0 }) => start.startsWith(bytes, at));
  if (found === undefined || (found.bytes === 'BZh' && !start.startsWith(BZIP2_BLOCK, 4))) return undefined;
  return refusal(found);
}

/** By the first characters of the text. */
const SHAPES: readonly (Format & { shape: RegExp })[] = [
  { shape: /^<(?:!doctype html|html|head|body|table|meta|style)\b/i, what: 'HTML', mend: SAVE_AS },
  { shape: /^<\?xml\b|^<!--/i, what: 'XML', mend: `${SAVE_AS}, or export it as CSV` },
  { shape: /^\{\\rtf/, what: 'rich text', mend: 'save it as plain text' },
  {
    shape: /^\{\s*"(?:[^"\\]|\\.)*"\s*:|^\[\s*(?:\{\s*["}]|\[|"|\])/,
    what: 'JSON',
    mend: 'send events to POST /v1/events, newline-delimited JSON to POST /v1/stream, or export it as CSV',
  },
];

/** What the text is, if it is another format. Without byte order mark. */
export function otherText(text: string): FileFault | undefined {
  const start = text.slice(0, 1000).trimStart();
  const found = SHAPES.find(({ shape }) => shape.test(start));
  return found && refusal(found);
}

function refusal({ what, mend }: Format): FileFault {
  return { code: 'unsupported_encoding', message: `this is ${what}, not CSV; ${mend}` };
}
