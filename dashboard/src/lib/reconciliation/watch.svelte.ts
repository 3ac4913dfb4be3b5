/** Asks again and again whether everything adds up, for the foot of the navigation and the page behind it. */
import { call } from '../api.ts';
import { loadCustomerNames, type CustomerNames } from '../names.ts';
import { outcome } from '../outcome.ts';
import type { Reconciliation } from '../types.ts';
import type { Known } from './foot.ts';

/** As often as the stores are compared; sooner while they are. */
const POLL_MS = 10_000;
const CHECKING_POLL_MS = 2_000;

class ReconciliationWatch {
  known = $state.raw<Known>({ value: undefined, isReached: undefined, unchangedMs: 0 });
  names = $state.raw<CustomerNames>(new Map());
  #changedAtMs = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Answers of calls that were made before this one are not taken. */
  #round = 0;
  #isRunning = false;

  readonly nameOf = (customer: string): string => this.names.get(customer)?.name ?? customer;

  start(): void {
    this.#isRunning = true;
    void this.refresh();
  }

  stop(): void {
    this.#isRunning = false;
    this.#round += 1;
    clearTimeout(this.#timer);
  }

  /** Now, instead of when it is due. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const round = ++this.#round;
    // A page that nobody sees need not know.
    if (!document.hidden) await this.#ask(round);
    if (round !== this.#round || !this.#isRunning) return;
    const isChecking = this.known.value?.state === 'checking';
    this.#timer = setTimeout(() => void this.refresh(), isChecking ? CHECKING_POLL_MS : POLL_MS);
  }

  async #ask(round: number): Promise<void> {
    const result = await outcome(call<Reconciliation>('/v1/reconciliation', { query: { state: 'differs' } }));
    if (round !== this.#round) return;
    const before = this.known.value;
    if (!result.ok) {
      this.known = { ...this.known, isReached: false };
      return;
    }
    const now = performance.now();
    if (before === undefined || before.checkedAt !== result.value.checkedAt) this.#changedAtMs = now;
    this.known = { value: result.value, isReached: true, unchangedMs: now - this.#changedAtMs };
    if (result.value.differing > 0 && before?.differing !== result.value.differing) await this.#name();
  }

  async #name(): Promise<void> {
    const names = await outcome(loadCustomerNames());
    if (names.ok) this.names = names.value;
  }
}

export const reconciliation = new ReconciliationWatch();
