/**
 * Driver of the file store port: a directory, `<root>/<importId>/<part>`, on a local disk or a shared volume.
 *
 * A part is written to a temporary file on the same file system, fsynced, renamed into place, and the directory fsynced:
 * a crash leaves either the old part or the new one. Temporary files have one directory to themselves, and the import in
 * their name, so that what a crash leaves of them is found without a walk through every import. A part that grows is a
 * directory of pieces instead, `<root>/<importId>/<part>.pieces`: see pieces.ts.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StoreUnavailableError } from '../store-unavailable.ts';
import { FILE_PARTS, FileMissingError } from './file-store.ts';
import { isMissing } from './is-missing.ts';
import { growPieces, piecesSize, readPieces } from './pieces.ts';
import type { FilePart, FileStore, GrowingPart } from './file-store.ts';

export interface DirectoryFileStoreOptions {
  root: string;
  /** Whether this process alone writes here. It then removes at open what writes that broke off have left. */
  alone: boolean;
}

/** An import id becomes a name in the directory: nothing that could climb out of it, and nothing too long for a file system. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** No import id begins with a dot. */
const TEMPORARY_DIRECTORY = '.incoming';

/** Bytes on their way to the disk or from it. Sockets bring 16–64 KB at a time; larger writes cost fewer system calls. */
const WRITE_BUFFER_BYTES = 1_048_576;
const READ_BUFFER_BYTES = 262_144;

/** Makes the directory when it is absent. */
export async function openDirectoryFileStore({ root, alone }: DirectoryFileStoreOptions): Promise<FileStore> {
  const places = new Places(root);
  if (alone) await rm(places.temporaryDirectory, { recursive: true, force: true });
  await mkdir(places.temporaryDirectory, { recursive: true });

  return {
    async write(importId, part, source) {
      if (part === 'scratch') throw new Error('scratch is a directory: see scratchDirectory');
      const path = places.pathOf(importId, part);
      const temporary = places.temporaryOf(importId, part);
      try {
        const bytes = await writeDurably(temporary, source);
        if ((await mkdir(dirname(path), { recursive: true })) !== undefined) await syncDirectory(root);
        await rename(temporary, path);
        await syncDirectory(dirname(path));
        return { bytes };
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },

    grow: (importId, part, from) => growPart(places, importId, part, from),

    read: (importId, part, range = {}) => readPart(places, importId, part, range),

    async size(importId, part) {
      try {
        const found = await stat(places.pathOf(importId, part));
        return found.isFile() ? found.size : undefined;
      } catch (error) {
        if (isMissing(error)) return piecesSize(places.piecesOf(importId, part));
        throw error;
      }
    },

    async remove(importId, part) {
      if (part !== undefined && part !== 'scratch') {
        await rm(places.pathOf(importId, part), { force: true });
        await rm(places.piecesOf(importId, part), { recursive: true, force: true });
      } else await places.removeAtOnce(importId, part);
    },

    async scratchDirectory(importId, worker) {
      if (!NAME.test(worker)) throw new Error(`${JSON.stringify(worker)} is no name for a directory`);
      const path = join(places.pathOf(importId, 'scratch'), worker);
      await mkdir(path, { recursive: true });
      return path;
    },

    async freeBytes() {
      const { bavail, bsize } = await statfs(root);
      return bavail * bsize;
    },
  };
}

async function growPart(places: Places, importId: string, part: FilePart, from: { writer: number; at: number }): Promise<GrowingPart> {
  const directory = places.piecesOf(importId, part);
  if ((await mkdir(directory, { recursive: true })) !== undefined) {
    await syncDirectory(dirname(directory));
    await syncDirectory(places.root);
  }
  const piece = await growPieces(directory, from);
  await syncDirectory(directory);
  return piece;
}

async function readPart(
  places: Places,
  importId: string,
  part: FilePart,
  { start = 0, end = Infinity }: { start?: number; end?: number },
): Promise<Readable> {
  const path = places.pathOf(importId, part);
  // No larger than the range: buffers outside of the heap make the collector go over all of it, after some hundred small reads already.
  const bufferBytes = Math.max(1, Math.min(READ_BUFFER_BYTES, end - start));
  const handle = await open(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    return undefined;
  });
  if (handle === undefined) {
    const pieces = await readPieces(places.piecesOf(importId, part), { start, end, bufferBytes });
    if (pieces !== undefined) return pieces;
    await places.requireStore();
    throw new FileMissingError(importId, part);
  }
  if (end <= start) {
    await handle.close();
    return Readable.from([]);
  }
  // The stream owns the handle, and closes it. Its `end` is the last byte, ours is the one after.
  return createReadStream(path, { fd: handle, start, end: end - 1, highWaterMark: bufferBytes });
}

/** What lies where. */
class Places {
  readonly root: string;
  readonly temporaryDirectory: string;

  constructor(root: string) {
    this.root = root;
    this.temporaryDirectory = join(root, TEMPORARY_DIRECTORY);
  }

  directoryOf(importId: string): string {
    if (!NAME.test(importId)) throw new Error(`${JSON.stringify(importId)} is no import id`);
    return join(this.root, importId);
  }

  pathOf(importId: string, part: FilePart): string {
    if (!FILE_PARTS.includes(part)) throw new Error(`${JSON.stringify(part)} is no part of an import`);
    return join(this.directoryOf(importId), part);
  }

  piecesOf(importId: string, part: FilePart): string {
    return `${this.pathOf(importId, part)}.pieces`;
  }

  /** Another one at each call. */
  temporaryOf(importId: string, part: FilePart): string {
    return join(this.temporaryDirectory, `${importId}.${part}.${randomUUID()}`);
  }

  /** A directory: out of everybody's sight first, and then file by file. */
  async removeAtOnce(importId: string, part: 'scratch' | undefined): Promise<void> {
    const doomed = this.temporaryOf(importId, 'scratch');
    await rename(part === undefined ? this.directoryOf(importId) : this.pathOf(importId, part), doomed).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    await rm(doomed, { recursive: true, force: true });
    if (part === undefined) await this.#removeTemporary(importId);
  }

  async #removeTemporary(importId: string): Promise<void> {
    const names = (await readdir(this.temporaryDirectory)).filter((name) => name.startsWith(`${importId}.`));
    for (const name of names) await rm(join(this.temporaryDirectory, name), { recursive: true, force: true });
  }

  /** A directory that is not mounted looks like one without files. */
  async requireStore(): Promise<void> {
    await stat(this.temporaryDirectory).catch((error: unknown) => {
      throw new StoreUnavailableError('file store', `${this.root} is not a file store, or is not mounted`, { cause: error });
    });
  }
}

/** Answers the number of bytes. The source is asked for the next chunk only when there is room for it. */
async function writeDurably(path: string, source: AsyncIterable<Uint8Array>): Promise<number> {
  const file = createWriteStream(path, { flags: 'wx', flush: true, highWaterMark: WRITE_BUFFER_BYTES });
  await pipeline(source, file);
  return file.bytesWritten;
}

/** A rename is durable when the directory is. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
