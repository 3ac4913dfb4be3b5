import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDirectoryFileStore } from '../../platform/file-store/directory.ts';
import { FileMissingError } from '../../platform/file-store/file-store.ts';
import { fileStoreContract } from './file-store.contract.ts';
import type { FileStoreUnderTest } from './file-store.contract.ts';

async function openTestFileStore(): Promise<FileStoreUnderTest> {
  const root = await mkdtemp(join(tmpdir(), 'tallyline-files-ü '));
  let files = await openDirectoryFileStore({ root, alone: true });
  return {
    get files() {
      return files;
    },
    async reopen() {
      files = await openDirectoryFileStore({ root, alone: true });
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
}

fileStoreContract('a directory', openTestFileStore);

describe('the directory', () => {
  it.each([
    [true, []],
    [false, ['left-by-a-crash']],
  ])('is rid of what broken writes left, when this process is alone there (%s)', async (alone, expected) => {
    const root = await mkdtemp(join(tmpdir(), 'tallyline-files-'));
    await openDirectoryFileStore({ root, alone: true });
    await writeFile(join(root, '.incoming', 'left-by-a-crash'), 'half');
    await openDirectoryFileStore({ root, alone });
    expect(await readdir(join(root, '.incoming'))).toEqual(expected);
    await rm(root, { recursive: true });
  });

  it('does not take a directory that is not mounted for one without the file', async () => {
    const root = await mkdtemp(join(tmpdir(), 'tallyline-files-'));
    const files = await openDirectoryFileStore({ root, alone: false });
    await expect(files.read('17', 'original')).rejects.toThrow(FileMissingError);
    await rm(join(root, '.incoming'), { recursive: true });
    await expect(files.read('17', 'original')).rejects.toMatchObject({ name: 'StoreUnavailableError', store: 'file store' });
    await rm(root, { recursive: true });
  });

  it('takes no more from a source than it can write', async () => {
    const root = await mkdtemp(join(tmpdir(), 'tallyline-files-'));
    const files = await openDirectoryFileStore({ root, alone: true });
    const chunk = Buffer.alloc(1_048_576);
    let furthestAhead = 0;
    const source = async function* () {
      for (let given = 0; given < 32 * chunk.length; given += chunk.length) {
        const [name = ''] = await readdir(join(root, '.incoming'));
        furthestAhead = Math.max(furthestAhead, given - (await stat(join(root, '.incoming', name))).size);
        yield chunk;
      }
    };
    await files.write('17', 'original', source());
    expect(furthestAhead).toBeLessThanOrEqual(4 * chunk.length);
    await rm(root, { recursive: true });
  });
});
