/**
 * What is new, for open pages: one listener on the Postgres channel `usage` (payload: rows of a range that both stores now
 * have), one message for all who watch. Nothing is read while nobody does.
 *
 * A stream is open only as long as it can tell: where nothing comes the state is told now and then, and when it cannot be read, all who
 * watch are let go. They come back by themselves, and are told what holds once it can be told again.
 */
import type { Platform } from '../platform/platform.ts';
import type { Live } from '../schemas/http/operations.ts';
import { readWatermark } from './queries/watermark.ts';

export const USAGE_CHANNEL = 'usage';

/** Four times a second looks continuous; ranges become done more often than that under load. */
const MESSAGE_INTERVAL_MS = 250;
/** The rate goes back to 0 when nothing came for this long. */
const QUIET_MS = 1_500;
/** Without news the state is told this often: one small query for all who watch. A page is wrong about a store that is away no longer. */
const STILL_MS = 5_000;

export interface Watcher {
  /** Whose key or session it is; undefined for staff. */
  readonly customer: string | undefined;
  take(message: Live): void;
  /** Nothing can be told any more; the watcher is forgotten. */
  lost(): void;
}

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

  /** How many of them are this customer's. */
  watchersOf(customer: string): number {
    return [...this.#watchers].filter((watcher) => watcher.customer === customer).length;
  }

  /** Calls back with every change until `stop` is called; `now` is the state at the beginning. */
  async watch(watcher: Watcher): Promise<{ now: Live; stop: () => void }> {
    // Before anything is waited for: of many who come at once, each counts those before it. And first watched, then read: a change in
    // between comes twice rather than never.
    this.#watchers.add(watcher);
    const stop = () => void this.#watchers.delete(watcher);
    try {
      this.#listening ??= this.#listen();
      await this.#listening;
      const now = await this.#readState(0);
      this.#schedule(this.#platform.clock.monotonicMs() + STILL_MS);
      return { now, stop };
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
    if (this.#watchers.size === 0) return;
    this.#schedule(nowMs + (rows > 0 ? QUIET_MS : STILL_MS));
    try {
      const message = await this.#readState(Math.round((rows * 1000) / elapsedMs));
      for (const watcher of this.#watchers) watcher.take(message);
    } catch (error) {
      this.#platform.logger.warn({ err: error }, 'the live feed could not be read');
      const lost = [...this.#watchers];
      this.#watchers.clear();
      for (const watcher of lost) watcher.lost();
    }
  }

  async #readState(rowsPerSecond: number): Promise<Live> {
    const { partitions, asOf } = await readWatermark(this.#platform);
    const lag = partitions.reduce((sum, { endOffset, rollups }) => sum + Math.max(0, endOffset - rollups), 0);
    return { asOf, rowsPerSecond, lag };
  }
}
