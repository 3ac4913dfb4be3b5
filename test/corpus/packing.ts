/** The ways in which the bytes of a case are packed: as gzip does it, and as a .gz arrives that came to grief. */
import { gzipSync } from 'node:zlib';

const PADDING = Buffer.alloc(512);

const PACKINGS: Readonly<Record<string, (text: Buffer) => Buffer>> = {
  gzip: (text) => gzipSync(text),
  /** In two, as `cat a.gz b.gz` makes it. */
  'gzip-members': (text) => Buffer.concat(halves(text).map((half) => gzipSync(half))),
  'gzip-twice': (text) => gzipSync(gzipSync(text)),
  /** Filled up with NUL bytes, as tapes do. */
  'gzip-padded': (text) => Buffer.concat([gzipSync(text), PADDING]),
  /** Two members with NUL bytes between. */
  'gzip-padded-members': (text) => {
    const [first, second] = halves(text).map((half) => gzipSync(half));
    return Buffer.concat([first ?? PADDING, PADDING, second ?? PADDING]);
  },
  /** The upload broke off: the checksum is missing, or half of the file. */
  'gzip-without-end': (text) => gzipSync(text).subarray(0, -8),
  'gzip-half': (text) => {
    const bytes = gzipSync(text);
    return bytes.subarray(0, bytes.length / 2);
  },
  /** A byte of the checksum is another one. */
  'gzip-torn': (text) => {
    const bytes = gzipSync(text);
    bytes[bytes.length - 5] = (bytes.at(-5) ?? 0) ^ 0x40;
    return bytes;
  },
  /** Text that was appended without being packed. */
  'gzip-with-tail': (text) => Buffer.concat([gzipSync(text), Buffer.from('and more\n')]),
};

export function packed(text: Buffer, packing: string): Buffer {
  const pack = PACKINGS[packing];
  if (pack === undefined) throw new Error(`no such packing: ${packing}`);
  return pack(text);
}

function halves(text: Buffer): [Buffer, Buffer] {
  const middle = Math.floor(text.length / 2);
  return [text.subarray(0, middle), text.subarray(middle)];
}
