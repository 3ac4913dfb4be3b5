/** What the import has beside itself, and how it is asked for. */
import { ProblemError } from '../core/errors.ts';
import type { ImportScope } from '../platform/access/import-scope.ts';
import { FileMissingError } from '../platform/file-store/file-store.ts';
import type { Platform } from '../platform/platform.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { Import } from '../schemas/http/imports.ts';
import { readDurableBytes, readImport } from './import-view.ts';

export async function requireImport(postgres: Postgres, scope: ImportScope, id: string): Promise<Import> {
  const found = await readImport(postgres, scope, id);
  if (!found) throw new ProblemError('not_found', `There is no import ${id}.`);
  return found;
}

export async function openPart({ postgres, files }: Platform, { id, name, form }: Import, part: 'original' | 'rejected') {
  try {
    const range = form === 'file' ? {} : { end: (await readDurableBytes(postgres, id))[part] };
    return await files.read(id, part, range);
  } catch (error) {
    if (error instanceof FileMissingError)
      throw new ProblemError(
        'source_gone',
        `${part === 'rejected' ? 'The rejected lines' : 'The file'} of import ${id} (${name}) are not kept.`,
        { cause: error },
      );
    throw error;
  }
}
