/** A wait that can be cut short: for loops that look for work at intervals and at once when told of some. */
export class Waker {
  #woken = false;
  #finish: (() => void) | undefined;

  /** Ends the current wait, or the next one if none is under way. */
  wake(): void {
    this.#woken = true;
    this.#finish?.();
  }

  /** Resolves when woken, when the time is over, or when the signal fires. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#woken && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const finish = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', finish);
          this.#finish = undefined;
          resolve();
        };
        const timer = setTimeout(finish, ms);
        signal.addEventListener('abort', finish, { once: true });
        this.#finish = finish;
      });
    }
    this.#woken = false;
  }
}
