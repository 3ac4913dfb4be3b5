/**
 * Billing runs as a job: whichever process gets the lock goes through the customers, range by range, and another goes on behind the last range
 * that is committed if that one dies. Drafts are replaced, final invoices left alone; so a run may be repeated. A run waits for a store that
 * is away, and says so; whatever else it meets makes it fail, as it would meet it again.
 */
import { WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import { announceMoment } from '../../platform/moments.ts';
import type { Platform } from '../../platform/platform.ts';
import { StoreUnavailableError } from '../../platform/store-unavailable.ts';
import { Waker } from '../../platform/waker.ts';
import { advanceRun, findOpenRun, finishRun, nextCustomers, startRun, stopRun, type OpenRun } from '../queries/billing-runs.ts';
import { dropDrafts, putDrafts } from '../queries/invoices.ts';
import { draftRange, MeterCache } from './draft-range.ts';
import { isMomentary, messageOf, runFailure } from './run-failure.ts';

/** A lost notification, or the death of the process that was at it, is noticed after this. */
const IDLE_MS = 5_000;
/** After the first failure; twice as long after each further one, as a store that is away for long is not helped by being asked. */
const AFTER_FAILURE_MS = 2_000;
/** So soon at the latest is a store that is back noticed. */
const AFTER_FAILURE_MS_MAX = 60_000;
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
  const stopping = new AbortController();
  const waker = new Waker();
  const unlisten = await platform.postgres.listen('billing-runs', () => waker.wake());
  const loop = carryOutRuns(platform, waker, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await loop;
      await unlisten();
    },
  };
}

async function carryOutRuns(platform: Platform, waker: Waker, signal: AbortSignal): Promise<void> {
  let failureMs = AFTER_FAILURE_MS;
  while (!signal.aborted) {
    try {
      const carriedOut = await carryOutRun(platform, signal);
      failureMs = AFTER_FAILURE_MS;
      if (!carriedOut) await waker.wait(IDLE_MS, signal);
    } catch (error) {
      if (signal.aborted) break;
      platform.logger.warn({ err: error, waitMs: failureMs }, 'billing run waits for a store');
      // Somebody who asks for a run meanwhile has it tried at once.
      await waker.wait(failureMs, signal);
      failureMs = Math.min(2 * failureMs, AFTER_FAILURE_MS_MAX);
    }
  }
}

/**
 * Carries out the oldest run that goes on, to its end or its failure. False when there is none, another process is at it, or the signal fired.
 * Throws where a store is away.
 */
export async function carryOutRun(platform: Platform, signal: AbortSignal): Promise<boolean> {
  const { postgres, clock, logger } = platform;
  if ((await findOpenRun(postgres, WHOLE_INSTALLATION)) === undefined) return false;
  return postgres.transaction(async (transaction) => {
    // Holds the lock and nothing else: it goes with the connection, however this process ends.
    const { rows } = await transaction.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS locked', [LOCK]);
    const run = await findOpenRun(postgres, WHOLE_INSTALLATION);
    if (rows[0]?.locked !== true || run === undefined) return false;
    try {
      return await goThrough(platform, run, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = runFailure(error);
      if (isMomentary(error)) {
        await stopRun(postgres, run, { state: 'waiting', failure, now: clock.now() });
        throw error;
      }
      logger.error({ err: error, run: run.id }, 'billing run failed');
      await stopRun(postgres, run, { state: 'failed', failure, now: clock.now() });
      return true;
    }
  });
}

/** Moves `run.doneTo` on. */
async function goThrough(platform: Platform, run: OpenRun, signal: AbortSignal): Promise<boolean> {
  const { postgres, logger, clock } = platform;
  const startedMs = clock.monotonicMs();
  await startRun(postgres, run, clock.now());
  const meters = new MeterCache(postgres);
  let [size, drafts] = [FIRST_RANGE_CUSTOMERS, 0];
  for (;;) {
    if (signal.aborted) return false;
    const customers = await nextCustomers(postgres, WHOLE_INSTALLATION, run, size);
    const [last] = customers.slice(-1);
    if (last === undefined) break;
    try {
      const { written, rows } = await billRange(platform, run, customers, meters);
      drafts += written;
      run.doneTo = last;
      size = nextSize(customers.length, rows);
    } catch (error) {
      if (isMomentary(error) || signal.aborted) throw error;
      // One by one, those before the one it is about get their drafts, and that one can be named.
      if (customers.length === 1) throw new Error(`customer "${last}": ${messageOf(error)}`, { cause: error });
      logger.warn(
        { err: error, run: run.id, customers: customers.length },
        'a range of a billing run failed, its customers are billed one by one',
      );
      size = 1;
    }
  }
  await finishRun(postgres, run.id, clock.now());
  logger.info({ run: run.id, month: run.month, drafts, ms: Math.round(clock.monotonicMs() - startedMs) }, 'billing run done');
  return true;
}

/** The drafts of these customers and the progress of the run, committed together. */
async function billRange(
  platform: Platform,
  run: OpenRun,
  customers: readonly string[],
  meters: MeterCache,
): Promise<{ written: number; rows: number }> {
  const doneTo = customers.at(-1) ?? run.doneTo;
  const range = await draftRange(platform, WHOLE_INSTALLATION, { month: run.month, customers, meters });
  const written = await platform.postgres.transaction(async (transaction) => {
    const counts = await putDrafts(transaction, WHOLE_INSTALLATION, range.drafts);
    // One that became final meanwhile is untouched.
    const untouched = range.untouched + range.drafts.length - counts.drafts;
    await dropDrafts(transaction, run.month, range.dropped);
    if (!(await advanceRun(transaction, run, { ...range, doneTo, done: customers.length, ...counts, untouched })))
      throw new StoreUnavailableError('postgres', `the lock of billing run ${run.id} was lost, and another process has gone on with it`);
    return counts.drafts;
  });
  announceMoment('drafted');
  return { written, rows: range.rows };
}

/** By what the last range held, and at most twice as many: the next customers may be larger. */
function nextSize(customers: number, rows: number): number {
  const wanted = Math.floor((RANGE_ROWS * customers) / Math.max(rows, 1));
  return Math.max(1, Math.min(wanted, customers * 2, RANGE_CUSTOMERS_MAX));
}
