/** Follows `/v1/live`: up to when the figures hold, and whether that is still being told. */
import { invalidateAll } from '$app/navigation';
import { call } from './api.ts';
import { delayAfter } from './live/backoff.ts';
import { outcome } from './outcome.ts';
import type { Live, Session } from './types.ts';

/** Figures are fetched again at most this often, however fast rows arrive. */
const REFRESH_MS = 2_000;

export class LiveFeed {
  asOf = $state<string | null>(null);
  /** Null where it is not told: customers hear only up to when their figures hold. */
  rowsPerSecond = $state<number | null>(0);
  lag = $state<number | null>(0);
  connected = $state(false);
  /** Since when nothing is told any more, epoch ms; null while it is, and before the first answer. */
  awaySince = $state<number | null>(null);
  /** When it is asked for again, epoch ms; null while that is being done. */
  retryAt = $state<number | null>(null);
  /** Grows whenever figures that are on the page may have changed. */
  revision = $state(0);
  /** The same, at once: for who limits by themselves how often they ask. */
  arrivals = $state(0);
  #failures = 0;
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  readonly #onOnline = () => this.retry();

  start(): void {
    addEventListener('online', this.#onOnline);
    this.#open();
  }

  stop(): void {
    removeEventListener('online', this.#onOnline);
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#retry);
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
    this.connected = false;
    this.awaySince = null;
    this.#failures = 0;
  }

  /** Now, instead of when it is due. */
  retry(): void {
    if (this.#source !== undefined && this.awaySince !== null && this.retryAt !== null) this.#open();
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.retryAt = null;
    const source = new EventSource('/v1/live');
    this.#source = source;
    source.onmessage = (event: MessageEvent<string>) => this.#take(JSON.parse(event.data) as Live);
    // The browser would try again by itself, every few seconds and without end, or not at all.
    source.onerror = () => {
      const isRefused = source.readyState === EventSource.CLOSED;
      source.close();
      if (this.#source !== source) return;
      if (isRefused) void this.#askWho(source);
      else this.#wait();
    };
    // The session has ended, or may see something else now.
    source.addEventListener('ended', () => {
      source.close();
      if (this.#source === source) void this.#goOn(source);
    });
  }

  /** What is on the page may be another person's by now. */
  async #goOn(source: EventSource): Promise<void> {
    if (await this.#askWho(source)) await invalidateAll();
  }

  /**
   * Whether somebody is signed in all the same, with another session for instance: an event source hides why it was refused. Who is not is led to the
   * sign-in page, and the stream asked for no more.
   */
  async #askWho(source: EventSource): Promise<boolean> {
    this.connected = false;
    this.awaySince ??= Date.now();
    const answer = await outcome(call<Session>('/v1/session'));
    if (this.#source !== source || (!answer.ok && answer.error.status === 401)) return false;
    this.#wait();
    return answer.ok;
  }

  #wait(): void {
    this.connected = false;
    this.awaySince ??= Date.now();
    this.#failures += 1;
    const delay = delayAfter(this.#failures, Math.random());
    this.retryAt = Date.now() + delay;
    this.#retry = setTimeout(() => this.#open(), delay);
  }

  #take(live: Live): void {
    // What came while nobody told is not known: whatever is on the page may be old.
    const isBack = this.awaySince !== null && this.asOf !== null;
    const moved = isBack || (this.asOf !== null && live.asOf !== this.asOf && (live.rowsPerSecond !== 0 || live.lag !== this.lag));
    this.connected = true;
    this.awaySince = null;
    this.#failures = 0;
    this.asOf = live.asOf;
    this.rowsPerSecond = live.rowsPerSecond;
    this.lag = live.lag;
    if (moved) this.arrivals += 1;
    if (!moved || this.#refresh !== undefined) return;
    this.#refresh = setTimeout(() => {
      this.#refresh = undefined;
      this.revision += 1;
    }, REFRESH_MS);
  }
}

export const live = new LiveFeed();
