/**
 * From an upload to an accepted import: receive → find how to read it → accept. Publishing is another's work.
 *
 * What goes wrong here bills nothing: the import is kept in the history as failed, with the reason.
 */
import { ProblemError } from '../core/errors.ts';
import type { Platform } from '../platform/platform.ts';
import type { ReadingRequest } from './interpret.ts';
import { interpret } from './interpret.ts';
import { acceptImport, createImport, deleteReceived, failImport, findByKey, type Receipt } from './import-store.ts';
import { receive, type Upload } from './receive.ts';

export interface AcceptOptions {
  name: string;
  createdBy: string;
  idempotencyKey: string | undefined;
  reading: ReadingRequest;
  bytesMax: number;
}

/** Answers the import's id: a new one, or the one that the Idempotency-Key already names. */
export async function acceptUpload(platform: Platform, upload: Upload, options: AcceptOptions): Promise<string> {
  const { postgres, files, logger } = platform;
  const id = await createImport(postgres, options);
  if (id === undefined) return acceptRepeated(platform, upload, options);
  let receipt: Receipt | undefined;
  try {
    receipt = await receive(files, id, upload, options.bytesMax);
    await acceptImport(postgres, id, receipt, await interpret(platform, id, receipt, options.reading));
  } catch (error) {
    const failure =
      error instanceof ProblemError
        ? { code: error.code, message: error.message }
        : { code: 'internal', message: 'The upload could not be kept. Nothing was published.' };
    await failImport(postgres, id, failure, receipt);
    if (!receipt) await files.remove(id);
    logger.info({ import: id, code: failure.code }, 'upload not accepted');
    throw error;
  }
  return id;
}

/** The key was used before: the body decides whether this is the same call again. */
async function acceptRepeated(platform: Platform, upload: Upload, options: AcceptOptions): Promise<string> {
  const { postgres, files } = platform;
  const { idempotencyKey, createdBy } = options;
  const probe = await createImport(postgres, { ...options, idempotencyKey: undefined });
  if (idempotencyKey === undefined || probe === undefined) throw new Error('a second import with a key needs that key');
  try {
    const { sha256 } = await receive(files, probe, upload, options.bytesMax);
    const known = await findByKey(postgres, createdBy, idempotencyKey);
    if (known && known.sha256 === null) {
      throw new ProblemError('conflict', 'An upload with this Idempotency-Key is still arriving. Try again when it has ended.');
    }
    if (!known || known.sha256 !== sha256) {
      throw new ProblemError(
        'idempotency_key_reused',
        `Idempotency-Key "${idempotencyKey}" named another file. Use a new key for a new file.`,
      );
    }
    return known.id;
  } finally {
    await files.remove(probe);
    await deleteReceived(postgres, probe);
  }
}
