/**
 * The largest users of a meter, or the meters themselves, in three queries however many there are: totals by customer to find the
 * largest, their bars, and the bars of all. A figure and its bars come from one query, so that they always agree.
 */
import { compareDecimals, formatDecimal } from '../../core/decimal.ts';
import type { Window } from '../../core/window.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Aggregation } from '../../schemas/http/customers.ts';
import type { Top, TopItem } from '../../schemas/http/top.ts';
import { findMetersOtherThanSums } from '../queries/meters.ts';
import { readUsage, type UsageSelection, type WindowUsage } from '../queries/usage.ts';
import { isAdditive } from './shown-usage.ts';
import { isToldByEvents } from './event-usage.ts';
import { addTo, newTally, placesOf, quantityOf, type Tally, text } from './tally.ts';

type Stores = Pick<Platform, 'postgres' | 'clickhouse'>;

export interface TopOptions {
  /** Without it, events are counted. */
  meter?: string | undefined;
  limit: number;
  windows: readonly Window[];
  /** Those of the period before, and up to where they are compared. */
  previousWindows: readonly Window[];
  comparedTo: number;
}

export type TopFigures = Pick<Top, 'items' | 'others' | 'total' | 'aggregation' | 'additive'>;

export async function readTopCustomers(stores: Stores, options: TopOptions): Promise<TopFigures> {
  const { meter, windows, previousWindows, comparedTo } = options;
  const aggregation = meter === undefined ? 'count' : await aggregationOf(stores, meter);
  const additive = isAdditive(aggregation);
  const places = placesOf(windows, previousWindows, comparedTo);
  const ranked = await rankCustomers(stores, options, aggregation);

  const tops = new Map(ranked.top.map((id) => [id, newTally(windows, previousWindows)]));
  // The largest before all: rows that arrive in between then belong to "others", whose figure cannot become less than nothing.
  if (tops.size > 0)
    await eachRow(stores, { windows: places.windows, meter, customers: ranked.top, byCustomer: true }, (row) => {
      const tally = tops.get(row.customer);
      if (tally !== undefined) addTo(tally, row, aggregation, places);
    });
  const all = newTally(windows, previousWindows);
  await eachRow(stores, { windows: places.windows, meter, byCustomer: false }, (row) => addTo(all, row, aggregation, places));

  const kept = [...tops.values()];
  const rest = (part: 'quantity' | 'previous') => (additive ? text(all[part] - sumOf(kept.map((tally) => tally[part]))) : null);
  const items = [...tops].map(([id, tally]) => itemOf(id, tally, aggregation, all.quantity)).sort(byQuantity);
  return {
    items,
    others: {
      count: ranked.count - ranked.top.length,
      quantity: text(ranked.restQuantity),
      events: ranked.restEvents,
      previous: rest('previous'),
      previousEvents: all.previousEvents - kept.reduce((sum, tally) => sum + tally.previousEvents, 0),
      share: additive ? shareOf(ranked.restQuantity, all.quantity) : null,
    },
    total: { count: ranked.count, ...figuresOf(all), ...barsOf(all), previousSpark: all.previousSpark.map(text) },
    aggregation,
    additive,
  };
}

/** Each meter by itself. They do not add up, but their events do. */
export async function readTopMeters(stores: Stores, options: Omit<TopOptions, 'meter'>): Promise<TopFigures> {
  const { limit, windows, previousWindows, comparedTo } = options;
  const aggregations = await aggregationsOf(stores);
  const places = placesOf(windows, previousWindows, comparedTo);
  const tallies = new Map<string, Tally>();
  const all = newTally(windows, previousWindows);
  await eachRow(stores, { windows: places.windows, byCustomer: false }, (row) => {
    let tally = tallies.get(row.meter);
    if (tally === undefined) tallies.set(row.meter, (tally = newTally(windows, previousWindows)));
    addTo(tally, row, aggregations.get(row.meter) ?? 'sum', places);
    addTo(all, row, 'count', places);
  });
  const used = [...tallies]
    .filter(([, tally]) => tally.events > 0)
    .sort(([a, left], [b, right]) => right.events - left.events || order(a, b));
  const [top, rest] = [used.slice(0, limit), used.slice(limit)];
  const events = (part: 'events' | 'previousEvents') => rest.reduce((sum, [, tally]) => sum + tally[part], 0);
  return {
    items: top.map(([id, tally]) => itemOf(id, tally, aggregations.get(id) ?? 'sum', null)),
    others: {
      count: rest.length,
      quantity: null,
      events: events('events'),
      previous: null,
      previousEvents: events('previousEvents'),
      share: null,
    },
    total: {
      count: used.length,
      ...figuresOf(all),
      ...barsOf(all),
      previousSpark: all.previousSpark.map(text),
    },
    aggregation: 'count',
    additive: true,
  };
}

