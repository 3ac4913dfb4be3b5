/** Asks again and again while a component stands, and keeps the last answer when one fails. A page that nobody sees does not ask. */
import { outcome, type Outcome } from './outcome.ts';

export class Poll<T> {
  outcome = $state.raw<Outcome<T> | undefined>();
  /** The last answer that was none of a failure. */
  last = $state.raw<T | undefined>();
  readonly #ask: () => Promise<T>;
  #round = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** Now, instead of when it is due. */
  async refresh(): Promise<void> {
    const round = ++this.#round;
    const result = await outcome(this.#ask());
    // An earlier call's answer may come later.
    if (round !== this.#round) return;
    this.outcome = result;
    if (result.ok) this.last = result.value;
  }
}

/** To be called while a component is set up. The next question comes `intervalMs` after the last answer. */
export function poll<T>(ask: () => Promise<T>, intervalMs: number): Poll<T> {
  const result = new Poll(ask);
  $effect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const next = async () => {
      if (!document.hidden) await result.refresh();
      if (!isOver) timer = setTimeout(() => void next(), intervalMs);
    };
    void next();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  });
  return result;
}
