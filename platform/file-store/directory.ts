/**
 * Driver of the file store port: a directory, `<root>/<importId>/<part>`, on a local disk or a shared volume.
 *
 * A part is written to a temporary file on the same file system, fsynced, renamed into place, and the directory fsynced:
 * a crash leaves either the old part or the new one. Temporary files have one directory to themselves, so that what a
 * crash leaves of them is found at the next start without a walk through every import.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FILE_PARTS, FileMissingError } from './file-store.ts';
import type { FilePart, FileStore } from './file-store.ts';

export interface DirectoryFileStoreOptions {
  root: string;
  /** Whether this process alone writes here. It then removes at open what writes that broke off have left. */
  alone: boolean;
}

/** An import id becomes a name in the directory: nothing that could climb out of it, and nothing too long for a file system. */
const IMPORT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** No import id begins with a dot. */
const TEMPORARY_DIRECTORY = '.incoming';

/** Bytes on their way to the disk or from it. Sockets bring 16–64 KB at a time; larger writes cost fewer system calls. */
const WRITE_BUFFER_BYTES = 1_048_576;
const READ_BUFFER_BYTES = 262_144;

/** Makes the directory when it is absent. */
export async function openDirectoryFileStore({ root, alone }: DirectoryFileStoreOptions): Promise<FileStore> {
  const temporaryDirectory = join(root, TEMPORARY_DIRECTORY);
  if (alone) await rm(temporaryDirectory, { recursive: true, force: true });
  await mkdir(temporaryDirectory, { recursive: true });

  function directoryOf(importId: string): string {
    if (!IMPORT_ID.test(importId)) throw new Error(`${JSON.stringify(importId)} is no import id`);
    return join(root, importId);
  }
  function pathOf(importId: string, part: FilePart): string {
    if (!FILE_PARTS.includes(part)) throw new Error(`${JSON.stringify(part)} is no part of an import`);
    return join(directoryOf(importId), part);
  }

  return {
    async write(importId, part, source) {
      if (part === 'scratch') throw new Error('scratch is a directory: see scratchDirectory');
      const path = pathOf(importId, part);
      const temporary = join(temporaryDirectory, randomUUID());
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

    async read(importId, part, { start = 0, end = Infinity } = {}) {
      const path = pathOf(importId, part);
      const handle = await open(path).catch((error: unknown) => {
        throw isMissing(error) ? new FileMissingError(importId, part) : error;
      });
      if (end <= start) {
        await handle.close();
        return Readable.from([]);
      }
      // The stream owns the handle, and closes it. Its `end` is the last byte, ours is the one after.
      return createReadStream(path, { fd: handle, start, end: end - 1, highWaterMark: READ_BUFFER_BYTES });
    },

    async size(importId, part) {
      try {
        const found = await stat(pathOf(importId, part));
        return found.isFile() ? found.size : undefined;
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },

    async remove(importId, part) {
      await rm(part === undefined ? directoryOf(importId) : pathOf(importId, part), { recursive: true, force: true });
    },

    async scratchDirectory(importId) {
      const path = pathOf(importId, 'scratch');
      await mkdir(path, { recursive: true });
      return path;
    },

    async freeBytes() {
      const { bavail, bsize } = await statfs(root);
      return bavail * bsize;
    },
  };
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

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
