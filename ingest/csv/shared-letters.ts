/**
 * The letters that all Latin single-byte encodings write alike, and so the only case in which such a file can be read without being told
 * which one it is: Windows-1250, -1252, -1254, -1257, -1258 and ISO-8859-1, -2, -3, -4, -9, -10, -13, -14, -15, -16 agree about
 * Ä É Ö Ü ß ä é ö ü, and about no other letter.
 *
 * Other encodings (Cyrillic, DOS, Macintosh, East Asian) have something else in these places, which does not stand inside words of Latin
 * letters: so each must have a Latin letter of its case beside it. The text is sure as long as nothing else follows; whoever reads on
 * must stop at the first other byte.
 */
import { isAscii } from 'node:buffer';

/** Ä É Ö Ü / ß ä é ö ü. */
const CAPITAL = '\xc4\xc9\xd6\xdc';
const SMALL = '\xdf\xe4\xe9\xf6\xfc';
const SHARED = new Set([...(CAPITAL + SMALL)].map((letter) => letter.charCodeAt(0)));

/**
 * A small letter inside a word or at its end; a capital at the beginning of a word or among capitals. Not where another encoding makes
 * sense: what reads `cmü` may be the `cm³` of DOS, and what reads `Éand` the `…and` of a Macintosh.
 */
const IN_WORD = new RegExp(
  [
    `(?<=[A-Za-z${CAPITAL}${SMALL}])[${SMALL}](?=[a-z${SMALL}])`,
    `(?<=[A-Za-z${CAPITAL}][a-z${SMALL}])[\xdf\xe4\xe9\xf6]`,
    `(?<=[A-Za-z${CAPITAL}][a-z${SMALL}]{2})\xfc`,
    `(?<![A-Za-z${CAPITAL}${SMALL}])[${SMALL}](?=[a-z]{2})`,
    `(?<![A-Za-z${CAPITAL}${SMALL}])[\xc4\xd6\xdc](?=[a-z${SMALL}]|[A-Z]{2})`,
    `(?<=[A-Z${CAPITAL}])[${CAPITAL}](?=[A-Z${CAPITAL}])`,
    `(?<=[A-Z]{2})[${CAPITAL}](?![a-z${SMALL}])`,
  ].join('|'),
  'g',
);

/** Whether every byte beyond ASCII is a shared letter and stands in a word. */
export function onlySharedLetters(bytes: Buffer): boolean {
  return !/[\x80-\xff]/.test(bytes.toString('latin1').replaceAll(IN_WORD, ''));
}

/** Place of the first byte that is neither ASCII nor a shared letter; −1 where there is none. A loop: this sees every byte of a file. */
export function findOtherByte(bytes: Uint8Array): number {
  if (isAscii(bytes)) return -1;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte >= 0x80 && !SHARED.has(byte)) return at;
  }
  return -1;
}
