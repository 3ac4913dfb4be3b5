/**
 * Port: the file store. Keeps each import's file as it came, what was derived from it, and reads any part of it.
 *
 * Parts are written once, as a whole, and are there either complete or not at all; all reads are by byte range, so that
 * object storage can stand in for a directory. Every driver passes `test/contract/file-store.contract.ts`.
 */
import type { Readable } from 'node:stream';

/** What is appended to, piece by piece. */
export interface GrowingPart {
  /** Durable (fsync) when it returns. One at a time. */
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** `original`: the bytes as uploaded. `content`: the text in UTF-8, where `original` is compressed or in another encoding. `lines`: offsets
 *  of its lines, see ingest/csv/line-index. `rejected`: rejected.csv. `scratch`: working storage of a running import. */
export const FILE_PARTS = ['original', 'content', 'lines', 'rejected', 'scratch'] as const;
export type FilePart = (typeof FILE_PARTS)[number];

/** The part that holds the text of an import in UTF-8, by what its row says: what readers read, and what lines and offsets count. */
export function contentPart({ compressed, encoding }: { compressed: boolean; encoding: string }): FilePart {
  return compressed || encoding !== 'utf-8' ? 'content' : 'original';
}

export interface FileStore {
  /** Streams the source into the part, replacing what was there. Durable (fsync) and visible only when it returns. If the
   *  source fails, the part is left as it was and the error is passed on. */
  write(importId: string, part: FilePart, source: AsyncIterable<Uint8Array>): Promise<{ bytes: number }>;
  /**
   * Goes on with a part that grows, from byte `at` on: what earlier writers have put there or behind, or are still putting there, is no
   * longer of it. Writers are numbered, and the larger number is the later one. Whoever reads beyond what they know to be durable may
   * read what will not stay. Not for parts that were written as a whole.
   */
  grow(importId: string, part: FilePart, from: { writer: number; at: number }): Promise<GrowingPart>;
  /** Reads the half-open byte range [start, end); the whole part by default. Throws `FileMissingError` where the store is there and
   *  the part is not, `StoreUnavailableError` where the store itself is away. */
  read(importId: string, part: FilePart, range?: { start?: number; end?: number }): Promise<Readable>;
  /** Size in bytes; undefined when the part is not there. */
  size(importId: string, part: FilePart): Promise<number | undefined>;
  /** Removes one part, or all of them, with what broken-off writes have left of them. Nothing there is fine. */
  remove(importId: string, part?: FilePart): Promise<void>;
  /** A directory for working files of whoever works on the import, made when it is absent. Each has one of its own: one that was
   *  taken for dead may still be writing. `remove(importId, 'scratch')` removes those of all, each at one stroke: whoever still
   *  works there finds nothing any more, never a part of it. */
  scratchDirectory(importId: string, worker: string): Promise<string>;
  /** Bytes that can still be written; undefined where the store cannot tell. */
  freeBytes(): Promise<number | undefined>;
}

export class FileMissingError extends Error {
  constructor(importId: string, part: FilePart) {
    super(`import ${importId}: part ${part} is not in the file store`);
    this.name = 'FileMissingError';
  }
}
