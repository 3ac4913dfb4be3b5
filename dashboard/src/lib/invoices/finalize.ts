/** Making drafts final: which can be, and in what order. What the server refuses: lib/invoice/refusal.ts */
import { sum } from '../decimal.ts';
import { formatClock, formatMoment } from '../time.ts';
import type { InvoiceSummary, Reconciliation } from '../types.ts';

const HOUR_MS = 3_600_000;

/** Null: nothing on this page speaks against it. */
export type Obstacle = { kind: 'not_over'; until: number } | { kind: 'differs'; meter: string; hour: string; others: number };

type Draft = Pick<InvoiceSummary, 'id' | 'status' | 'customer' | 'period' | 'total' | 'currency'>;

/** What the server would refuse, as far as it is known here: the server has the last word. */
export function obstacleOf({ customer, period }: Draft, red: Pick<Reconciliation, 'cells'> | undefined, now: number): Obstacle | null {
  const end = Date.parse(period.to);
  if (end > now) return { kind: 'not_over', until: end };
  const cells = red?.cells.filter((cell) => cell.state === 'differs' && cell.customer === customer) ?? [];
  const [first] = cells;
  return first === undefined ? null : { kind: 'differs', meter: first.meter, hour: first.hour, others: cells.length - 1 };
}

/** "19 Nov 09:00–10:00 UTC, vm_seconds, and 2 more hours". */
export function hourInWords({ meter, hour, others = 0 }: { meter: string; hour: string; others?: number }, now: number): string {
  const start = Date.parse(hour);
  const rest = others === 0 ? '' : `, and ${others} more ${others === 1 ? 'hour' : 'hours'}`;
  return `${formatMoment(start, 'UTC', now)}\u2013${formatClock(start + HOUR_MS, 'UTC')} UTC, ${meter}${rest}`;
}

/** Oldest month first, then as they were made: in this order they get their numbers. */
export function inOrder<Item extends Pick<InvoiceSummary, 'id' | 'month'>>(drafts: readonly Item[]): Item[] {
  return [...drafts].sort((a, b) => (a.month === b.month ? (BigInt(a.id) < BigInt(b.id) ? -1 : 1) : a.month < b.month ? -1 : 1));
}

export function totalsOf(drafts: readonly Draft[]): { currency: string; total: string }[] {
  return [...Map.groupBy(drafts, ({ currency }) => currency)].map(([currency, own]) => ({
    currency,
    total: sum(own.map(({ total }) => total)),
  }));
}
