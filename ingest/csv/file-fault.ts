/** Whether a file can be read to its end: asked before the first of its rows is published, so that half a file is never billed. */
import type { FileFault } from './faults.ts';
import { readRows } from './read-rows.ts';
import type { ReadRowsOptions } from './read-rows.ts';

/** Reads the quotes of the whole file, and no cells: lines without quotes are only counted. */
export async function findFileFault(source: AsyncIterable<Uint8Array>, options: ReadRowsOptions): Promise<FileFault | undefined> {
  for await (const batch of readRows(source, { ...options, bordersOnly: true })) if (batch.fileFault) return batch.fileFault;
  return undefined;
}
