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
    // The smallest table holds 48 hashes, so 20,000 distinct ones in 256 buckets have to be split again.
    const inputs = fc.record({
      distinct: fc.constantFrom(1, 50, 3000, 20_000),
      rows: fc.integer({ min: 0, max: 30_000 }),
      before: fc.integer({ min: 0, max: 40 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async ({ distinct, rows, before, seed }) => {
        let state = seed % 2_147_483_647 || 1;
        const values = Array.from({ length: before + rows }, () => (state = (state * 48_271) % 2_147_483_647) % distinct);
        const counts = new HashCounts(0);
        for (const value of values.slice(0, before)) counts.add(hashOf(value));
        const spilled = new SpilledOccurrences({ directory, bytesMax: 4096, windowRows: 1000 });
        await spilled.seed(counts);
        for (let at = before; at < values.length; at += 700) {
          const batch = values.slice(at, at + 700);
          await spilled.add(Buffer.concat(batch.map(hashOf)), batch.length);
        }
        await spilled.finish();
        const found: number[] = [];
        for (let at = 0; at < rows; at += 333) found.push(...(await spilled.read(at, Math.min(333, rows - at))));
        expect(found).toEqual(naive(values).slice(before));
        await spilled.close();
        expect(await readdir(directory)).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });
});
