import fc from 'fast-check';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HASH_BYTES, HashCounts } from './hash-table.ts';
import { SpilledOccurrences } from './occurrences.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'occurrences-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Few of the first bits differ, so that few buckets take all hashes and have to be split, and split again. */
const crowdedHashOf = (value: number) => {
  const crowded = Buffer.from(hashOf(value));
  crowded[0] = value % 2;
  crowded[1] = 0;
  return crowded;
};
const hashOf = (value: number) => hash('sha256', String(value), 'buffer').subarray(0, HASH_BYTES);

function naive(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  return values.map((value) => {
    counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts.get(value) ?? 0;
  });
}

describe('counting equal rows', () => {
  it('in the table agrees with a Map', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 2000 }), (values) => {
        const counts = new HashCounts(1_000_000);
        expect(values.map((value) => counts.add(hashOf(value)))).toEqual(naive(values));
        expect(counts.size).toBe(new Set(values).size);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses a new hash when the table is full, and still counts the old ones', () => {
    const counts = new HashCounts(0);
    let next = 0;
    while (counts.room > 0) expect(counts.add(hashOf(next++))).toBe(1);
    expect(counts.add(hashOf(next))).toBeUndefined();
    expect(counts.add(hashOf(0))).toBe(2);
    expect(counts.size).toBe(next);
  });

  it('on disk agrees with a Map, whatever was counted before and however small the memory', async () => {
    const inputs = fc.record({
      distinct: fc.constantFrom(1, 50, 1000, 6000),
      rows: fc.integer({ min: 0, max: 8000 }),
      before: fc.integer({ min: 0, max: 40 }),
      seed: fc.nat(),
      hashing: fc.constantFrom(hashOf, crowdedHashOf),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async ({ distinct, rows, before, seed, hashing }) => {
        let state = seed % 2_147_483_647 || 1;
        const values = Array.from({ length: before + rows }, () => (state = (state * 48_271) % 2_147_483_647) % distinct);
        const counts = new HashCounts(0);
        for (const value of values.slice(0, before)) counts.add(hashing(value));
        const spilled = new SpilledOccurrences({ directory, bytesMax: 200_000, windowRows: 1000 });
        await spilled.seed(counts);
        for (let at = before; at < values.length; at += 700) {
          const batch = values.slice(at, at + 700);
          await spilled.add(Buffer.concat(batch.map(hashing)), batch.length);
        }
        await spilled.finish();
        const found: number[] = [];
        for (let at = 0; at < rows; at += 333) found.push(...(await spilled.read(at, Math.min(333, rows - at))));
        expect(found).toEqual(naive(values).slice(before));
        await spilled.close();
        expect(await readdir(directory)).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
});
