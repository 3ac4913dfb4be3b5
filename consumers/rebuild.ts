/** The rebuild of ClickHouse as a job: whichever process gets the lock does what was asked for, and again if that one dies. */
import type { Platform } from '../platform/platform.ts';
import { Waker } from '../platform/waker.ts';
import { retry } from './retry.ts';
import { rebuildClickHouse, RebuildFailed, UndoneMeanwhile } from './steps/rebuild-clickhouse.ts';

export const REBUILD_CHANNEL = 'rebuild';
export const REBUILT_CHANNEL = 'rebuilt';

/** A lost notification, or the death of the process that was at it, is noticed after this. */
const IDLE_MS = 5_000;
/** Undos that may come in between before it is given up: they are made by people. */
const TRIES_MAX = 5;
/** Any number that nothing else in the database locks; "Rebd" in ASCII. */
const LOCK = 0x52656264;

export interface Rebuilding {
  /** Resolves when ClickHouse has been rebuilt (or may have been: notifications can get lost), or when the signal fires. */
  untilRebuilt(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Longest wait for a rebuild without a look: only bounds how long a lost notification matters. */
const UNTIL_REBUILT_MS = 600_000;

export async function startRebuilding(platform: Platform, epoch: number): Promise<Rebuilding> {
  const { postgres, logger } = platform;
  const stopping = new AbortController();
  const { signal } = stopping;
  const waker = new Waker();
  const waiting = new Set<Waker>();
  const unlisten = await Promise.all([
    postgres.listen(REBUILD_CHANNEL, () => waker.wake()),
    postgres.listen(REBUILT_CHANNEL, () => waiting.forEach((waiter) => waiter.wake())),
  ]);
  const loop = (async () => {
    while (!signal.aborted) {
      await retry('rebuild ClickHouse', logger, signal, () => rebuild(platform, epoch, signal));
      await waker.wait(IDLE_MS, signal);
    }
  })();
  return {
    async untilRebuilt(workerSignal) {
      const waiter = new Waker();
      waiting.add(waiter);
      await waiter.wait(UNTIL_REBUILT_MS, workerSignal);
      waiting.delete(waiter);
    },
    async stop() {
      stopping.abort();
      await loop;
      await Promise.all(unlisten.map((end) => end()));
    },
  };
}

/** Does the oldest rebuild that was asked for and is not done. False when there is none, or another process is at it. */
export async function rebuild(platform: Platform, epoch: number, signal: AbortSignal): Promise<boolean> {
  const open = `SELECT rebuild_id::text AS id FROM clickhouse_rebuilds WHERE state IN ('requested', 'copying') ORDER BY rebuild_id LIMIT 1`;
  if ((await platform.postgres.query(open)).rowCount === 0) return false;
  return platform.postgres.transaction(async (transaction) => {
    // Holds the lock and nothing else: it goes with the connection, however this process ends.
    const { rows: locks } = await transaction.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS locked', [LOCK]);
    const { rows } = await platform.postgres.query<{ id: string }>(open);
    if (locks[0]?.locked !== true || rows[0] === undefined) return false;
    await run(platform, rows[0].id, epoch, signal);
    return true;
  });
}

async function run(platform: Platform, id: string, epoch: number, signal: AbortSignal): Promise<void> {
  const { postgres, logger, clock } = platform;
  for (let attempt = 1; ; attempt++) {
    await postgres.query(`UPDATE clickhouse_rebuilds SET state = 'copying', started_at = now(), rows_copied = 0 WHERE rebuild_id = $1`, [
      id,
    ]);
    const startedMs = clock.monotonicMs();
    logger.info({ rebuild: id }, 'rebuilding ClickHouse from Postgres');
    try {
      const rows = await rebuildClickHouse(platform, { id, attempt, epoch }, signal);
      logger.info({ rebuild: id, rows, ms: Math.round(clock.monotonicMs() - startedMs) }, 'ClickHouse is rebuilt');
      return;
    } catch (error) {
      if (error instanceof UndoneMeanwhile && attempt < TRIES_MAX) continue;
      if (!(error instanceof UndoneMeanwhile) && !(error instanceof RebuildFailed)) throw error;
      logger.error({ err: error, rebuild: id }, 'rebuild failed; ClickHouse is as it was');
      await postgres.query(`UPDATE clickhouse_rebuilds SET state = 'failed', finished_at = now(), failure = $2 WHERE rebuild_id = $1`, [
        id,
        error.message,
      ]);
      return;
    }
  }
}
