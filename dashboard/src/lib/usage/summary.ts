/** What the Usage page says in words, and how its series look. */
import { compare, isZero, percent } from '../decimal.ts';
import { formatDecimal } from '../format.ts';
import type { UsageFigures } from './load.ts';

const COLOURS = ['--chart-1', '--chart-2', '--chart-3', '--chart-4', '--chart-5'];
const OTHERS_COLOUR = '--chart-others';

/** Follows the customer's place among the largest of the range; "others" are grey and last. */
export function seriesColour(customer: string | null, index: number): string {
  return customer === null ? OTHERS_COLOUR : (COLOURS[index] ?? OTHERS_COLOUR);
}

export interface Takeaway {
  customer: string;
  percent: string | null;
  busiest: number;
  quantity: string;
}

/** The largest customer's share and the busiest bucket; null when there is no usage. */
export function takeawayOf({ customers, starts, totals, meters, meter }: Omit<UsageFigures, 'view'>): Takeaway | null {
  const total = meters.find((entry) => entry.meter === meter)?.quantity ?? '0';
  const largest = customers[0];
  if (largest === undefined) return null;
  let best = 0;
  totals.forEach((quantity, index) => {
    if (compare(quantity, totals[best] ?? '0') > 0) best = index;
  });
  const share = isZero(total) ? null : percent(largest.quantity, total);
  return { customer: largest.id, percent: share, busiest: starts[best] ?? 0, quantity: formatDecimal(totals[best] ?? '0') };
}

/** From the first to the last bucket with usage, where that is much less than the whole range; else null. */
export function usedSpan({ starts, events }: Pick<UsageFigures, 'starts' | 'events'>): { first: number; last: number } | null {
  const first = events.findIndex((count) => count > 0);
  const last = events.findLastIndex((count) => count > 0);
  if (first < 0 || (last - first + 1) * 3 > starts.length) return null;
  return { first: starts[first] ?? 0, last: starts[last] ?? 0 };
}
