/** Encodings that their bytes give away: by a mark at the beginning, or by where their NULs and letters lie. */
import { isUtf8 } from 'node:buffer';
import { createTranscoder, type Encoding } from './transcode.ts';

export function byteOrderMark(bytes: Buffer): Encoding | 'utf-32' | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32' : 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'utf-32';
  return a === 0xef && b === 0xbb && c === 0xbf ? 'utf-8' : undefined;
}

/** Of the pairs of bytes, how many must have a NUL: delimiters, digits and line endings, whatever the script of the names. */
const NUL_PAIRS_MIN = 0.2;
/** … and how many times rarer NUL must be in the other place (a character such as the ideographic space U+3000 has one there). */
const NUL_DOMINANCE_MIN = 20;
/** Of the pairs, how many are all NUL in UTF-32: every other one, as long as most is ASCII. */
const UTF32_SHARE_MIN = 0.4;
/** No text has them. Among them what a wrong byte order makes of tab, LF, CR and blank. */
// eslint-disable-next-line no-control-regex
const NO_TEXT = /[\0-\x08\x0e-\x1f\ufffe\uffff\ufdd0-\ufdef\u0900\u0a00\u0d00\u2000]/;

/** UTF-16 or UTF-32 without a mark, by the places of its NULs, if it then reads as text. */
export function wideText(bytes: Buffer): 'utf-16le' | 'utf-16be' | 'utf-32' | undefined {
  const pairs = Math.floor(bytes.length / 2);
  let first = 0;
  let second = 0;
  let both = 0;
  for (let at = 0; at < pairs * 2; at += 2) {
    if (bytes[at] === 0) first += 1;
    if (bytes[at + 1] === 0) second += 1;
    if (bytes[at] === 0 && bytes[at + 1] === 0) both += 1;
  }
  if (pairs === 0) return undefined;
  if (both > pairs * UTF32_SHARE_MIN) return 'utf-32';
  const most = Math.max(first, second);
  if (most < pairs * NUL_PAIRS_MIN || most < NUL_DOMINANCE_MIN * Math.min(first, second)) return undefined;
  const encoding = first > second ? 'utf-16be' : 'utf-16le';
  const text = Buffer.from(createTranscoder(encoding).push(bytes));
  return isUtf8(text) && !NO_TEXT.test(text.toString()) ? encoding : undefined;
}

/** NUL bytes in more than this share of the head mean another encoding, or no text; fewer are faults of their rows. */
const NUL_SHARE_MAX = 0.05;

export function hasManyNuls(bytes: Buffer): boolean {
  let nuls = 0;
  for (const byte of bytes) if (byte === 0) nuls += 1;
  return nuls > bytes.length * NUL_SHARE_MAX;
}

/** In IBM 037 and its kin: letters and digits, from and to. */
const EBCDIC_RANGES: readonly (readonly [number, number])[] = [
  [0x81, 0x89],
  [0x91, 0x99],
  [0xa2, 0xa9],
  [0xc1, 0xc9],
  [0xd1, 0xd9],
  [0xe2, 0xe9],
  [0xf0, 0xf9],
];
/** … and tab, CR, NEL, LF, blank, `. ; - / , _ : ' "`. */
const EBCDIC_OTHERS: readonly number[] = [0x05, 0x0d, 0x15, 0x25, 0x40, 0x4b, 0x5e, 0x60, 0x61, 0x6b, 0x6d, 0x7a, 0x7d, 0x7f];
const EBCDIC_SHARE_MIN = 0.95;
/** Letters and digits are all beyond ASCII in it, which takes most of a text there. */
const EBCDIC_UPPER_MIN = 0.4;

export function looksLikeEbcdic(bytes: Buffer): boolean {
  if (bytes.includes(0x0a) || isUtf8(bytes)) return false;
  let upper = 0;
  let known = 0;
  for (const byte of bytes) {
    if (byte >= 0x80) upper += 1;
    if (EBCDIC_OTHERS.includes(byte) || EBCDIC_RANGES.some(([from, to]) => byte >= from && byte <= to)) known += 1;
  }
  return upper > bytes.length * EBCDIC_UPPER_MIN && known > bytes.length * EBCDIC_SHARE_MIN;
}
