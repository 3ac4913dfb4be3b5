/**
 * Which of its like is each row: exact counting of equal rows, in bounded memory.
 *
 * Rows are counted as they come while a table of all their hashes fits. A file with more distinct rows than that is counted on disk from
 * there on, in three sequential passes, before its ids are made:
 *
 *   table + rest of the file ─► buckets by hash ─► each counted in a table ─► occurrences above 1, by window of rows ─► read in row order
 *
 * A bucket that has more distinct hashes than fit is split again by further bits of the hash.
 */
import { HASH_BYTES, HashCounts } from './hash-table.ts';
import { SpillFiles } from './spill-files.ts';

/** 64 MB in all: the table; while spilling, a table of one bucket and the write buffers. */
export const OCCURRENCES_BYTES_MAX = 64_000_000;

/** On disk: hash, kind, and the row, relative to the first spilled one, or a count so far. */
const RECORD_BYTES = HASH_BYTES + 8;
const BUCKETS = 256;
/** Write buffers of the buckets, of their parts or of the result, and the table of one bucket: a quarter of the memory each. */
const BUFFERS_SHARE = 4;
const TABLE_SHARE = 4;
/** Rows per window of the result: 4 MB of counts in memory. */
const WINDOW_ROWS = 1_048_576;
const PAIR_BYTES = 8;
const KIND_ROW = 0;
const KIND_SEED = 1;

export interface SpillOptions {
  /** For working files; what is left there is removed by `close`. */
  directory: string;
  bytesMax?: number;
  windowRows?: number;
}

/** The counting of one file that outgrew the table: `add` the further rows in order, `finish`, then ask in the same order. */
export class SpilledOccurrences {
  readonly #options: Required<SpillOptions>;
  readonly #buckets: SpillFiles;
  readonly #pairs: SpillFiles;
  #rows = 0;
  #window: { first: number; counts: Uint32Array } | undefined;

  constructor(options: SpillOptions) {
    this.#options = { bytesMax: OCCURRENCES_BYTES_MAX, windowRows: WINDOW_ROWS, ...options };
    this.#buckets = this.#files('bucket', RECORD_BYTES);
    this.#pairs = this.#files('occurrences', PAIR_BYTES);
  }

  #files(name: string, recordBytes: number): SpillFiles {
    const bufferBytes = Math.floor(this.#options.bytesMax / BUFFERS_SHARE / BUCKETS);
    return new SpillFiles({ directory: this.#options.directory, name, recordBytes, bufferBytes });
  }

  /** What was counted before. */
  async seed(counts: HashCounts): Promise<void> {
    for (const { hash, count } of counts.entries()) await appendRecord(this.#buckets, hash[0] as number, hash, 0, KIND_SEED, count);
  }

  /** The next `count` rows: their hashes, one after the other. */
  async add(hashes: Uint8Array, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const at = index * HASH_BYTES;
      const bucket = hashes[at] as number;
      if (!this.#buckets.hasRoom(bucket)) await this.#buckets.flush(bucket);
      writeRecord(this.#buckets, bucket, hashes, at, KIND_ROW, this.#rows);
      this.#rows += 1;
    }
  }

  /** Counts what was added. */
  async finish(): Promise<void> {
    await this.#countAll(this.#buckets, 1);
    await this.#pairs.finish();
  }

  async #countAll(buckets: SpillFiles, depth: number): Promise<void> {
    await buckets.finish();
    for (const bucket of buckets.files) {
      if (await this.#fits(buckets, bucket)) await this.#countBucket(buckets, bucket);
      else await this.#splitBucket(buckets, bucket, depth);
      await buckets.remove(bucket);
    }
  }

  async #fits(buckets: SpillFiles, bucket: number): Promise<boolean> {
    const table = new HashCounts(this.#options.bytesMax / TABLE_SHARE);
    for await (const block of buckets.read(bucket)) {
      for (let at = 0; at < block.length; at += RECORD_BYTES) if (table.add(block, at) === undefined) return false;
    }
    return true;
  }

  async #countBucket(buckets: SpillFiles, bucket: number): Promise<void> {
    const table = new HashCounts(this.#options.bytesMax / TABLE_SHARE);
    for await (const block of buckets.read(bucket)) {
      for (let at = 0; at < block.length; at += RECORD_BYTES) {
        const isSeed = block.readUInt32LE(at + HASH_BYTES) === KIND_SEED;
        const value = block.readUInt32LE(at + HASH_BYTES + 4);
        const count = table.add(block, at, isSeed ? value : 1) ?? 0;
        if (!isSeed && count > 1) await this.#note(value, count);
      }
    }
  }

  async #splitBucket(buckets: SpillFiles, bucket: number, depth: number): Promise<void> {
    const parts = this.#files(`bucket-${depth}-${bucket}`, RECORD_BYTES);
    for await (const block of buckets.read(bucket)) {
      for (let at = 0; at < block.length; at += RECORD_BYTES) {
        const kind = block.readUInt32LE(at + HASH_BYTES);
        await appendRecord(parts, block[at + depth] as number, block, at, kind, block.readUInt32LE(at + HASH_BYTES + 4));
      }
    }
    await this.#countAll(parts, depth + 1);
  }

  async #note(row: number, occurrence: number): Promise<void> {
    const window = Math.floor(row / this.#options.windowRows);
    if (!this.#pairs.hasRoom(window)) await this.#pairs.flush(window);
    const { bytes, at } = this.#pairs.slot(window);
    bytes.writeUInt32LE(row - window * this.#options.windowRows, at);
    bytes.writeUInt32LE(occurrence, at + 4);
  }

  /** Occurrences (1-based) of the added rows [first, first + count). After `finish`, in rising order. */
  async read(first: number, count: number): Promise<Uint32Array> {
    const occurrences = new Uint32Array(count).fill(1);
    for (let index = 0; index < count; index += 1) {
      const row = first + index;
      if (this.#window === undefined || row >= this.#window.first + this.#options.windowRows) this.#window = await this.#readWindow(row);
      const occurrence = this.#window.counts[row - this.#window.first] as number;
      if (occurrence > 1) occurrences[index] = occurrence;
    }
    return occurrences;
  }

  async #readWindow(row: number): Promise<{ first: number; counts: Uint32Array }> {
    const window = Math.floor(row / this.#options.windowRows);
    const counts = new Uint32Array(this.#options.windowRows);
    for await (const block of this.#pairs.read(window)) {
      for (let at = 0; at < block.length; at += PAIR_BYTES) counts[block.readUInt32LE(at)] = block.readUInt32LE(at + 4);
    }
    return { first: window * this.#options.windowRows, counts };
  }

  /** Removes the working files. */
  async close(): Promise<void> {
    for (const files of [this.#buckets, this.#pairs]) for (const file of files.files) await files.remove(file);
  }
}

async function appendRecord(files: SpillFiles, file: number, hash: Uint8Array, from: number, kind: number, value: number): Promise<void> {
  if (!files.hasRoom(file)) await files.flush(file);
  writeRecord(files, file, hash, from, kind, value);
}

function writeRecord(files: SpillFiles, file: number, hash: Uint8Array, from: number, kind: number, value: number): void {
  const { bytes, at } = files.slot(file);
  for (let i = 0; i < HASH_BYTES; i += 1) bytes[at + i] = hash[from + i] as number;
  bytes.writeUInt32LE(kind, at + HASH_BYTES);
  bytes.writeUInt32LE(value, at + HASH_BYTES + 4);
}