interface Ranking {
  top: string[];
  count: number;
  /** Of those that are not at the top. */
  restQuantity: bigint;
  restEvents: number;
}

/** However many customers there are, no more than the largest are held on to. */
async function rankCustomers(stores: Stores, { meter, limit, windows }: TopOptions, aggregation: Aggregation): Promise<Ranking> {
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return { top: [], count: 0, restQuantity: 0n, restEvents: 0 };
  let best: { id: string; quantity: bigint; events: number }[] = [];
  const rest = { count: 0, quantity: 0n, events: 0 };
  const isSum = isAdditive(aggregation);
  const settle = (keep: number) => {
    best.sort((a, b) => compareBig(b.quantity, a.quantity) || order(a.id, b.id));
    for (const { quantity, events } of best.slice(keep)) {
      rest.count += 1;
      rest.events += events;
      rest.quantity = isSum ? rest.quantity + quantity : quantity > rest.quantity || rest.count === 1 ? quantity : rest.quantity;
    }
    best = best.slice(0, keep);
  };
  const whole = [{ from: first.from, to: last.to }];
  await eachRow(stores, { windows: whole, meter, byCustomer: true }, (row) => {
    const [quantity, events] = [quantityOf(row, aggregation), Number(row.events)];
    const open = best.at(-1);
    // Rows come customer by customer; of several meters, all of one customer in a row.
    if (open?.id === row.customer) {
      open.quantity += quantity;
      open.events += events;
      return;
    }
    if (best.length > SETTLE_AT) settle(limit);
    best.push({ id: row.customer, quantity, events });
  });
  settle(limit);
  return { top: best.map(({ id }) => id), count: best.length + rest.count, restQuantity: rest.quantity, restEvents: rest.events };
}

/** Customers held before the smaller ones are let go: a sort of so many now and then costs less than one for each. */
const SETTLE_AT = 4_000;

async function eachRow({ clickhouse }: Stores, selection: UsageSelection, take: (row: WindowUsage) => void): Promise<void> {
  for await (const page of readUsage(clickhouse, selection)) page.forEach(take);
}

async function aggregationsOf({ postgres }: Stores, meter?: string): Promise<Map<string, Aggregation>> {
  const meters = await findMetersOtherThanSums(postgres, meter);
  // What only the events can tell is told for one customer; for all, events are counted, as /v1/usage does.
  return new Map(meters.map((found) => [found.key, isToldByEvents(found) ? 'count' : found.aggregation]));
}

async function aggregationOf(stores: Stores, meter: string): Promise<Aggregation> {
  return (await aggregationsOf(stores, meter)).get(meter) ?? 'sum';
}

/** `total` is null where nothing adds up to one. */
function itemOf(id: string, tally: Tally, aggregation: Aggregation, total: bigint | null): TopItem {
  const additive = isAdditive(aggregation);
  const share = additive && total !== null ? shareOf(tally.quantity, total) : null;
  return { id, ...figuresOf(tally), share, aggregation, additive, ...barsOf(tally) };
}

function figuresOf({ quantity, events, previous, previousEvents }: Tally) {
  return { quantity: text(quantity), events, previous: text(previous), previousEvents };
}

function barsOf({ spark, sparkEvents }: Tally) {
  return { spark: spark.map(text), sparkEvents };
}

const SHARE_SCALE = 6;

/** Cut off after six digits; shares of figures with credits among them may be beyond 0 and 1. */
function shareOf(part: bigint, total: bigint): string | null {
  return total === 0n ? null : formatDecimal((part * 10n ** BigInt(SHARE_SCALE)) / total, SHARE_SCALE);
}

function byQuantity(a: TopItem, b: TopItem): number {
  return compareDecimals(b.quantity ?? '0', a.quantity ?? '0') || order(a.id, b.id);
}

function sumOf(values: readonly bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n);
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
