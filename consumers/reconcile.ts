/**
 * Reconciliation: Postgres and ClickHouse hold the same, per customer, meter and hour. All the time, beside everything else.
 *
 *   ranges DONE since the last run ─┐
 *   hours that differed, or are open ┼─► regions ─► rectangles ─► both stores' cells side by side ─► reconciliation_cells
 *   runs that were asked for ────────┘
 *
 * A crash leaves the progress where it was: the same is compared again. One process at a time does it, whichever gets the lock.
 *
 * Low priority: while the log holds much that records has not had, an incremental run waits before it starts and a moment
 * before each rectangle. Only for so long, since a check that never comes is none. What a person asked for does not wait.
 */
import { checkParts, requireAllParts } from '../platform/clickhouse/damage.ts';
import type { Platform } from '../platform/platform.ts';
import type { CellRectangle } from '../platform/usage-cells.ts';
import { Waker } from '../platform/waker.ts';
import { retry } from './retry.ts';
import { reconcileRectangle } from './steps/reconcile-cells.ts';
import { rectangles, regionsOfSpan, type Region } from './steps/reconcile-regions.ts';
import { finishRequest, regionsOfRequest, regionsOfStoredCells, takeRequest, WHOLE } from './steps/reconcile-scopes.ts';
import { isHot, nextSpan, readProgress, readWatermark, saveProgress, type ReconciliationWatermark } from './steps/reconcile-spans.ts';

export const RECONCILIATION_CHANNEL = 'reconciliation';

/** Between two runs: often enough to believe the "checked" of the dashboard, and next to nothing when nothing came. */
const INTERVAL_MS = 10_000;
/** Events waiting in the log that mean an import runs hot: two batches of records. */
const HOT_EVENTS = 20_000;
/** How long a run waits for an import to cool down, and how long each rectangle does after that. */
const RUN_PAUSE_MAX_MS = 60_000;
const RECTANGLE_PAUSE_MAX_MS = 1_000;
const LOOK_MS = 250;
/** Any number that nothing else in the database locks; "Recn" in ASCII. */
const LOCK = 0x5265636e;

export interface Reconciling {
  stop(): Promise<void>;
}

export async function startReconciling(platform: Platform, epoch: number): Promise<Reconciling> {
  const { postgres, logger } = platform;
  const stopping = new AbortController();
  const { signal } = stopping;
  const waker = new Waker();
  const unlisten = await postgres.listen(RECONCILIATION_CHANNEL, () => waker.wake());
  const loop = (async () => {
    for (;;) {
      await waker.wait(INTERVAL_MS, signal);
      if (signal.aborted) return;
      await retry('reconcile', logger, signal, () => reconcile(platform, epoch, signal));
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

/** One round: what was asked for, else what is new. False when another process is at it. */
export async function reconcile(platform: Platform, epoch: number, signal: AbortSignal): Promise<boolean> {
  return platform.postgres.transaction(async (transaction) => {
    // The transaction does nothing but hold the lock: it goes with the connection, however this process ends.
    const { rows } = await transaction.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS locked', [LOCK]);
    if (rows[0]?.locked !== true) return false;
    await requireAllParts(platform.clickhouse, platform);
    await new Round(platform, epoch, signal).run();
    return true;
  });
}

class Round {
  readonly #platform: Platform;
  readonly #epoch: number;
  readonly #signal: AbortSignal;
  #differing = 0;

  constructor(platform: Platform, epoch: number, signal: AbortSignal) {
    this.#platform = platform;
    this.#epoch = epoch;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    for (let asked = await this.#runRequest(); asked; asked = await this.#runRequest()) if (this.#signal.aborted) return;
    await this.#runIncremental();
    if (this.#differing > 0) this.#platform.logger.error({ cells: this.#differing }, 'reconcile: Postgres and ClickHouse differ');
  }

  async #runRequest(): Promise<boolean> {
    const { postgres, clickhouse, clock } = this.#platform;
    const request = await takeRequest(postgres);
    if (request === undefined) return false;
    if (request.isWhole) await checkParts(clickhouse, this.#platform, this.#signal);
    const watermark = await readWatermark(this.#platform, this.#epoch);
    await this.#compare(regionsOfRequest(postgres, clickhouse, watermark, request), watermark, false);
    if (this.#signal.aborted) return false;
    if (request.isWhole) await saveProgress(postgres, watermark, clock.now());
    await finishRequest(postgres, request.runId);
    return true;
  }

  async #runIncremental(): Promise<void> {
    const { postgres, clickhouse, clock } = this.#platform;
    await this.#pause(RUN_PAUSE_MAX_MS);
    const watermark = await readWatermark(this.#platform, this.#epoch);
    await this.#compare(regionsOfStoredCells(postgres), watermark, true);
    const progress = await readProgress(postgres, watermark);
    for (const [partition, checkedOffset] of progress.entries()) {
      // The first run of an epoch looks at everything: what an earlier one left behind belongs to no range of this one.
      if (checkedOffset === undefined) {
        await this.#compare(regionsOfRequest(postgres, clickhouse, watermark, WHOLE), watermark, true);
        break;
      }
      let from = checkedOffset;
      for (
        let span = await nextSpan(postgres, watermark, partition, from);
        span;
        span = await nextSpan(postgres, watermark, partition, from)
      ) {
        if (span.months.length > 0) await this.#compare(regionsOfSpan(postgres, clickhouse, span), watermark, true);
        if (this.#signal.aborted) return;
        from = span.nextOffset;
      }
    }
    if (!this.#signal.aborted) await saveProgress(postgres, watermark, clock.now());
  }

  async #compare(regions: AsyncIterable<Region>, watermark: ReconciliationWatermark, isPolite: boolean): Promise<void> {
    for await (const rectangle of rectangles(regions)) {
      if (isPolite) await this.#pause(RECTANGLE_PAUSE_MAX_MS);
      if (this.#signal.aborted) return;
      this.#differing += await this.#reconcile(rectangle, watermark);
    }
  }

  #reconcile(rectangle: CellRectangle, watermark: ReconciliationWatermark): Promise<number> {
    return reconcileRectangle(this.#platform, rectangle, watermark, () => readWatermark(this.#platform, this.#epoch));
  }

  async #pause(longestMs: number): Promise<void> {
    const { clock } = this.#platform;
    const untilMs = clock.monotonicMs() + longestMs;
    while (!this.#signal.aborted && clock.monotonicMs() < untilMs && (await isHot(this.#platform, this.#epoch, HOT_EVENTS)))
      await new Waker().wait(LOOK_MS, this.#signal);
  }
}
