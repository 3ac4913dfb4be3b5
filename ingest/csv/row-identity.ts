/**
 * Ids by what a row says and how many of its like stand before it in the file.
 *
 * Every sound row is counted, also one that is rejected for what it says: its equals are rejected too, so their numbers touch no other row.
 */
import { createRowIds } from '../../core/identity.ts';
import type { RowIds } from '../../core/identity.ts';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { HASH_BYTES, HashCounts } from './hash-table.ts';
import { OCCURRENCES_BYTES_MAX, SpilledOccurrences } from './occurrences.ts';
import { readRows } from './read-rows.ts';
import type { RowBatch } from './row-batch.ts';

export interface RowIdentityOptions {
  /** Names of the columns that make the identity; undefined for those that do not. */
  names: readonly (string | undefined)[];
  dialect: StoredDialect;
  /** Opens the file from a byte on, to count ahead. */
  open(startByte: number): Promise<AsyncIterable<Uint8Array>>;
  scratchDirectory: string;
  bytesMax?: number | undefined;
}

/** Where a batch begins. */
export interface BatchStart {
  line: number;
  row: number;
  byte: number;
}

export class RowIdentity {
  readonly #options: RowIdentityOptions;
  readonly #ids: RowIds;
  readonly #bytesMax: number;
  #counts: HashCounts | undefined;
  #spilled: SpilledOccurrences | undefined;
  /** Sound rows since the spilling began. */
  #sinceSpill = 0;
  #ahead: Uint32Array = new Uint32Array(0);
  #aheadAt = 0;
  #occurrence = 0;

  constructor(options: RowIdentityOptions) {
    this.#options = options;
    this.#ids = createRowIds(options.names);
    this.#bytesMax = options.bytesMax ?? OCCURRENCES_BYTES_MAX;
    this.#counts = new HashCounts(this.#bytesMax);
  }

  /** To be called before the rows of a batch are numbered. Counts the rest of the file when the table would not take them. */
  async startBatch(batch: RowBatch, start: BatchStart): Promise<void> {
    const sound = batch.lines.length - (batch.faults?.size ?? 0);
    if (this.#counts !== undefined && this.#counts.room < sound) await this.#spill(this.#counts, start);
    if (this.#spilled === undefined) return;
    this.#ahead = await this.#spilled.read(this.#sinceSpill, sound);
    this.#aheadAt = 0;
    this.#sinceSpill += sound;
  }

  async #spill(counts: HashCounts, from: BatchStart): Promise<void> {
    const { dialect, names, scratchDirectory, open } = this.#options;
    const spilled = new SpilledOccurrences({ directory: scratchDirectory, bytesMax: this.#bytesMax });
    this.#spilled = spilled;
    await spilled.seed(counts);
    this.#counts = undefined;
    const ids = createRowIds(names);
    // At the very start the header and the byte order mark are still ahead.
    const start = from.byte === 0 ? {} : { from };
    for await (const batch of readRows(await open(from.byte), { dialect, width: names.length, ...start })) {
      const hashes = Buffer.allocUnsafe(batch.lines.length * HASH_BYTES);
      let count = 0;
      for (const [index, cells] of batch.cells.entries()) {
        if (batch.faults?.has(index) === true) continue;
        hashes.set(ids.hash(cells).subarray(0, HASH_BYTES), count * HASH_BYTES);
        count += 1;
      }
      await spilled.add(hashes, count);
    }
    await spilled.finish();
  }

  /** Counts a sound row; every one of them, in order. */
  visit(cells: readonly string[]): void {
    const hash = this.#ids.hash(cells);
    if (this.#counts !== undefined) {
      const occurrence = this.#counts.add(hash);
      if (occurrence === undefined) throw new Error('a row was counted without room');
      this.#occurrence = occurrence;
      return;
    }
    this.#occurrence = this.#ahead[this.#aheadAt] as number;
    this.#aheadAt += 1;
  }

  /** Id of the row visited last. */
  id(): string {
    return this.#ids.id(this.#occurrence);
  }

  async close(): Promise<void> {
    await this.#spilled?.close();
  }
}
