/** What the Usage page says in words. */
import { compare, isZero, percent } from '../decimal.ts';
import type { UsageFigures } from './load.ts';
import type { Span } from './view.ts';

export interface Takeaway {
  /** The largest; null where customers do not add up. */
  customer: string;
  percent: string | null;
  busiest: number;
  quantity: string;
}

/** The largest customer's share and the busiest bar; null when there is no usage. */
export function takeawayOf({ top, bars }: Pick<UsageFigures, 'top' | 'bars'>): Takeaway | null {
  const largest = top.items[0];
  if (largest === undefined) return null;
  const total = top.total.quantity ?? '0';
  let best = 0;
  top.total.spark.forEach((quantity, index) => {
    if (compare(quantity, top.total.spark[best] ?? '0') > 0) best = index;
  });
  const share = !top.additive || isZero(total) ? null : percent(largest.quantity ?? '0', total);
  return { customer: largest.id, percent: share, busiest: bars[best]?.from ?? 0, quantity: top.total.spark[best] ?? '0' };
}

/** From the first to the last bar with usage, where that is much less than the whole range; else null. */
export function usedSpan({ top, bars }: Pick<UsageFigures, 'top' | 'bars'>): Span | null {
  const events = top.total.sparkEvents;
  const first = events.findIndex((count) => count > 0);
  const last = events.findLastIndex((count) => count > 0);
  if (first < 0 || (last - first + 1) * 3 > bars.length) return null;
  return { from: bars[first]?.from ?? 0, to: bars[last]?.to ?? 0 };
}
