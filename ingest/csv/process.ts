/**
 * One file, from its bytes to encoded events: read → check → identify → explode.
 *
 * Deterministic: the same bytes, mapping, import and present give the same events, rejects and counts in the same order, so an import
 * that was cut off is processed again from the start and goes on publishing after the rows that were acknowledged.
 */
import { createFileIds } from '../../core/identity.ts';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { createExploder } from './explode.ts';
import type { EventBatch, Exploder } from './explode.ts';
import type { RejectedRow, RowFault } from './faults.ts';
import type { ResolvedMapping } from './mapping.ts';
import { readRows } from './read-rows.ts';
import type { RowBatch } from './row-batch.ts';
import { RowIdentity } from './row-identity.ts';

/** Events in a chunk, and rejects, give or take those of one row: what the log likes best as a batch. */
export const CHUNK_EVENTS_MAX = 10_000;

export interface ProcessOptions {
  /** Opens the content from a byte on. Called first with 0, and once more, from further down, where equal rows are counted on disk. */
  open(startByte: number): Promise<AsyncIterable<Uint8Array>>;
  dialect: StoredDialect;
  mapping: ResolvedMapping;
  /** Decimal string of a 64-bit integer. */
  importId: string;
  /** SHA-256 of the content in hex: the identity under `identity: file`. */
  sha256: string;
  /** The present in epoch milliseconds; the same when the import is resumed. */
  nowMs: number;
  scratchDirectory: string;
  /** Rows whose events are already in the log: counted, but their events are left out. */
  rowsPublished?: number;
  chunkEventsMax?: number;
  occurrencesBytesMax?: number;
}

export interface ProcessedChunk extends EventBatch {
  rejects: RejectedRow[];
  /** All counts are from the start of the file up to and including this chunk. A chunk ends between two rows. */
  rowsRead: number;
  rowsRejected: number;
  /** Events of all rows so far, of those left out as well. */
  events: number;
  bytesRead: number;
}

/** Yields at least one chunk, also for a file without rows. Throws only what the source and the disk throw. */
export async function* processFile(options: ProcessOptions): AsyncGenerator<ProcessedChunk, void> {
  const { open, dialect, mapping, scratchDirectory } = options;
  const identity =
    mapping.identity === 'row'
      ? new RowIdentity({ names: mapping.rowNames, dialect, open, scratchDirectory, bytesMax: options.occurrencesBytesMax })
      : undefined;
  const exploder = createExploder(options);
  const fileIds = mapping.identity === 'file' ? createFileIds(options.sha256) : undefined;
  const rows = new RowProcessor({
    exploder,
    idOf: identity !== undefined ? () => identity.id() : (fileIds ?? (() => exploder.givenId())),
    ...(identity === undefined ? {} : { visit: (cells: readonly string[]) => identity.visit(cells) }),
    rowsPublished: options.rowsPublished,
    chunkEventsMax: options.chunkEventsMax,
  });
  let start = { line: 1, row: 1, byte: 0 };
  try {
    for await (const batch of readRows(await open(0), { dialect, width: mapping.header.length })) {
      // It was looked for before the import was accepted.
      if (batch.fileFault) throw new Error(`the file was accepted and cannot be read: ${batch.fileFault.message}`);
      await identity?.startBatch(batch, start);
      yield* rows.process(batch);
      start = { line: batch.nextLine, row: batch.firstRow + batch.lines.length, byte: batch.bytesRead };
    }
    if (rows.rowsRead === 0) yield rows.emptyChunk();
  } finally {
    await identity?.close();
  }
}

export interface RowProcessorOptions {
  exploder: Exploder;
  /** Id of the row checked last, by its number and its line. */
  idOf(row: number, line: number): string;
  /** Sees every sound row, in order, before it is checked. */
  visit?(cells: readonly string[]): void;
  rowsPublished?: number | undefined;
  chunkEventsMax?: number | undefined;
  /** What came before, where the rows are not the first. */
  start?: { rowsRead: number; rowsRejected: number; events: number };
}

/** Batches of rows, one after another, to chunks of events. */
export class RowProcessor {
  readonly #options: RowProcessorOptions;
  readonly #chunkEventsMax: number;
  #out: EventBatch = { customers: [], payloads: [] };
  #rejects: RejectedRow[] = [];
  rowsRead: number;
  #rowsRejected: number;
  #events: number;
  #bytesRead = 0;

  constructor(options: RowProcessorOptions) {
    this.#options = options;
    this.#chunkEventsMax = options.chunkEventsMax ?? CHUNK_EVENTS_MAX;
    this.rowsRead = options.start?.rowsRead ?? 0;
    this.#rowsRejected = options.start?.rowsRejected ?? 0;
    this.#events = options.start?.events ?? 0;
  }

  *process(batch: RowBatch): Generator<ProcessedChunk, void> {
    const count = batch.lines.length;
    for (let index = 0; index < count; index += 1) {
      const fault = batch.faults?.get(index) ?? this.#explode(batch, index);
      if (fault !== undefined) this.#reject(batch, index, fault);
      this.rowsRead += 1;
      const full = this.#out.payloads.length >= this.#chunkEventsMax || this.#rejects.length >= this.#chunkEventsMax;
      if (full && index + 1 < count) yield this.#chunk();
    }
    this.#bytesRead = batch.bytesRead;
    yield this.#chunk();
  }

  emptyChunk(): ProcessedChunk {
    return this.#chunk();
  }

  #explode(batch: RowBatch, index: number): RowFault | undefined {
    const cells = batch.cells[index] as string[];
    const { exploder, visit, idOf, rowsPublished = 0 } = this.#options;
    visit?.(cells);
    const fault = exploder.check(cells);
    if (fault !== undefined) return fault;
    const events = exploder.eventCount;
    const row = batch.firstRow + index;
    const line = batch.lines[index] as number;
    const out = row <= rowsPublished ? { customers: [], payloads: [] } : this.#out;
    const refusal = exploder.push(idOf(row, line), line, out);
    if (refusal === undefined) this.#events += events;
    return refusal;
  }

  #reject(batch: RowBatch, index: number, fault: RowFault): void {
    this.#rowsRejected += 1;
    this.#rejects.push({ ...fault, line: batch.lines[index] as number, ...batch.raw(index) });
  }

  #chunk(): ProcessedChunk {
    const chunk: ProcessedChunk = {
      ...this.#out,
      rejects: this.#rejects,
      rowsRead: this.rowsRead,
      rowsRejected: this.#rowsRejected,
      events: this.#events,
      bytesRead: this.#bytesRead,
    };
    this.#out = { customers: [], payloads: [] };
    this.#rejects = [];
    return chunk;
  }
}
