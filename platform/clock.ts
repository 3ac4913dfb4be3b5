/** The one clock. Everything that needs the time is handed one, so that tests can choose it. */
export interface Clock {
  now(): Date;
  /** Milliseconds that never go back, for durations. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};
