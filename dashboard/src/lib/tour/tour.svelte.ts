/** Whether the tour runs, and whether this browser has been offered it. What it says is loaded when it starts. */
const KEY = 'tallyline-tour';

class Tour {
  isRunning = $state(false);
  /** For browsers that keep nothing: the tour starts by itself once per visit then. */
  #wasOffered = false;

  start(): void {
    this.isRunning = true;
    this.#remember();
  }

  /** For whoever sees data here for the first time; never again after that, whether it was taken or skipped. */
  startOnce(): void {
    if (!this.#isKnown()) this.start();
  }

  end(): void {
    this.isRunning = false;
  }

  #isKnown(): boolean {
    try {
      return this.#wasOffered || localStorage.getItem(KEY) !== null;
    } catch {
      return this.#wasOffered;
    }
  }

  #remember(): void {
    this.#wasOffered = true;
    try {
      localStorage.setItem(KEY, 'offered');
    } catch {
      // Storage that is full or forbidden is no reason not to show the tour.
    }
  }
}

export const tour = new Tour();
