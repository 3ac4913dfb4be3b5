/** Making drafts final: which can be, why others cannot, and what came of each. */
import type { ApiError } from '../api.ts';
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

export interface Refusal {
  /** In words, with the hour and the meter where it is about them. */
  sentence: string;
  /** Where it can be seen or mended. */
  link: { href: string; label: string } | null;
  /** Whether the same again may succeed by itself. */
  isMomentary: boolean;
}

const PIPELINE = { href: '/pipeline', label: 'See the pipeline' };

export function refusalOf(error: Pick<ApiError, 'code' | 'message' | 'cells'>, customer: string, now: number): Refusal {
  const [cell] = error.cells;
  switch (error.code) {
    case 'reconciliation_red': {
      const others = error.cells.length - 1;
      const where = cell === undefined ? '' : `: ${hourInWords({ ...cell, others }, now)}`;
      return {
        sentence: `The two stores differ about ${customer}${where}. Nothing was given a number.`,
        link: PIPELINE,
        isMomentary: false,
      };
    }
    case 'behind':
      return {
        sentence: `Not all usage of ${customer} has arrived in both stores yet. It will in a moment.`,
        link: PIPELINE,
        isMomentary: true,
      };
    case 'import_running':
      return {
        sentence: `An import is under way that may change the usage of ${customer}. When it is over, this can be final.`,
        link: { href: '/imports', label: 'See the imports' },
        isMomentary: true,
      };
    default:
      return { sentence: error.message, link: null, isMomentary: error.code === 'unreachable' || error.code === 'store_unavailable' };
  }
}
