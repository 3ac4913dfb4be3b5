/**
 * Text of another encoding as UTF-8, a piece at a time and whatever the chunk edges. Memory: one chunk.
 *
 * What does not decode becomes bytes that are no UTF-8, in its place, so that the row it stands in is rejected and no other: a lone
 * surrogate as its three bytes (ED A0 80…), a byte without a character in windows-1252 as itself, half a UTF-16 unit at the end as FF.
 * A byte order mark stays one.
 *
 * `TextDecoder` is not used: it knows no ISO-8859-1 (its "latin1" is windows-1252), gives the five bytes that windows-1252 leaves open
 * the control characters of their number, and a replacement character for what does not decode.
 */
import { isAscii } from 'node:buffer';

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-1'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Feeds on chunks. What `push` returns may be the chunk itself. */
export interface Transcoder {
  push(chunk: Uint8Array): Uint8Array;
  /** What is left when the text ends. */
  end(): Uint8Array;
}

export function createTranscoder(encoding: Encoding): Transcoder {
  if (encoding === 'utf-8') return { push: (chunk) => chunk, end: () => NOTHING };
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return new Utf16Transcoder(encoding === 'utf-16be');
  return new SingleByteTranscoder(encoding === 'windows-1252' ? WINDOWS_1252 : []);
}

export async function* transcode(source: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<Uint8Array, void> {
  const transcoder = createTranscoder(encoding);
  for await (const chunk of source) {
    const text = transcoder.push(chunk);
    if (text.length > 0) yield text;
  }
  const rest = transcoder.end();
  if (rest.length > 0) yield rest;
}

const NOTHING = new Uint8Array(0);

/** Characters of the bytes 80 to 9F in windows-1252; 0 for the five that have none. */
const WINDOWS_1252: readonly number[] = [
  0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019,
  0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
];
/** No character of these encodings takes more in UTF-8. */
const BYTES_PER_BYTE_MAX = 3;

class SingleByteTranscoder implements Transcoder {
  /** Characters of the bytes 80 to FF; 0 for none. */
  readonly #upper: Uint16Array;

  /** `c1`: characters of the bytes 80 to 9F; the control characters of their number where it is empty. All others are Latin-1. */
  constructor(c1: readonly number[]) {
    this.#upper = Uint16Array.from({ length: 128 }, (_, index) => c1[index] ?? 0x80 + index);
  }

  push(chunk: Uint8Array): Uint8Array {
    if (isAscii(chunk)) return chunk;
    const out = Buffer.allocUnsafe(chunk.length * BYTES_PER_BYTE_MAX);
    let length = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      const character = byte < 0x80 ? 0 : (this.#upper[byte - 0x80] as number);
      if (character === 0) out[length++] = byte;
      else if (character < 0x800) {
        out[length++] = 0xc0 | (character >> 6);
        out[length++] = 0x80 | (character & 0x3f);
      } else {
        out[length++] = 0xe0 | (character >> 12);
        out[length++] = 0x80 | ((character >> 6) & 0x3f);
        out[length++] = 0x80 | (character & 0x3f);
      }
    }
    return out.subarray(0, length);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}

/** A surrogate without its other half. */
const LONE_SURROGATE = /([\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff])/;

class Utf16Transcoder implements Transcoder {
  readonly #bigEndian: boolean;
  /** Up to three bytes: a leading surrogate, half a unit. */
  #carried: Buffer = Buffer.alloc(0);

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian;
  }

  push(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.concat([this.#carried, chunk]);
    let end = bytes.length - (bytes.length % 2);
    const lastHigh = end === 0 ? 0 : (bytes[end - (this.#bigEndian ? 2 : 1)] as number);
    if (lastHigh >= 0xd8 && lastHigh <= 0xdb) end -= 2;
    this.#carried = bytes.subarray(end);
    return this.#encode(bytes.subarray(0, end));
  }

  end(): Uint8Array {
    const bytes = this.#carried;
    this.#carried = Buffer.alloc(0);
    const half = bytes.length % 2;
    return Buffer.concat([this.#encode(bytes.subarray(0, bytes.length - half)), Buffer.alloc(half, 0xff)]);
  }

  /** The units are swapped in place: the bytes are a copy already. */
  #encode(units: Buffer): Buffer {
    const text = (this.#bigEndian ? units.swap16() : units).toString('utf16le');
    if (text.isWellFormed()) return Buffer.from(text);
    const parts = text
      .split(LONE_SURROGATE)
      .map((part, index) => (index % 2 === 0 ? Buffer.from(part) : surrogateBytes(part.charCodeAt(0))));
    return Buffer.concat(parts);
  }
}

function surrogateBytes(unit: number): Buffer {
  return Buffer.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
}
