/** Follows one import over server-sent events until it is over. */
import { call } from '../api.ts';
import { outcome } from '../outcome.ts';
import type { Import } from '../types.ts';
import { isRunning } from './words.ts';

/** A stream that broke off is asked for again after this long. */
const RETRY_MS = 2_000;

export class ImportWatch {
  current = $state.raw<Import>() as Import;
  connected = $state(true);
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  #onEnd: () => void;

  constructor(first: Import, onEnd: () => void = () => undefined) {
    this.current = first;
    this.#onEnd = onEnd;
    if (isRunning(first)) this.#open();
  }

  stop(): void {
    this.#isStopped = true;
    this.#close();
  }

  #close(): void {
    this.#source?.close();
    clearTimeout(this.#retry);
  }

  #open(): void {
    const source = new EventSource(`/v1/imports/${this.current.id}/progress`);
    this.#source = source;
    const take = (event: Event) => {
      this.connected = true;
      this.#take(JSON.parse((event as MessageEvent<string>).data) as Import);
    };
    source.onmessage = take;
    source.addEventListener('progress', take);
    // The session has ended: the next call leads to the sign-in page.
    source.addEventListener('ended', () => {
      this.#close();
      void this.#ask();
    });
    // The stream ends with the import; whether it did, or only broke off, the import itself knows.
    source.onerror = () => {
      this.#close();
      if (!isRunning(this.current)) return;
      this.#retry = setTimeout(() => void this.#ask(), RETRY_MS);
    };
  }

  async #ask(): Promise<void> {
    const result = await outcome(call<Import>(`/v1/imports/${this.current.id}`));
    this.connected = result.ok;
    if (result.ok) this.#take(result.value);
    // Who may not ask for the import may not follow it either.
    else if (result.error.status === 401 || result.error.status === 404) return;
    if (this.#isStopped) return;
    if (isRunning(this.current)) this.#open();
  }

  #take(next: Import): void {
    const wasRunning = isRunning(this.current);
    this.current = next;
    if (isRunning(next)) return;
    this.#close();
    if (wasRunning) this.#onEnd();
  }
}
