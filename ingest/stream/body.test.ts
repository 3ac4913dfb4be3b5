import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { StreamBody } from './body.ts';

/** Between two lines: less than what may pass before a line is one that does not follow at once. */
const DRIP_MS = 20;
const LINES_MAX = 2_000;

test('the beginning of a body is what comes in a fifth of a second behind the first line, however steadily more follows', async () => {
  let seen = 0;
  let isOver = false;
  async function* drip(): AsyncGenerator<Buffer> {
    for (; seen < LINES_MAX && !isOver; seen += 1) {
      yield Buffer.from(`line ${seen}\n`);
      await pause(DRIP_MS);
    }
  }
  const body = new StreamBody(Readable.from(drip()));
  const { head, complete } = await body.peek();
  expect(complete).toBe(false);
  expect(head.toString()).toMatch(/^line 0\n/);
  isOver = true;
  let text = '';
  for await (const chunk of body) text += chunk.toString();
  expect(text).toBe(Array.from({ length: seen }, (_, n) => `line ${n}\n`).join(''));
});
