/**
 * Whether every key stands for one content throughout a file: exact, for any number of keys, in bounded memory.
 *
 * Keys and contents come as hashes. They are compared as they come while a table of all keys fits. From there on all of them go to
 * disk, into buckets by hash, and are compared bucket by bucket at the end; a bucket of more keys than fit is split by further bits.
 */
import { HASH_BYTES, HashCounts } from './hash-table.ts';
import { SpillFiles } from './spill-files.ts';

/** The table of all keys. What stands beside each, 24 bytes, comes to a third of it at the most. */
export const KEY_CONTENTS_BYTES_MAX = 64_000_000;
/** Differences kept. Each is one line that says something else than an earlier one; a few tell what is wrong with a file. */
export const DIFFERENCES_MAX = 1_000;

/** On disk: key, content, line. */
const RECORD_BYTES = HASH_BYTES + HASH_BYTES + 8;
const BUCKETS = 256;
/** While spilling: write buffers of the buckets and of their parts, and the table of one bucket, a quarter of the memory each. */
const SHARES = 4;

/** Two lines with one key and different contents, the earlier one first. */
export interface Difference {
  first: number;
  second: number;
}

/** Entries of a file, in its order. */
export interface KeyedLines {
  /** Hashes of HASH_BYTES, one behind the other. */
  keys: Buffer;
  contents: Buffer;
  /** Physical lines, 1-based. */
  lines: Float64Array;
  count: number;
}

export interface KeyContentsOptions {
  /** For working files; what is left there is removed by `close`. */
  directory: string;
  bytesMax?: number | undefined;
  /** Differences that are kept; `DIFFERENCES_MAX` where none are given. */
  differencesMax?: number;
}

export class KeyContents {
  readonly #options: { directory: string; bytesMax: number; differencesMax: number };
  readonly #buckets: SpillFiles;
  #table: KeyTable | undefined;
  #differences: Difference[] = [];

  constructor({ directory, bytesMax = KEY_CONTENTS_BYTES_MAX, differencesMax = DIFFERENCES_MAX }: KeyContentsOptions) {
    this.#options = { directory, bytesMax, differencesMax };
    this.#table = new KeyTable(bytesMax);
    this.#buckets = this.#files('keys');
  }

  /** Found so far, at most `differencesMax`; all of them after `finish`. */
  get differences(): readonly Difference[] {
    return this.#differences;
  }

