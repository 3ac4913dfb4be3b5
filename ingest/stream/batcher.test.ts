import { describe, expect, it } from 'vitest';
import { Batcher } from './batcher.ts';

/** Commits that a test lets through one by one. */
function gated(options: { sizeMax?: number; waitMs?: number } = {}) {
  const batches: number[][] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const begun: (() => void)[] = [];
  const batcher = new Batcher<number>({
    sizeOf: (item) => item,
    sizeMax: options.sizeMax ?? 1_000,
    waitMs: options.waitMs ?? 0,
    async commit(items) {
      const gate = Promise.withResolvers<void>();
      batches.push(items);
      gates.push(gate);
      begun.splice(0).forEach((tell) => tell());
      await gate.promise;
    },
  });
  const commitsBegun = async (count: number) => {
    while (gates.length < count) await new Promise<void>((resolve) => begun.push(resolve));
  };
  return { batcher, batches, gates, commitsBegun };
}

describe('Batcher', () => {
  it('commits what came during a commit together, in order', async () => {
    const { batcher, batches, gates, commitsBegun } = gated();
    await batcher.add(1);
    await commitsBegun(1);
    await batcher.add(2);
    await batcher.add(3);
    gates[0]?.resolve();
    await commitsBegun(2);
    gates[1]?.resolve();
    await batcher.end();
    expect(batches).toEqual([[1], [2, 3]]);
  });

  it('lets nobody bring more than one batch beside the one under way', async () => {
    const { batcher, batches, gates, commitsBegun } = gated({ sizeMax: 10 });
    await batcher.add(9);
    await commitsBegun(1);
    let isIn = false;
    const full = batcher.add(10).then(() => (isIn = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIn).toBe(false);
    gates[0]?.resolve();
    await full;
    await commitsBegun(2);
    gates[1]?.resolve();
    await batcher.end();
    expect(batches).toEqual([[9], [10]]);
  });

  it('waits for company no longer once a batch is full, or at the end', async () => {
    const { batcher, batches, gates, commitsBegun } = gated({ sizeMax: 3, waitMs: 3_600_000 });
    await batcher.add(1);
    const last = batcher.add(2);
    await commitsBegun(1);
    gates[0]?.resolve();
    await last;
    await batcher.add(1);
    const ended = batcher.end();
    await commitsBegun(2);
    gates[1]?.resolve();
    await ended;
    expect(batches).toEqual([[1, 2], [1]]);
  });

  it('tells everybody of a commit that failed, and takes nothing more', async () => {
    const { batcher, gates, commitsBegun } = gated({ sizeMax: 2 });
    await batcher.add(1);
    await commitsBegun(1);
    const waiting = batcher.add(2);
    gates[0]?.reject(new Error('the disk is full'));
    await expect(waiting).rejects.toThrow('the disk is full');
    await expect(batcher.add(1)).rejects.toThrow('the disk is full');
    await expect(batcher.end()).rejects.toThrow('the disk is full');
    expect(batcher.failed.aborted).toBe(true);
  });
});
