/**
 * The pace of an upload: who sends too slowly holds a place that others wait for.
 *
 * Only the time counts in which there is nothing to do but to wait for bytes. While some are written down nobody waits for the sender,
 * however long the disk takes.
 */
import type { UploadLimits } from '../config-limits.ts';
import { ProblemError } from '../core/errors.ts';
import type { Clock } from '../platform/clock.ts';

export interface UploadPaceOptions {
  limits: Pick<UploadLimits, 'bytesPerSecondMin' | 'rateWindowMs'>;
  clock: Clock;
  /** How many have come over the network so far. */
  bytesArrived: () => number;
}

export class UploadPace {
  readonly #options: UploadPaceOptions;
  /** The window: so much was waited in it, and so many bytes had come when it began. */
  #waitedMs = 0;
  #bytesBefore: number;

  constructor(options: UploadPaceOptions) {
    this.#options = options;
    this.#bytesBefore = options.bytesArrived();
  }

  /**
   * What `next` answers. Throws `upload_too_slow`, where it has to be while `next` has no answer yet; what it answers later is dropped.
   * Judged as soon as more is asked for, so that an upload is never too slow once all of it is there.
   */
  async wait<T>(next: () => Promise<T>): Promise<T> {
    const { limits, clock } = this.#options;
    if (limits.bytesPerSecondMin === 0) return next();
    this.#judge();
    let since = clock.monotonicMs();
    const count = () => {
      const now = clock.monotonicMs();
      this.#waitedMs += now - since;
      since = now;
    };
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    try {
      return await new Promise<T>((resolve, reject) => {
        const look = () => {
          if (isOver) return;
          try {
            count();
            this.#judge();
            watch();
          } catch (error) {
            reject(error as Error);
          }
        };
        // What has kept this process busy for so long has kept bytes waiting too: they are read first.
        const watch = () => (timer = setTimeout(() => setImmediate(look), limits.rateWindowMs));
        watch();
        next().then(resolve, reject);
      });
    } finally {
      isOver = true;
      clearTimeout(timer);
      count();
    }
  }

  /** Begins another window where this one is over. */
  #judge(): void {
    const { limits, bytesArrived } = this.#options;
    if (this.#waitedMs < limits.rateWindowMs) return;
    const bytes = bytesArrived();
    const isTooSlow = (bytes - this.#bytesBefore) * 1_000 < limits.bytesPerSecondMin * this.#waitedMs;
    this.#waitedMs = 0;
    this.#bytesBefore = bytes;
    if (!isTooSlow) return;
    const seconds = limits.rateWindowMs / 1_000;
    throw new ProblemError(
      'upload_too_slow',
      `Less than ${limits.bytesPerSecondMin} bytes a second came over ${seconds} seconds (TALLYLINE_UPLOAD_BYTES_PER_SECOND_MIN). Nothing was published; send the file again over a faster line, or bit by bit to /v1/stream.`,
    );
  }
}
