/**
 * Rows on their way from records to rollups inside one process, per partition.
 *
 * A short cut, never the truth: when it is full, or after a crash, rollups reads the same events from the log again.
 */

import { Waker } from '../platform/waker.ts';

/** Accepted rows of one committed batch, grouped by month (YYYYMM), in UTF-8. */
export interface RollupBatch {
  firstOffset: number;
  nextOffset: number;
  rows: number;
  months: Map<number, { rows: number; tsv: Buffer }>;
}

/** Rows that may wait per partition: some 10 MB of text. Beyond it rollups is the slower one and uses the log. */
export const WAITING_ROWS_MAX = 100_000;

export class Handoff {
  readonly #waiting: RollupBatch[] = [];
  #rows = 0;
  readonly #waker = new Waker();

  /** Offers a committed batch. Whether it is kept or not, a waiting reader is woken. */
  offer(batch: RollupBatch): void {
    if (this.#rows + batch.rows <= WAITING_ROWS_MAX) {
      this.#waiting.push(batch);
      this.#rows += batch.rows;
    }
    this.#waker.wake();
  }

  /** Something else has been committed: rollups finds it in the log. */
  wake(): void {
    this.#waker.wake();
  }

  /** The batch that begins at `fromOffset`, if it is here. What lies before it is of no more use. */
  take(fromOffset: number): RollupBatch | undefined {
    while (this.#waiting[0] && this.#waiting[0].firstOffset < fromOffset) this.#rows -= (this.#waiting.shift() as RollupBatch).rows;
    if (this.#waiting[0]?.firstOffset !== fromOffset) return undefined;
    const batch = this.#waiting.shift() as RollupBatch;
    this.#rows -= batch.rows;
    return batch;
  }

  /** Resolves at the next offer, or when the time is over or the signal fires. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return this.#waker.wait(ms, signal);
  }
}
