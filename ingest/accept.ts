/**
 * From an upload to an accepted import: receive → find how to read it → accept. Publishing is another's work.
 *
 * What goes wrong here bills nothing: the import is kept in the history as failed, with the reason. Where not even that can be
 * written down, its lease runs out, and it is failed then.
 */
import { ProblemError } from '../core/errors.ts';
import { toProblemError } from '../platform/http/problems.ts';
import type { Platform } from '../platform/platform.ts';
import type { ReadingRequest } from './interpret.ts';
import { interpret } from './interpret.ts';
import { acceptImport, createImport, deleteReceived, failImport, findByKey, isAccepted, type Receipt } from './import-store.ts';
import type { Leases } from './leases.ts';
import { receive, uploadLost, type ReceiveOptions, type Upload } from './receive.ts';
import { checkStoredIds } from './stored-text.ts';

export interface AcceptOptions {
  name: string;
  createdBy: string;
  idempotencyKey: string | undefined;
  reading: ReadingRequest;
  limits: ReceiveOptions['limits'];
}

/** Answers the import's id: a new one, or the one that the Idempotency-Key already names. */
export async function acceptUpload(platform: Platform, leases: Leases, upload: Upload, options: AcceptOptions): Promise<string> {
  const { postgres, files, logger } = platform;
  const { instance } = leases;
  const id = await createImport(postgres, options, leases);
  if (id === undefined) return acceptRepeated(platform, leases, upload, options);
  const lease = leases.hold(id);
  let receipt: Receipt | undefined;
  try {
    receipt = await receive(files, id, upload, receiveOptions(options, lease.lost));
    const reading = await interpret(platform, id, receipt, options.reading);
    await checkStoredIds(platform, id, { receipt, reading });
    if (!(await acceptImport(postgres, id, instance, receipt, reading))) throw uploadLost();
    return id;
  } catch (error) {
    let reason: unknown = error;
    try {
      // Of an acceptance it may only have been the answer that was lost.
      if (receipt && (await isAccepted(postgres, id))) return id;
      reason = await giveUp(platform, id, instance, { error, receipt });
    } catch (failed) {
      logger.warn({ err: failed, import: id }, 'a failed upload could not be cleared away; it will be once its lease has run out');
    }
    throw reason;
  } finally {
    lease.release();
  }
}

export function receiveOptions({ limits, reading }: AcceptOptions, lost: AbortSignal): ReceiveOptions {
  return { limits, lost, encoding: reading.encoding };
}

/** Answers what the sender is to be told. A whole file is kept although it was not accepted, so that its sender can look at it. */
async function giveUp(
  { postgres, files, logger }: Platform,
  id: string,
  instance: string,
  { error, receipt }: { error: unknown; receipt: Receipt | undefined },
): Promise<unknown> {
  if (!receipt) await files.remove(id);
  const { code, message } = toProblemError(error);
  const failure = code === 'internal' ? { code, message: 'The upload could not be kept. Nothing was published.' } : { code, message };
  if (await failImport(postgres, id, failure, { status: 'received', instance }, receipt)) {
    logger.info({ import: id, code }, 'upload not accepted');
    return error;
  }
  // Another replica was here, and may have removed files while more of them were being written.
  await files.remove(id);
  return uploadLost(error);
}

/** The key was used before: the body decides whether this is the same call again. */
async function acceptRepeated(platform: Platform, leases: Leases, upload: Upload, options: AcceptOptions): Promise<string> {
  const { postgres, files } = platform;
  const { idempotencyKey, createdBy } = options;
  if (idempotencyKey === undefined) throw new Error('an import without a key cannot be a second one');
  // Asked before the body is read, and again after.
  await findWhole(platform, createdBy, idempotencyKey);
  const probe = await createImport(postgres, { ...options, idempotencyKey: undefined }, leases);
  if (probe === undefined) throw new Error('an import without a key was refused for its key');
  const lease = leases.hold(probe);
  try {
    const { sha256 } = await receive(files, probe, upload, receiveOptions(options, lease.lost));
    const known = await findWhole(platform, createdBy, idempotencyKey);
    if (known.sha256 !== sha256) {
      throw new ProblemError(
        'idempotency_key_reused',
        `Idempotency-Key "${idempotencyKey}" named another file. Use a new key for a new file.`,
      );
    }
    return known.id;
  } finally {
    lease.release();
    await removeProbe(platform, probe);
  }
}

/** The import that has the key, once it is known which file that is. */
async function findWhole({ postgres }: Platform, createdBy: string, key: string): Promise<{ id: string; sha256: string }> {
  const known = await findByKey(postgres, createdBy, key);
  // Its process may have died. Then it is given up when its lease has run out, and the key is free.
  if (known?.sha256 === null) {
    throw new ProblemError('upload_in_progress', 'An upload with this Idempotency-Key is still arriving. Try again in a moment.');
  }
  if (known === undefined)
    throw new ProblemError('upload_in_progress', 'The upload with this Idempotency-Key has just been given up. Send it once more.');
  return { id: known.id, sha256: known.sha256 };
}

/** Of an upload that is not to be kept. */
export async function removeProbe({ postgres, files, logger }: Platform, probe: string): Promise<void> {
  try {
    await files.remove(probe);
    await deleteReceived(postgres, probe);
  } catch (error) {
    logger.warn({ err: error, import: probe }, 'a repeated upload could not be cleared away; it will be once its lease has run out');
  }
}
