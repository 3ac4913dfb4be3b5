/**
 * The encoding of a file, from its head and from what was declared.
 *
 * A byte order mark decides, and so do the NUL bytes of UTF-16, which stand in every other place. All else is UTF-8, whose sequences hardly
 * ever arise by chance: a few lines that are not are faults of their rows. Where most of what is beyond ASCII is not UTF-8, the file is in
 * one of many single-byte encodings, and which one is for its sender to say; see shared-letters.ts for the one case without doubt.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import type { DialectChoice } from '../../schemas/http/imports.ts';
import { byteOrderMark, hasManyNuls, looksLikeEbcdic, wideText } from './byte-patterns.ts';
import type { FileFault } from './faults.ts';
import { otherFormat, otherText } from './not-csv.ts';
import { onlySharedLetters } from './shared-letters.ts';
import { createTranscoder, type Encoding } from './transcode.ts';

/** As much of a file as detection looks at: some thousands of rows. */
export const HEAD_BYTES_MAX = 262_144;

export type EncodingOutcome =
  | {
      ok: true;
      encoding: Encoding;
      /** The encoding is sure as long as nothing else than the shared letters comes: see shared-letters.ts. */
      sharedLettersOnly: boolean;
      choice: DialectChoice;
    }
  | { ok: false; fault: FileFault };

/** Names without spaces, `_` and `-`, in small letters. */
const NAMES: Readonly<Record<string, Encoding | 'utf-16'>> = {
  utf8: 'utf-8',
  utf8bom: 'utf-8',
  utf8sig: 'utf-8',
  unicode11utf8: 'utf-8',
  ascii: 'utf-8',
  usascii: 'utf-8',
  utf16: 'utf-16',
  unicode: 'utf-16',
  ucs2: 'utf-16',
  utf16le: 'utf-16le',
  ucs2le: 'utf-16le',
  unicodelittle: 'utf-16le',
  utf16be: 'utf-16be',
  ucs2be: 'utf-16be',
  unicodebig: 'utf-16be',
  windows1252: 'windows-1252',
  cp1252: 'windows-1252',
  win1252: 'windows-1252',
  xcp1252: 'windows-1252',
  '1252': 'windows-1252',
  iso88591: 'iso-8859-1',
  latin1: 'iso-8859-1',
  l1: 'iso-8859-1',
};
const MANY_NULS =
  'this is no text, or UTF-16 without a byte order mark: one byte in twenty is NUL; if it is text, say encoding=utf-16le or save it as UTF-8';
const READ = 'utf-8, utf-16le, utf-16be, windows-1252 and iso-8859-1 are read';

/** `complete`: the head is the whole file. Only its first HEAD_BYTES_MAX are looked at. */
export function detectEncoding(head: Uint8Array, declared: string | undefined, complete: boolean): EncodingOutcome {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, HEAD_BYTES_MAX));
  const whole = complete && head.length <= HEAD_BYTES_MAX;
  const name = declared === undefined ? undefined : NAMES[declared.toLowerCase().replaceAll(/[\s_-]/g, '')];
  if (declared !== undefined && name === undefined) {
    return refuse(
      'unsupported_encoding',
      `encoding "${declared}" is not known here; ${READ}. Convert the file: iconv -f ${declared} -t UTF-8`,
    );
  }
  const format = otherFormat(bytes);
  if (format) return { ok: false, fault: format };
  const outcome = decide(bytes, name, whole);
  if (!outcome.ok) return outcome;
  const transcoder = createTranscoder(outcome.encoding);
  const text = Buffer.from(transcoder.push(bytes.subarray(0, 4096))).toString('utf8');
  const other = otherText(text.startsWith('\ufeff') ? text.slice(1) : text);
  return other ? { ok: false, fault: other } : outcome;
}

function decide(bytes: Buffer, name: Encoding | 'utf-16' | undefined, whole: boolean): EncodingOutcome {
  const mark = byteOrderMark(bytes);
  if (mark === 'utf-32') return refuse('unsupported_encoding', 'this is UTF-32; save it as UTF-8: iconv -f UTF-32 -t UTF-8');
  if (mark !== undefined) {
    if (name === undefined || name === mark || (name === 'utf-16' && mark !== 'utf-8'))
      return found(mark, 'certain', 'its byte order mark says so');
    return contradiction(name, `the file begins with the byte order mark of ${mark}`, mark);
  }
  const wide = wideText(bytes);
  if (wide === 'utf-32') return refuse('unsupported_encoding', 'this seems to be UTF-32; save it as UTF-8: iconv -f UTF-32LE -t UTF-8');
  if (wide !== undefined) {
    if (name === undefined || name === 'utf-16')
      return found(wide, 'certain', 'every other byte is NUL, as in UTF-16, and it reads as text');
    return name === wide ? declaredAs(name) : contradiction(name, `every other byte is NUL, as in ${wide}`, wide);
  }
  if (name === 'utf-16') {
    const message = 'the file has no byte order mark, and its bytes do not tell their order; say encoding=utf-16le or encoding=utf-16be';
    return refuse('undetected_encoding', message);
  }
  if (name === 'utf-16le' || name === 'utf-16be') {
    return isSoundUtf8(bytes, whole) && !bytes.includes(0) ? contradiction(name, 'the file reads as UTF-8', 'utf-8') : declaredAs(name);
  }
  if (hasManyNuls(bytes)) return refuse('unsupported_encoding', MANY_NULS);
  if (looksLikeEbcdic(bytes))
    return refuse('unsupported_encoding', 'this seems to be EBCDIC, from a mainframe; convert it: iconv -f IBM037 -t UTF-8');
  if (name === 'utf-8') return declaredAs(name);
  if (name !== undefined) return singleByteDeclared(bytes, name, whole);
  return utf8OrNot(bytes, whole);
}

