/**
 * The figures of the Usage page. However many customers there are, the answers stay small: totals per meter, totals per customer of
 * the chosen meter, one series for all, and one for each of the five largest. What is left is "others", by exact subtraction.
 */
import { call } from '../api.ts';
import { compare, subtract, sum } from '../decimal.ts';
import type { Usage } from '../types.ts';
import { startsWithin } from '../zone.ts';
import type { UsageView } from './view.ts';

/** One colour each; a sixth could not be told apart from the others. */
export const TOP_CUSTOMERS = 5;

export interface Share {
  id: string;
  quantity: string;
  events: number;
}

export interface Series {
  /** The customer, or null for all others. */
  customer: string | null;
  /** One per bucket, "0" where nothing was used. */
  quantities: string[];
}

export interface UsageFigures {
  /** What they were asked for: while the next ones load, the page's own view is ahead of them. */
  view: UsageView;
  meters: { meter: string; quantity: string; events: number }[];
  meter: string | null;
  customers: Share[];
  starts: number[];
  series: Series[];
  totals: string[];
  events: number[];
  asOf: string;
}

export async function loadUsage(view: UsageView): Promise<UsageFigures> {
  const range = { from: new Date(view.from).toISOString(), to: new Date(view.to).toISOString(), timeZone: view.zone };
  const usage = (query: Record<string, string>) => call<Usage>('/v1/usage', { query: { ...range, ...query } });

  const overview = await usage({ grain: 'month', groupBy: 'meter' });
  const meters = overview.total.toSorted((a, b) => b.events - a.events || a.meter.localeCompare(b.meter));
  const meter = meters.find((entry) => entry.meter === view.meter)?.meter ?? meters[0]?.meter ?? null;
  const starts = startsWithin(view.from, view.to, view.grain, view.zone);
  if (meter === null) return { view, meters, meter, customers: [], starts, series: [], totals: [], events: [], asOf: overview.asOf };

  const [perCustomer, all] = await Promise.all([
    usage({ grain: 'month', groupBy: 'customer,meter', meter }),
    usage({ grain: view.grain, groupBy: 'meter', meter }),
  ]);
  const customers = sharesOf(perCustomer);
  const top = await Promise.all(
    customers
      .slice(0, TOP_CUSTOMERS)
      .map(async ({ id }) => ({ id, usage: await usage({ grain: view.grain, groupBy: 'meter', meter, customer: id }) })),
  );
  return { view, meters, meter, customers, asOf: all.asOf, ...alignSeries(starts, all, top, customers.length) };
}

/** Totals per customer, the largest first. */
export function sharesOf({ buckets }: Pick<Usage, 'buckets'>): Share[] {
  const shares = new Map<string, Share>();
  for (const { customer = '', quantity, events } of buckets) {
    const share = shares.get(customer);
    if (share === undefined) shares.set(customer, { id: customer, quantity, events });
    else shares.set(customer, { id: customer, quantity: sum([share.quantity, quantity]), events: share.events + events });
  }
  return [...shares.values()].sort((a, b) => compare(b.quantity, a.quantity) || a.id.localeCompare(b.id));
}

type Buckets = Pick<Usage, 'buckets'>;

/** Puts every series on the same buckets. A bucket that the calendar here does not have is added, never dropped. */
export function alignSeries(
  calendar: readonly number[],
  all: Buckets,
  top: readonly { id: string; usage: Buckets }[],
  customerCount: number,
): Pick<UsageFigures, 'starts' | 'series' | 'totals' | 'events'> {
  const starts = [...new Set([...calendar, ...all.buckets.map(({ start }) => Date.parse(start))])].sort((a, b) => a - b);
  const place = new Map(starts.map((start, index) => [start, index]));
  const spread = ({ buckets }: Buckets) => {
    const quantities = starts.map(() => '0');
    const events = starts.map(() => 0);
    for (const { start, quantity, events: count } of buckets) {
      const index = place.get(Date.parse(start));
      if (index === undefined) continue;
      quantities[index] = sum([quantities[index] ?? '0', quantity]);
      events[index] = (events[index] ?? 0) + count;
    }
    return { quantities, events };
  };
  const { quantities: totals, events } = spread(all);
  const series: Series[] = top.map(({ id, usage }) => ({ customer: id, quantities: spread(usage).quantities }));
  if (customerCount > top.length) {
    const others = totals.map((total, index) => subtract(total, sum(series.map(({ quantities }) => quantities[index] ?? '0'))));
    series.push({ customer: null, quantities: others });
  }
  return { starts, series, totals, events };
}
