/**
 * Uploads that will never be whole, because the process that received them is gone: failed, their files removed, their
 * Idempotency-Key free again. Nothing of them was published.
 */
import type { Platform } from '../platform/platform.ts';
import { deleteLostDryRun, failImport, type Failure } from './import-store.ts';

const FAILURE: Failure = {
  code: 'upload_incomplete',
  message: 'Tallyline was stopped before the upload was whole. Nothing was published; upload it again.',
};

/**
 * An upload is given up when its lease has been found run out, and not renewed, this many times in a row. Where Postgres was away,
 * every lease has run out: its living holders renew before the second look.
 */
const LOOKS = 3;
/** Per look; the next one finds the rest. */
const UPLOADS_AT_ONCE = 100;

/** One look, to be repeated at intervals. After one that throws the count begins anew. */
export function createLostUploads(platform: Platform): () => Promise<void> {
  const { postgres, logger } = platform;
  let seen = new Map<string, { leaseUntil: string | null; looks: number }>();

  return async () => {
    const before = seen;
    seen = new Map();
    const { rows } = await postgres.query<{ id: string; lease_until: string | null }>(
      `SELECT id, lease_until FROM imports WHERE status = 'received' AND (lease_until IS NULL OR lease_until < now()) ORDER BY id LIMIT $1`,
      [UPLOADS_AT_ONCE],
    );
    const found = new Map<string, { leaseUntil: string | null; looks: number }>();
    for (const { id, lease_until: leaseUntil } of rows) {
      const known = before.get(id);
      const looks = known?.leaseUntil === leaseUntil ? known.looks + 1 : 1;
      if (looks < LOOKS) found.set(id, { leaseUntil, looks });
      else if (await giveUp(platform, id, leaseUntil)) logger.info({ import: id }, 'upload given up: whoever received it is gone');
    }
    seen = found;
  };
}

/**
 * What a process that was killed has left behind, only where no other process can be at work on it: its uploads are given up at once,
 * and the imports it was publishing are free for a successor.
 */
export async function adoptImports(platform: Platform): Promise<void> {
  const { postgres } = platform;
  const { rows } = await postgres.query<{ id: string; lease_until: string | null }>(
    `SELECT id, lease_until FROM imports WHERE status = 'received'`,
  );
  for (const { id, lease_until: leaseUntil } of rows) await giveUp(platform, id, leaseUntil);
  await postgres.query(`UPDATE imports SET lease_owner = NULL, lease_until = NULL WHERE status = 'publishing'`);
}

async function giveUp({ postgres, files }: Platform, id: string, leaseUntil: string | null): Promise<boolean> {
  if (!(await failImport(postgres, id, FAILURE, { status: 'received', leaseUntil }))) return false;
  await files.remove(id);
  await deleteLostDryRun(postgres, id);
  return true;
}