/** Bytes 80 to 9F: control characters in ISO-8859-1, which no usage file has. */
const C1 = /[\x80-\x9f]/;

function singleByteDeclared(bytes: Buffer, name: Encoding, whole: boolean): EncodingOutcome {
  if (!isAscii(bytes) && isSoundUtf8(bytes, whole)) return contradiction(name, 'all that is beyond ASCII in it is sound UTF-8', 'utf-8');
  const outcome = declaredAs(name);
  if (name === 'iso-8859-1' && C1.test(bytes.toString('latin1')))
    outcome.choice.reason += '; it holds bytes from 80 to 9F, control characters there: is it windows-1252?';
  return outcome;
}

/** Lines that are not UTF-8 in a file that is: this many at most in a hundred, or one. */
const ILL_FORMED_PERCENT_MAX = 1;

function utf8OrNot(bytes: Buffer, whole: boolean): EncodingOutcome {
  if (isAscii(bytes)) {
    return whole
      ? found('utf-8', 'certain', 'it holds nothing beyond ASCII, which all encodings read here share')
      : found('utf-8', 'likely', 'nothing beyond ASCII in its head; rows further down that are not UTF-8 will be rejected');
  }
  const { lines, sound, ill, firstIll } = countLines(bytes, whole);
  if (firstIll === undefined) return found('utf-8', 'certain', 'all that is beyond ASCII is sound UTF-8');
  const few = ill <= sound || (ill === 1 && lines > 2) || ill * 100 <= lines * ILL_FORMED_PERCENT_MAX;
  if (few && !firstIll.isFirst) {
    const instead = sound === 0 ? '; if the file is in windows-1252, say so with encoding=' : '';
    return found('utf-8', 'likely', `line ${firstIll.line} is not UTF-8 and will be rejected${instead}`);
  }
  if (sound === 0 && onlySharedLetters(bytes)) {
    const reason =
      'not UTF-8; each byte beyond ASCII is a letter (Ä É Ö Ü ß ä é ö ü) that all Latin encodings write alike, and stands in a word';
    const outcome = found('windows-1252', 'likely', reason);
    return { ...outcome, sharedLettersOnly: true };
  }
  const { line, text } = firstIll;
  const message = `line ${line} is not UTF-8, and single-byte encodings cannot be told apart; say encoding=windows-1252 if it should read ${JSON.stringify(text)}, or convert the file to UTF-8`;
  return refuse('undetected_encoding', message);
}

interface LineCount {
  lines: number;
  sound: number;
  ill: number;
  firstIll: { line: number; isFirst: boolean; text: string } | undefined;
}

/** Lines with text, and how many of them go beyond ASCII in sound UTF-8 or in none. */
function countLines(bytes: Buffer, whole: boolean): LineCount {
  const count: LineCount = { lines: 0, sound: 0, ill: 0, firstIll: undefined };
  const ending = bytes.includes(0x0a) ? 0x0a : 0x0d;
  for (let at = 0, line = 1; at < bytes.length; line += 1) {
    const next = bytes.indexOf(ending, at);
    const text = next === -1 ? wholeSequences(bytes.subarray(at), whole) : bytes.subarray(at, next);
    at = next === -1 ? bytes.length : next + 1;
    if (text.length === 0 || (text.length === 1 && text[0] === 0x0d)) continue;
    count.lines += 1;
    if (isAscii(text)) continue;
    if (isUtf8(text)) count.sound += 1;
    else {
      count.ill += 1;
      count.firstIll ??= { line, isFirst: count.lines === 1, text: around(text) };
    }
  }
  return count;
}

/** What windows-1252 makes of the first byte beyond ASCII, with some of its line on either side. */
function around(line: Buffer): string {
  const at = line.findIndex((byte) => byte >= 0x80);
  const transcoder = createTranscoder('windows-1252');
  return Buffer.from(transcoder.push(line.subarray(Math.max(0, at - 20), at + 20)))
    .toString()
    .trim();
}

function isSoundUtf8(bytes: Buffer, whole: boolean): boolean {
  return isUtf8(wholeSequences(bytes, whole));
}

/** Without the sequence that the end of the head may have cut. */
function wholeSequences(bytes: Buffer, whole: boolean): Buffer {
  if (whole) return bytes;
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if (byte >= 0xc0) return bytes.subarray(0, bytes.length - back);
    if (byte < 0x80) return bytes;
  }
  return bytes;
}

function found(encoding: Encoding, confidence: DialectChoice['confidence'], reason: string): Extract<EncodingOutcome, { ok: true }> {
  return { ok: true, encoding, sharedLettersOnly: false, choice: { property: 'encoding', confidence, reason } };
}

function declaredAs(name: Encoding): Extract<EncodingOutcome, { ok: true }> {
  return found(name, 'declared', 'declared');
}

function contradiction(name: string, evidence: string, instead: Encoding): EncodingOutcome {
  return refuse(
    'undetected_encoding',
    `encoding=${name} was declared, but ${evidence}; leave \`encoding\` out, or say encoding=${instead}`,
  );
}

function refuse(code: FileFault['code'], message: string): EncodingOutcome {
  return { ok: false, fault: { code, message } };
}
