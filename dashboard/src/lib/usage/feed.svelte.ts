/** The figures on the page: asked for when the view changes, and again, in place, when rows have come in. */
import type { ApiError } from '../api.ts';
import { outcome, type Outcome } from '../outcome.ts';
import { loadUsage, type UsageFigures } from './load.ts';
import type { UsageView } from './view.ts';

/** From the end of one answer to the next call, however fast rows arrive: the eye does not follow more. */
const REST_MS = 150;

export class UsageFeed {
  figures = $state.raw<UsageFigures>();
  error = $state.raw<ApiError>();
  /** Another view is on its way; what is shown is that of before. */
  pending = $state(true);
  /** Rows came in while a call was under way, or the page was away. */
  #due = false;
  #busy = false;
  #view: (() => UsageView) | undefined;
  #current: Promise<Outcome<UsageFigures>> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `view` is asked again at each refresh, since a range that ends now moves on. */
  show(answer: Promise<Outcome<UsageFigures>>, view: () => UsageView): void {
    this.#view = view;
    this.#current = answer;
    this.pending = true;
    void answer.then((result) => {
      if (this.#current !== answer) return;
      this.pending = false;
      this.error = result.ok ? undefined : result.error;
      if (result.ok) this.figures = result.value;
      this.#settle();
    });
  }

  /** Rows have come in. */
  refresh(): void {
    this.#due = true;
    if (this.#timer === undefined) this.#settle();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#current = undefined;
  }

  #settle(): void {
    if (!this.#due || this.#busy || this.pending || this.#view === undefined) return;
    this.#due = false;
    this.#busy = true;
    const shownBefore = this.#current;
    void outcome(loadUsage(this.#view())).then((result) => {
      this.#busy = false;
      // A view chosen in the meantime has its own figures. A call that failed leaves the old ones, which say up to when they hold.
      if (this.#current === shownBefore && result.ok) this.figures = result.value;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#settle();
      }, REST_MS);
    });
  }
}
