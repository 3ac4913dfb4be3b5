/** A small disk that can be filled: a tmpfs, where the machine lets us mount one. */
import { execFile } from 'node:child_process';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PIECE = Buffer.alloc(1 << 20);

/** False where mounting is not for us; then no disk gets full. */
export async function mountDisk(directory: string, size: string): Promise<boolean> {
  await mkdir(directory, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'tallyline-faults', directory]);
    return true;
  } catch {
    return false;
  }
}

export async function unmountDisk(directory: string): Promise<void> {
  await run('umount', ['--lazy', directory]);
}

/** Takes all that is left, until `meanwhile` is over. */
export async function fillDisk(directory: string, meanwhile: () => Promise<void>): Promise<void> {
  const path = join(directory, 'filler');
  const { bavail, bsize } = await statfs(directory);
  const file = await open(path, 'w');
  try {
    for (let left = bavail * bsize; left > 0; left -= PIECE.length) await file.write(PIECE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
  try {
    await meanwhile();
  } finally {
    await rm(path);
  }
}
