import fc from 'fast-check';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addKeyedLine, createKeyedLines } from './event-contents.ts';
import { HASH_BYTES } from './hash-table.ts';
import { KeyContents } from './key-contents.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'key-contents-'));
});
afterAll(() => rm(directory, { recursive: true }));

interface Entry {
  key: number;
  content: number;
}

/** Pairs of lines: each line that says something else than the first one of its key. */
function naive(entries: readonly Entry[]): { first: number; second: number }[] {
  const firsts = new Map<number, { content: number; line: number }>();
  return entries.flatMap(({ key, content }, index) => {
    const known = firsts.get(key);
    if (known === undefined) firsts.set(key, { content, line: index + 1 });
    return known === undefined || known.content === content ? [] : [{ first: known.line, second: index + 1 }];
  });
}

async function differencesOf(entries: readonly Entry[], bytesMax: number, crowded = false) {
  const contents = new KeyContents({ directory, bytesMax });
  for (let from = 0; from < entries.length; from += 7) {
    const batch = createKeyedLines(7);
    for (const [index, { key, content }] of entries.slice(from, from + 7).entries()) {
      addKeyedLine(batch, String(key), `content ${content}`, from + index + 1);
      // Few of the first bits differ, so that few buckets take all keys and have to be split, and split again.
      if (crowded) batch.keys.fill(0, index * HASH_BYTES, index * HASH_BYTES + 2);
    }
    await contents.add(batch);
  }
  await contents.finish();
  await contents.close();
  expect(await readdir(directory)).toEqual([]);
  return contents.differences;
}

const someEntries = fc.array(fc.record({ key: fc.integer({ min: 0, max: 400 }), content: fc.integer({ min: 0, max: 1 }) }), {
  maxLength: 900,
});

describe('keys with more than one content', () => {
  it('are found in memory as by a Map', async () => {
    const property = fc.asyncProperty(someEntries, async (entries) => {
      expect(await differencesOf(entries, 1_000_000)).toEqual(naive(entries));
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it('are found on disk as by a Map, also where buckets have to be split', async () => {
    const property = fc.asyncProperty(someEntries, fc.boolean(), async (entries, crowded) => {
      expect(await differencesOf(entries, 8_000, crowded)).toEqual(naive(entries));
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it('one key many times is no reason to split for ever', async () => {
    const entries = Array.from({ length: 5_000 }, (_, n) => ({ key: n < 200 ? n : 7, content: n === 4_999 ? 1 : 0 }));
    expect(await differencesOf(entries, 8_000)).toEqual([{ first: 8, second: 5_000 }]);
  });

  it('a thousand differences are kept', async () => {
    const entries = Array.from({ length: 3_000 }, (_, n) => ({ key: 1, content: n }));
    expect(await differencesOf(entries, 1_000_000)).toHaveLength(1_000);
  });
});
