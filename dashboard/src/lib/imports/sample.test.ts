import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sampleOf, wholeLines } from './sample.ts';

const text = (lines: number) => Array.from({ length: lines }, (_, n) => `${n},acme,2026-11-19T12:00:00Z,${n * 7}\n`).join('');

describe('the beginning of a file', () => {
  it('is the file itself when it is small, with or without a last newline', async () => {
    expect(await (await sampleOf(new Blob(['a,b\n1,2']), 'x.csv')).text()).toBe('a,b\n1,2');
  });

  it('ends with a whole line', async () => {
    const sample = await (await sampleOf(new Blob([text(1000)]), 'x.csv', 100)).text();
    expect(text(1000).startsWith(sample)).toBe(true);
    expect(sample.endsWith('\n')).toBe(true);
    expect(sample.length).toBeLessThanOrEqual(100);
  });

  it('is unpacked without reading the whole archive', async () => {
    const packed = new Blob([gzipSync(text(200_000))]);
    const sample = await (await sampleOf(packed, 'x.csv.GZ', 1000)).text();
    expect(text(100).startsWith(sample)).toBe(true);
    expect(sample.endsWith('\n')).toBe(true);
  });

  it('keeps both bytes of a line feed in UTF-16', () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0, 0x62);
    expect([...wholeLines(bytes)]).toEqual([0xff, 0xfe, 0x61, 0, 0x0a, 0]);
    const utf16 = (sample: string) => Uint8Array.from(Buffer.from(sample, 'utf16le'));
    // U+010A and U+0A00 have the byte of a line feed, and are none.
    for (const cut of ['a\nb\u010a\u0a00c', '\ufeffa\n\u0a0a']) {
      const whole = cut.slice(0, cut.indexOf('\n') + 1);
      expect(wholeLines(utf16(cut))).toEqual(utf16(whole));
      const swapped = (sample: string) => Uint8Array.from(Buffer.from(sample, 'utf16le').swap16());
      expect(wholeLines(swapped(cut))).toEqual(swapped(whole));
    }
  });

  it('ends with a whole line where lines end in CR', () => {
    expect([...wholeLines(Uint8Array.from(Buffer.from('a,b\r1,2\r3')))]).toEqual([...Buffer.from('a,b\r1,2\r')]);
  });
});
