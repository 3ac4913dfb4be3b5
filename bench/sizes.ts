/** How much each case of the benchmark measures. */

export interface Sizes {
  /** Of a file that goes the whole way. */
  rows: number;
  /** Of a month that is billed. */
  customers: number;
  /** Of a month that is billed. */
  events: number;
  /** Of a file that is only read. */
  megabytes: number;
  /** In the stores while they are read, at the most. */
  storedEvents: number;
  /** Times a rate is measured; the median counts. */
  repeats: number;
}

/** What the figures of docs/benchmarks.md are measured with. More may be asked for, and is written down as well. */
export const FULL: Sizes = {
  rows: 2_000_000,
  customers: 1_000,
  events: 5_000_000,
  megabytes: 5_000,
  storedEvents: 100_000_000,
  repeats: 3,
};
/** For ratios alone: below a hundred thousand rows, what is done once for a file weighs more than its rows. */
export const QUICK: Sizes = { rows: 200_000, customers: 20, events: 100_000, megabytes: 20, storedEvents: 500_000, repeats: 1 };
/** Below these a case measures nothing but itself. */
export const LEAST: Sizes = { rows: 1_000, customers: 20, events: 1_000, megabytes: 1, storedEvents: 10_000, repeats: 1 };

export const SIZE_NAMES = Object.keys(FULL) as (keyof Sizes)[];

/** Whether the figures may stand in docs/benchmarks.md. */
export function isFull(sizes: Sizes): boolean {
  return SIZE_NAMES.every((name) => sizes[name] >= FULL[name]);
}
