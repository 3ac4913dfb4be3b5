/**
 * A part that grows, as a directory of pieces: one file per writer, `<writer>-<at>`, whose first byte is byte `at` of the part.
 *
 * A writer that is late (it slept, and another one has gone on) still has its own file only. Where files overlap, the one of the later
 * writer holds: a piece ends where any later one begins.
 */
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { GrowingPart } from './file-store.ts';
import { isMissing } from './is-missing.ts';

const NAME = /^(\d+)-(\d+)$/;

interface Piece {
  path: string;
  /** Place of its first byte in the part, and of the one after its last that counts. */
  start: number;
  end: number;
}

/** Begins the writer's piece. The directory is there; making the name durable is the caller's. */
export async function growPieces(directory: string, { writer, at }: { writer: number; at: number }): Promise<GrowingPart> {
  const handle = await open(join(directory, `${writer}-${at}`), 'w');
  return {
    async append(bytes) {
      await handle.writeFile(bytes);
      await handle.datasync();
    },
    close: () => handle.close(),
  };
}

/** Undefined where nothing has grown. */
export async function readPieces(
  directory: string,
  { start, end, bufferBytes }: { start: number; end: number; bufferBytes: number },
): Promise<Readable | undefined> {
  const pieces = await listPieces(directory);
  if (pieces === undefined) return undefined;
  return Readable.from(readOneByOne(pieces, start, end, bufferBytes), { objectMode: false, highWaterMark: bufferBytes });
}

async function* readOneByOne(pieces: readonly Piece[], start: number, end: number, bufferBytes: number): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    const from = Math.max(start, piece.start) - piece.start;
    const to = Math.min(end, piece.end) - piece.start;
    // Its `end` is the last byte, ours is the one after.
    if (to > from) yield* createReadStream(piece.path, { start: from, end: to - 1, highWaterMark: bufferBytes });
  }
}

export async function piecesSize(directory: string): Promise<number | undefined> {
  const pieces = await listPieces(directory);
  return pieces && (pieces.at(-1)?.end ?? 0);
}

async function listPieces(directory: string): Promise<Piece[] | undefined> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const writers = names.flatMap((name) => {
    const match = NAME.exec(name);
    return match ? [{ path: join(directory, name), writer: Number(match[1]), start: Number(match[2]) }] : [];
  });
  writers.sort((a, b) => b.writer - a.writer);
  const pieces: Piece[] = [];
  // From the last writer to the first: where the next one begins, the one before has ended.
  let limit = Infinity;
  for (const { path, start } of writers) {
    const end = Math.min(limit, start + (await stat(path)).size);
    limit = Math.min(limit, start);
    if (end > start) pieces.unshift({ path, start, end });
  }
  return pieces;
}
