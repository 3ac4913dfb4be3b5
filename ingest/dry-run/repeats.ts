/** Which events of a file repeat earlier ones of it: where ids are taken from the file, and some come twice. */
import { ROW_HASH_BYTES, writeHash } from '../../core/identity.ts';
import { partsOf } from '../csv/event-contents.ts';
import { SpilledOccurrences } from '../csv/occurrences.ts';
import { processFile, type ProcessOptions } from '../csv/process.ts';

export interface Repeats {
  /** Of the next `count` events, in order: 1 for the first of its like, 2 for the second… */
  next(count: number): Promise<Uint32Array>;
  close(): Promise<void>;
}

/** Reads the file once, and counts on disk. */
export async function countRepeats(options: ProcessOptions): Promise<Repeats> {
  const spilled = new SpilledOccurrences({ directory: options.scratchDirectory });
  for await (const { payloads } of processFile(options)) {
    const hashes = Buffer.allocUnsafe(payloads.length * ROW_HASH_BYTES);
    for (const [index, payload] of payloads.entries()) writeHash(partsOf(payload).key, hashes, index * ROW_HASH_BYTES);
    await spilled.add(hashes, payloads.length);
  }
  await spilled.finish();
  let seen = 0;
  return {
    async next(count) {
      const occurrences = await spilled.read(seen, count);
      seen += count;
      return occurrences;
    },
    close: () => spilled.close(),
  };
}

/** For files whose ids we make: each of them once. */
export const NO_REPEATS: Repeats = {
  next: async (count) => new Uint32Array(count).fill(1),
  close: async () => undefined,
};
