/**
 * Billing runs as a job: whichever process gets the lock goes through the customers, range by range, and another goes on behind the last range
 * that is committed if that one dies. Drafts are replaced, final invoices left alone; so a run may be repeated.
 */
import { announceMoment } from '../../platform/moments.ts';
import type { Platform } from '../../platform/platform.ts';
import { Waker } from '../../platform/waker.ts';
import { advanceRun, findOpenRun, finishRun, nextCustomers, startRun, type OpenRun } from '../queries/billing-runs.ts';
import { dropDrafts, putDrafts } from '../queries/invoices.ts';
import { draftRange, MeterCache } from './draft-range.ts';

/** A lost notification, or the death of the process that was at it, is noticed after this. */
const IDLE_MS = 5_000;
const AFTER_FAILURE_MS = 2_000;
/** Any number that nothing else in the database locks; "Bill" in ASCII. */
const LOCK = 0x42696c6c;

/** Buckets that a range should have: below a page of ClickHouse, so that most ranges are one query, and a few megabytes. */
const RANGE_ROWS = 40_000;
const FIRST_RANGE_CUSTOMERS = 20;
/** Their issued invoices and terms are in memory at a time. */
const RANGE_CUSTOMERS_MAX = 200;

export interface BillingRuns {
  stop(): Promise<void>;
}

export async function startBillingRuns(platform: Platform): Promise<BillingRuns> {
  const { postgres, logger } = platform;
  const stopping = new AbortController();
  const { signal } = stopping;
  const waker = new Waker();
  const unlisten = await postgres.listen('billing-runs', () => waker.wake());
  const loop = (async () => {
    while (!signal.aborted) {
      try {
        if (await carryOutRun(platform, signal)) continue;
        await waker.wait(IDLE_MS, signal);
      } catch (error) {
        if (signal.aborted) break;
        logger.warn({ err: error, waitMs: AFTER_FAILURE_MS }, 'billing run failed, trying again');
        await new Waker().wait(AFTER_FAILURE_MS, signal);
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await loop;
      await unlisten();
    },
  };
}

/** Carries out the oldest run that is not done. False when there is none, another process is at it, or the signal fired. */
export async function carryOutRun(platform: Platform, signal: AbortSignal): Promise<boolean> {
  if ((await findOpenRun(platform.postgres)) === undefined) return false;
  return platform.postgres.transaction(async (transaction) => {
    // Holds the lock and nothing else: it goes with the connection, however this process ends.
    const { rows } = await transaction.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS locked', [LOCK]);
    const run = await findOpenRun(platform.postgres);
    if (rows[0]?.locked !== true || run === undefined) return false;
    return goThrough(platform, run, signal);
  });
}

async function goThrough(platform: Platform, run: OpenRun, signal: AbortSignal): Promise<boolean> {
  const { postgres, logger, clock } = platform;
  const startedMs = clock.monotonicMs();
  await startRun(postgres, run, clock.now());
  const meters = new MeterCache(postgres);
  let [doneTo, size, drafts] = [run.doneTo, FIRST_RANGE_CUSTOMERS, 0];
  for (;;) {
    if (signal.aborted) return false;
    const customers = await nextCustomers(postgres, { ...run, doneTo }, size);
    const last = customers.at(-1);
    if (last === undefined) break;
    const range = await draftRange(platform, { month: run.month, customers, meters });
    await postgres.transaction(async (transaction) => {
      const written = await putDrafts(transaction, range.drafts);
      // One that became final meanwhile is untouched.
      const untouched = range.untouched + range.drafts.length - written;
      await dropDrafts(transaction, run.month, range.dropped);
      await advanceRun(transaction, run.id, { ...range, doneTo: last, done: customers.length, drafts: written, untouched });
      drafts += written;
    });
    announceMoment('drafted');
    doneTo = last;
    size = nextSize(customers.length, range.rows);
  }
  await finishRun(postgres, run.id, clock.now());
  logger.info({ run: run.id, month: run.month, drafts, ms: Math.round(clock.monotonicMs() - startedMs) }, 'billing run done');
  return true;
}

/** By what the last range held, and at most twice as many: the next customers may be larger. */
function nextSize(customers: number, rows: number): number {
  const wanted = Math.floor((RANGE_ROWS * customers) / Math.max(rows, 1));
  return Math.max(1, Math.min(wanted, customers * 2, RANGE_CUSTOMERS_MAX));
}