  async add(entries: KeyedLines): Promise<void> {
    if (this.#table !== undefined && this.#table.room < entries.count) await this.#spill(this.#table);
    for (let index = 0; index < entries.count; index += 1) {
      const at = index * HASH_BYTES;
      const line = entries.lines[index] as number;
      if (this.#table !== undefined) {
        this.#note(this.#table.add(entries.keys, at, entries.contents, at, line), line);
        continue;
      }
      const bucket = entries.keys[at] as number;
      if (!this.#buckets.hasRoom(bucket)) await this.#buckets.flush(bucket);
      write(this.#buckets, bucket, { key: entries.keys, at, content: entries.contents, contentAt: at, line });
    }
  }

  /** Compares what is on disk. */
  async finish(): Promise<void> {
    if (this.#table === undefined) await this.#compareAll(this.#buckets, 1);
    this.#differences.sort((a, b) => a.second - b.second || a.first - b.first);
  }

  async close(): Promise<void> {
    for (const file of this.#buckets.files) await this.#buckets.remove(file);
  }

  #files(name: string): SpillFiles {
    const { directory, bytesMax } = this.#options;
    return new SpillFiles({ directory, name, recordBytes: RECORD_BYTES, bufferBytes: Math.floor(bytesMax / SHARES / BUCKETS) });
  }

  #note(first: number | undefined, second: number): void {
    if (first !== undefined && this.#differences.length < this.#options.differencesMax) this.#differences.push({ first, second });
  }

  async #spill(table: KeyTable): Promise<void> {
    this.#table = undefined;
    for (const entry of table.entries()) await append(this.#buckets, entry.key[0] as number, entry);
  }

  async #compareAll(files: SpillFiles, depth: number): Promise<void> {
    await files.finish();
    for (const file of files.files) {
      if (!(await this.#compare(files, file))) await this.#split(files, file, depth);
      await files.remove(file);
    }
  }

  /** False, and nothing noted, where the bucket has more keys than fit. */
  async #compare(files: SpillFiles, file: number): Promise<boolean> {
    const table = new KeyTable(this.#options.bytesMax / SHARES);
    const before = this.#differences.length;
    for await (const block of files.read(file)) {
      for (let at = 0; at < block.length; at += RECORD_BYTES) {
        if (table.room === 0) {
          this.#differences.length = before;
          return false;
        }
        const line = block.readDoubleLE(at + HASH_BYTES + HASH_BYTES);
        this.#note(table.add(block, at, block, at + HASH_BYTES, line), line);
      }
    }
    return true;
  }

  async #split(files: SpillFiles, file: number, depth: number): Promise<void> {
    const parts = this.#files(`keys-${depth}-${file}`);
    for await (const block of files.read(file)) {
      for (let at = 0; at < block.length; at += RECORD_BYTES) {
        const line = block.readDoubleLE(at + HASH_BYTES + HASH_BYTES);
        await append(parts, block[at + depth] as number, { key: block, at, content: block, contentAt: at + HASH_BYTES, line });
      }
    }
    await this.#compareAll(parts, depth + 1);
  }
}

/** Keys with the content and the line that each came with first. */
class KeyTable {
  readonly #places: HashCounts;
  /** Grow with the keys. */
  #contents = Buffer.alloc(1024 * HASH_BYTES);
  #lines = new Float64Array(1024);

  constructor(bytesMax: number) {
    this.#places = new HashCounts(bytesMax);
  }

  get room(): number {
    return this.#places.room;
  }

  /** The line of the key's first entry where that had another content. Only while there is room. */
  add(keys: Uint8Array, at: number, contents: Uint8Array, contentAt: number, line: number): number | undefined {
    const place = this.#places.get(keys, at) - 1;
    if (place === -1) {
      this.#insert(keys, at, contents, contentAt, line);
      return undefined;
    }
    const from = place * HASH_BYTES;
    for (let i = 0; i < HASH_BYTES; i += 1) if (this.#contents[from + i] !== contents[contentAt + i]) return this.#lines[place];
    return undefined;
  }

  *entries(): Generator<SpilledEntry> {
    for (const { hash, count } of this.#places.entries()) {
      const line = this.#lines[count - 1] as number;
      yield { key: hash, at: 0, content: this.#contents, contentAt: (count - 1) * HASH_BYTES, line };
    }
  }

  #insert(keys: Uint8Array, at: number, contents: Uint8Array, contentAt: number, line: number): void {
    const place = this.#places.size;
    if (this.#places.add(keys, at, place + 1) === undefined) throw new Error('a key was added without room');
    if (place === this.#lines.length) this.#grow();
    for (let i = 0; i < HASH_BYTES; i += 1) this.#contents[place * HASH_BYTES + i] = contents[contentAt + i] as number;
    this.#lines[place] = line;
  }

  #grow(): void {
    const [contents, lines] = [this.#contents, this.#lines];
    this.#contents = Buffer.alloc(contents.length * 2);
    this.#contents.set(contents);
    this.#lines = new Float64Array(lines.length * 2);
    this.#lines.set(lines);
  }
}

interface SpilledEntry {
  key: Uint8Array;
  at: number;
  content: Uint8Array;
  contentAt: number;
  line: number;
}

async function append(files: SpillFiles, file: number, entry: SpilledEntry): Promise<void> {
  if (!files.hasRoom(file)) await files.flush(file);
  write(files, file, entry);
}

function write(files: SpillFiles, file: number, { key, at, content, contentAt, line }: SpilledEntry): void {
  const { bytes, at: to } = files.slot(file);
  for (let i = 0; i < HASH_BYTES; i += 1) {
    bytes[to + i] = key[at + i] as number;
    bytes[to + HASH_BYTES + i] = content[contentAt + i] as number;
  }
  bytes.writeDoubleLE(line, to + HASH_BYTES + HASH_BYTES);
}
