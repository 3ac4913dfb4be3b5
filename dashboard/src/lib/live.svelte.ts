/** Follows `/v1/live`: up to when the figures hold, and whether that is still being told. */
import type { Live } from './types.ts';

/** EventSource tries again by itself; a stream that ended for good is opened anew after this long. */
const RETRY_MS = 8_000;
/** Figures are fetched again at most this often, however fast rows arrive. */
const REFRESH_MS = 2_000;

export class LiveFeed {
  asOf = $state<string | null>(null);
  rowsPerSecond = $state(0);
  lag = $state(0);
  connected = $state(false);
  /** Grows whenever figures that are on the page may have changed. */
  revision = $state(0);
  /** The same, at once: for who limits by themselves how often they ask. */
  arrivals = $state(0);
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;

  start(): void {
    const source = new EventSource('/v1/live');
    this.#source = source;
    source.onopen = () => {
      this.connected = true;
    };
    source.onmessage = (event: MessageEvent<string>) => this.#take(JSON.parse(event.data) as Live);
    source.addEventListener('live', (event) => this.#take(JSON.parse((event as MessageEvent<string>).data) as Live));
    source.onerror = () => {
      this.connected = false;
      if (source.readyState !== EventSource.CLOSED) return;
      this.#retry = setTimeout(() => this.start(), RETRY_MS);
    };
  }

  stop(): void {
    this.#source?.close();
    clearTimeout(this.#retry);
    clearTimeout(this.#refresh);
    this.connected = false;
  }

  #take(live: Live): void {
    const moved = this.asOf !== null && live.asOf !== this.asOf && (live.rowsPerSecond > 0 || live.lag !== this.lag);
    this.connected = true;
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
