import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fontFiles } from './typefaces.ts';
import { plainFont } from './woff.ts';

/** The sum of big-endian words, by which fonts check their tables. */
function checksum(table: Buffer): number {
  let sum = 0;
  for (let at = 0; at < table.length; at += 4)
    sum = (sum + Buffer.concat([table.subarray(at, at + 4), Buffer.alloc(3)]).readUInt32BE(0)) >>> 0;
  return sum;
}

describe('a WOFF file', () => {
  it('becomes the font it was made of, table by table', () => {
    for (const { path } of fontFiles(400)) {
      const font = plainFont(readFileSync(path));
      const count = font.readUInt16BE(4);
      expect(count).toBeGreaterThan(8);
      for (let at = 12; at < 12 + count * 16; at += 16) {
        const [tag, offset, length] = [font.toString('latin1', at, at + 4), font.readUInt32BE(at + 8), font.readUInt32BE(at + 12)];
        // `head` holds the sum of the whole font, which the sum of the table leaves out.
        if (tag !== 'head') expect([tag, checksum(font.subarray(offset, offset + length))]).toEqual([tag, font.readUInt32BE(at + 4)]);
      }
    }
  });

  it('is told from anything else', () => {
    expect(() => plainFont(Buffer.from('wOF2'.padEnd(100)))).toThrow(RangeError);
    expect(() => plainFont(Buffer.alloc(3))).toThrow(RangeError);
  });
});
