/** The files of others are what they were: no editor and no checkout has changed a byte of them. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const directory = join(import.meta.dirname, 'real');

it('has the bytes of all files by their sums', async () => {
  const sums = (await readFile(join(directory, 'SHA256SUMS'), 'utf8')).trim().split('\n').sort();
  const names = (await readdir(directory)).filter((name) => name !== 'README.md' && name !== 'SHA256SUMS');
  const found = await Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(directory, name));
      return `${createHash('sha256').update(bytes).digest('hex')}  ${name}`;
    }),
  );
  expect(found.sort()).toEqual(sums);
});
