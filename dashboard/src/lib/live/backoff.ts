/** When a link that broke off is tried again. */

const FIRST_MS = 1_000;
/** A server that comes back is found within a minute, by pages that were open all night too. */
const LONGEST_MS = 60_000;

/**
 * Before the try after `failures` of them (1 or more) in a row: twice as long each time, up to a minute. A random half of it is left out,
 * so that all pages that lost the same server do not come back at the same moment. `random`: at least 0, below 1.
 */
export function delayAfter(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(full - (full / 2) * random);
}

/** "in 8 s"; "now" in the last second. */
export function untilWords(retryAt: number, now: number): string {
  const seconds = Math.ceil((retryAt - now) / 1_000);
  return seconds <= 0 ? 'now' : `in ${seconds} s`;
}
