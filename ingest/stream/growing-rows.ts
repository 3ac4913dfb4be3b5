/** The rows of a growing import, whoever reads them: the session that receives them, or one that finds them in the file store. */
import { createHash } from 'node:crypto';
import { createFileIds } from '../../core/identity.ts';
import { createExploder, type Exploder } from '../csv/explode.ts';
import { resolveMapping, type ResolvedMapping } from '../csv/mapping.ts';
import { RowProcessor, type ProcessedChunk } from '../csv/process.ts';
import type { RowBatch } from '../csv/row-batch.ts';
import { JsonExploder, membersOf, NDJSON_HEADER } from './json-rows.ts';
import type { GrowingReading, GrowingState } from './stream-store.ts';
import { isNdjson } from '../../schemas/http/imports.ts';

/** A stream lasts for days, so its present moves; times are checked against it to the day. */
const PRESENT_MS = 60_000;

export class GrowingRows {
  /** Cells of a row. */
  readonly width: number;
  readonly #importId: string;
  readonly #mapping: ResolvedMapping;
  readonly #json: { own: boolean } | undefined;
  readonly #keyIds: ((line: number) => string) | undefined;
  #counts: { rowsRead: number; rowsRejected: number; events: number };
  #presentMs = -Infinity;
  #rows: RowProcessor | undefined;

  constructor(state: GrowingState) {
    this.#importId = state.id;
    const isJson = isNdjson(state.dialect);
    this.#mapping = resolveReading(state);
    this.#json = isJson ? { own: isOwnShape(state) } : undefined;
    this.width = isJson ? NDJSON_HEADER.length : state.header.length;
    this.#keyIds = state.identity === 'key' && state.key !== undefined ? createKeyIds(state.key) : undefined;
    const { rowsRead, rowsRejected, events } = state.published;
    this.#counts = { rowsRead, rowsRejected, events };
  }

  /** The present in which the last rows were read. */
  get presentMs(): number {
    return this.#presentMs;
  }

  /** Counts are from the beginning of the import. */
  process(batch: RowBatch, nowMs: number): ProcessedChunk[] {
    if (this.#rows === undefined || nowMs - this.#presentMs > PRESENT_MS) this.#rows = this.#createProcessor(nowMs);
    const chunks = [...this.#rows.process(batch)];
    const last = chunks.at(-1);
    if (last) this.#counts = { rowsRead: last.rowsRead, rowsRejected: last.rowsRejected, events: last.events };
    return chunks;
  }

  #createProcessor(nowMs: number): RowProcessor {
    this.#presentMs = nowMs;
    const options = { mapping: this.#mapping, importId: this.#importId, nowMs };
    const exploder: Exploder = this.#json ? new JsonExploder({ ...options, ...this.#json }) : createExploder(options);
    const keyIds = this.#keyIds;
    const idOf = (_row: number, line: number) =>
      keyIds === undefined ? exploder.givenId() : (this.#json?.own === true && exploder.givenId()) || keyIds(line);
    return new RowProcessor({ exploder, idOf, start: this.#counts });
  }
}

/** Ids by key and line. The scope is of them: two callers may use one key. */
function createKeyIds({ scope, key }: { scope: string; key: string }): (line: number) => string {
  return createFileIds(createHash('sha256').update(`${scope}\0${key}`).digest('hex'));
}

/** JSON of a mapping whose properties are not said is of our own shape: a mapping that somebody gave says which, if only none. */
function isOwnShape({ mapping }: Pick<GrowingReading, 'mapping'>): boolean {
  return mapping.properties === undefined;
}

function resolveReading(reading: GrowingReading): ResolvedMapping {
  const { dialect, mapping, header } = reading;
  const outcome = resolveMapping(mapping, isNdjson(dialect) ? membersOf(mapping) : header);
  if (!outcome.ok) throw new Error('a stream was accepted with a mapping that does not fit its columns');
  return outcome.resolved;
}
