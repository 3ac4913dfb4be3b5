/** Whether an upload could be kept, asked before the first byte of its body. */
import { ProblemError } from '../core/errors.ts';
import type { Platform } from '../platform/platform.ts';
import { createStoreChecks } from '../platform/store-check.ts';
import type { StoreName } from '../platform/store-unavailable.ts';

/**
 * Throws `store_unavailable` where Postgres or the file store, which keep an upload, or the event log, which it is for, are away, or
 * where there is no room for that many bytes. ClickHouse may be away: nothing here needs it.
 */
export type Admission = (bytes: number) => Promise<void>;

const NAMES: Readonly<Record<StoreName, string>> = {
  postgres: 'Postgres',
  clickhouse: 'ClickHouse',
  'event log': 'The event log',
  'file store': 'The file store',
};

export function createAdmission(platform: Platform): Admission {
  const { files } = platform;
  const checks = createStoreChecks(platform);
  return async (bytes) => {
    const asked = [checks.postgres, checks.files, checks.log].map(async ({ name, fault }) => ({ name, cause: await fault() }));
    for (const { name, cause } of await Promise.all(asked)) {
      if (cause === undefined) continue;
      throw new ProblemError('store_unavailable', `${NAMES[name]} does not answer, so nothing was taken. Send it again in a moment.`, {
        cause,
      });
    }
    const free = await files.freeBytes();
    if (free !== undefined && free < bytes)
      throw new ProblemError(
        'store_unavailable',
        `There is no room for ${bytes} bytes. Nothing was taken; free some space and send it again.`,
      );
  };
}
