/** Follows a billing run until it is over, by asking: often while it moves, less often while it does not. */
import { call, type ApiError } from '../api.ts';
import { outcome } from '../outcome.ts';
import type { BillingRun } from '../types.ts';
import { isOver } from './run.ts';

const POLL_MS = 500;
/** So much longer after each answer that says nothing new. */
const SLOWER = 1.5;
const POLL_MS_MAX = 10_000;

export class RunWatch {
  current = $state.raw<BillingRun>();
  /** Of the last call; what is shown stays while it is set. */
  error = $state.raw<ApiError>();
  readonly id: string;
  #waitMs = POLL_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  #onEnd: () => void;

  constructor(id: string, onEnd: () => void) {
    this.id = id;
    this.#onEnd = onEnd;
    void this.ask();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async ask(): Promise<void> {
    clearTimeout(this.#timer);
    const before = this.current;
    const result = await outcome(call<BillingRun>(`/v1/billing-runs/${this.id}`));
    if (this.#isStopped) return;
    this.error = result.ok ? undefined : result.error;
    if (result.ok) {
      this.current = result.value;
      if (isOver(result.value)) {
        // One that was met when it was over already has changed nothing since this page was loaded.
        if (before !== undefined) this.#onEnd();
        return;
      }
    } else if (result.error.status === 404) return;
    const moved = result.ok && before?.progress.done !== result.value.progress.done;
    this.#waitMs = moved ? POLL_MS : Math.min(this.#waitMs * SLOWER, POLL_MS_MAX);
    this.#timer = setTimeout(() => void this.ask(), this.#waitMs);
  }
}
