import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WholeLines } from './whole-lines.ts';

it('gives the bytes of lines back whatever the chunks they came in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ maxLength: 8 }).map((text) => text.replaceAll('\n', ' ')),
        { maxLength: 20 },
      ),
      fc.string({ maxLength: 5 }).map((text) => text.replaceAll('\n', ' ')),
      fc.array(fc.nat(9), { maxLength: 60 }),
      fc.array(fc.nat(5), { maxLength: 20 }),
      async (lines, tail, sizes, steps) => {
        const text = Buffer.from(lines.map((line) => `${line}\n`).join('') + tail);
        const chunks: Buffer[] = [];
        for (let at = 0, n = 0; at < text.length; n += 1) {
          const size = 1 + (sizes[n % Math.max(1, sizes.length)] ?? 0);
          chunks.push(text.subarray(at, at + size));
          at += size;
        }
        const whole = new WholeLines({ bytes: 100, lines: 7 });
        for await (const chunk of whole.tap(Readable.from(chunks))) expect(chunk.length).toBeGreaterThan(0);
        const taken: Buffer[] = [];
        let line = 0;
        for (const step of steps) {
          line = Math.min(lines.length, line + step);
          const bytes = whole.takeTo(7 + line);
          expect(bytes.length === 0 || bytes.at(-1) === 0x0a).toBe(true);
          expect(whole.lines).toBe(7 + line);
          taken.push(bytes);
        }
        taken.push(whole.takeRest('\n'));
        const ending = tail === '' ? '' : '\n';
        expect(Buffer.concat(taken).toString()).toBe(text.toString() + ending);
        expect(whole.bytes).toBe(100 + text.length + ending.length);
        expect(whole.lines).toBe(7 + lines.length + ending.length);
      },
    ),
  );
});
