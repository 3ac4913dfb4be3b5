import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTranscoder, transcode, type Encoding } from './transcode.ts';

function decode(encoding: Encoding, chunks: readonly Uint8Array[]): Buffer {
  const transcoder = createTranscoder(encoding);
  // What is handed out may be the chunk itself, and a chunk may be used again by whoever read it.
  const parts = chunks.map((chunk) => Buffer.from(transcoder.push(chunk)));
  return Buffer.concat([...parts, transcoder.end()]);
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

function utf16(text: string, encoding: 'utf-16le' | 'utf-16be'): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
}

describe('transcoding to UTF-8', () => {
  it.each(['utf-16le', 'utf-16be'] as const)('reads %s whatever the chunk edges, a surrogate pair across them included', (encoding) => {
    const text = '\ufeffKunde\tMenge\r\nMüller 😀\t5 €\r\n漢字\u3000\t\0\r\n';
    for (const size of [1, 2, 3, 4, 5, 1000]) expect(decode(encoding, cut(utf16(text, encoding), size)).toString()).toBe(text);
  });

  it.each(['utf-16le', 'utf-16be'] as const)('reads any text in %s back, in pieces of any size', (encoding) => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.array(fc.nat(7), { maxLength: 60 }), (text, sizes) => {
        const bytes = utf16(text, encoding);
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) {
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(decode(encoding, [...chunks, bytes.subarray(at)]).equals(Buffer.from(text))).toBe(true);
      }),
    );
  });

  it.each(['utf-16le', 'utf-16be'] as const)('makes a lone surrogate in %s a sequence that is no UTF-8, and nothing else', (encoding) => {
    const lone = utf16('a,\ud83d\nb,\ude00\nc,\ud83d\ud83d\ude00\n', encoding);
    for (const size of [1, 2, 3, 1000]) {
      const text = decode(encoding, cut(lone, size));
      const lines = linesOf(text);
      expect(lines.map((line) => isUtf8(line))).toEqual([false, false, false]);
      expect(text).toEqual(Buffer.from('612ceda0bd0a622cedb8800a632ceda0bdf09f98800a', 'hex'));
    }
    // At the very end, and half a unit.
    expect(decode(encoding, [utf16('a\ud83d', encoding)])).toEqual(Buffer.from('61eda0bd', 'hex'));
    expect(decode(encoding, [utf16('a', encoding), Buffer.of(0x62)])).toEqual(Buffer.from('61ff', 'hex'));
    expect(decode(encoding, [Buffer.concat([utf16('a\ud83d', encoding), Buffer.of(0xde)])])).toEqual(Buffer.from('61eda0bdff', 'hex'));
  });

  it('knows the characters of windows-1252, and leaves the five that it does not define what they are', () => {
    const bytes = Buffer.from([...Array(256).keys()]);
    const undefinedBytes = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
    const defined = bytes.filter((byte) => !undefinedBytes.includes(byte));
    const expected =
      [...Array(128).keys()].map((code) => String.fromCharCode(code)).join('') +
      '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ' +
      [...Array(96).keys()].map((code) => String.fromCharCode(0xa0 + code)).join('');
    for (const size of [1, 7, 1000]) expect(decode('windows-1252', cut(defined, size)).toString()).toBe(expected);
    for (const byte of undefinedBytes) {
      const text = decode('windows-1252', [Buffer.from([0x61, byte, 0xe4])]);
      expect(text).toEqual(Buffer.from([0x61, byte, 0xc3, 0xa4]));
      expect(isUtf8(text)).toBe(false);
    }
  });

  it('reads ISO-8859-1 as it is, control characters from 80 to 9F included', () => {
    const bytes = Buffer.from([...Array(256).keys()]);
    for (const size of [1, 7, 1000]) expect(decode('iso-8859-1', cut(bytes, size)).toString()).toBe(bytes.toString('latin1'));
  });

  it('passes UTF-8 on byte for byte, sound or not', () => {
    const bytes = Buffer.from('ef bb bf 61 c3 28 ff 0a'.replaceAll(' ', ''), 'hex');
    expect(decode('utf-8', cut(bytes, 1))).toEqual(bytes);
  });

  it('passes what its source throws', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      throw new Error('gone');
    }
    const read = async () => {
      const parts: string[] = [];
      for await (const part of transcode(source(), 'windows-1252')) parts.push(Buffer.from(part).toString());
      return parts;
    };
    await expect(read()).rejects.toThrow('gone');
  });
});

function linesOf(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf(0x0a, at);
    lines.push(text.subarray(at, end));
    at = end + 1;
  }
  return lines;
}
