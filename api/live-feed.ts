/**
 * What is new, for open pages: one listener on the Postgres channel `usage` (payload: rows of a range that both stores now
 * have), one message for all who watch. Nothing is read while nobody does.
 */
import type { Platform } from '../platform/platform.ts';
import type { Live } from '../schemas/http/operations.ts';
import { readWatermark } from './queries/watermark.ts';

export const USAGE_CHANNEL = 'usage';

/** Four times a second looks continuous; ranges become done more often than that under load. */
const MESSAGE_INTERVAL_MS = 250;
/** The rate goes back to 0 when nothing came for this long. */
const QUIET_MS = 1_500;

export type Watcher = (message: Live) => void;

export class LiveFeed {
  readonly #platform: Platform;
  readonly #watchers = new Set<Watcher>();
  #listening: Promise<() => Promise<void>> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer is due; `clock.monotonicMs`. */
  #dueMs = Infinity;
  #rows = 0;
  #lastSentMs = -Infinity;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** How many are watching. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** Calls back with every change until `stop` is called; `now` is the state at the beginning. */
  async watch(watcher: Watcher): Promise<{ now: Live; stop: () => void }> {
    this.#listening ??= this.#listen();
    await this.#listening;
    // First watched, then read: a change in between comes twice rather than never.
    this.#watchers.add(watcher);
    const stop = () => void this.#watchers.delete(watcher);
    try {
      return { now: await this.#readState(0), stop };
    } catch (error) {
      stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#watchers.clear();
    clearTimeout(this.#timer);
    const listening = this.#listening;
    this.#listening = undefined;
    await (
      await listening
    )?.();
  }

  async #listen(): Promise<() => Promise<void>> {
    try {
      return await this.#platform.postgres.listen(USAGE_CHANNEL, (payload) => this.#onNotify(payload));
    } catch (error) {
      // The next one to watch tries again.
      this.#listening = undefined;
      throw error;
    }
  }

  #onNotify(payload: string): void {
    if (this.#watchers.size === 0) return;
    this.#rows += /^\d{1,9}$/.test(payload) ? Number(payload) : 0;
    this.#schedule(this.#lastSentMs + MESSAGE_INTERVAL_MS);
  }

  /** At that time, or sooner if something is due sooner. */
  #schedule(atMs: number): void {
    if (this.#dueMs <= atMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = atMs;
    this.#timer = setTimeout(() => void this.#send(), Math.max(0, atMs - this.#platform.clock.monotonicMs()));
  }

  async #send(): Promise<void> {
    const nowMs = this.#platform.clock.monotonicMs();
    // What comes after a pause is not a burst of 250 ms, nor did it take the whole pause.
    const elapsedMs = Math.min(Math.max(nowMs - this.#lastSentMs, MESSAGE_INTERVAL_MS), QUIET_MS);
    const rows = this.#rows;
    this.#rows = 0;
    this.#lastSentMs = nowMs;
    this.#dueMs = Infinity;
    if (rows > 0) this.#schedule(nowMs + QUIET_MS);
    try {
      const message = await this.#readState(Math.round((rows * 1000) / elapsedMs));
      for (const watcher of this.#watchers) watcher(message);
    } catch (error) {
      this.#platform.logger.warn({ err: error }, 'the live feed could not be read');
    }
  }

  async #readState(rowsPerSecond: number): Promise<Live> {
    const { partitions, asOf } = await readWatermark(this.#platform);
    const lag = partitions.reduce((sum, { endOffset, rollups }) => sum + Math.max(0, endOffset - rollups), 0);
    return { asOf, rowsPerSecond, lag };
  }
}
