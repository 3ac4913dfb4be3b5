/**
 * The largest users of a meter, or the meters themselves, in three queries however many there are: totals by customer to find the
 * largest, their bars, and the bars of all. A figure and its bars come from one query, so that they always agree.
 */
import { ONE } from '../../core/contribution.ts';
import { compareDecimals, formatDecimal, toScaled } from '../../core/decimal.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { Window } from '../../core/window.ts';
import type { Scope } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Aggregation } from '../../schemas/http/customers.ts';
import type { Top, TopItem } from '../../schemas/http/top.ts';
import { findLargestCustomers } from '../queries/largest-customers.ts';
import { findMetersOtherThanSums } from '../queries/meters.ts';
import { readUsage, type UsageSelection, type WindowUsage } from '../queries/usage.ts';
import { isAdditive } from './shown-usage.ts';
import { isToldByEvents } from './event-usage.ts';
import { addTo, newTally, placesOf, type Tally, text } from './tally.ts';

type Stores = Pick<Platform, 'postgres' | 'clickhouse'>;

export interface TopOptions {
  scope: Scope;
  /** Without it, events are counted. */
  meter?: string | undefined;
  /** This one's usage alone. */
  customer?: string | undefined;
  limit: number;
  windows: readonly Window[];
  /** Those of the period before, and up to where they are compared. */
  previousWindows: readonly Window[];
  comparedTo: number;
}

export type TopFigures = Pick<Top, 'items' | 'others' | 'total' | 'aggregation' | 'additive'>;

export async function readTopCustomers(stores: Stores, options: TopOptions): Promise<TopFigures> {
  const { scope, meter, customer, windows, previousWindows, comparedTo } = options;
  const aggregation = meter === undefined ? 'count' : await aggregationOf(stores, meter);
  const additive = isAdditive(aggregation);
  const places = placesOf(windows, previousWindows, comparedTo);
  const ranked = await rankCustomers(stores, options, aggregation);

  const tops = new Map(ranked.top.map((id) => [id, newTally(windows, previousWindows)]));
  // The largest before all: rows that arrive in between then belong to "others", whose figure cannot become less than nothing.
  if (tops.size > 0)
    await eachRow(
      stores,
      { scope, windows: places.windows, meter, customers: ranked.top, byCustomer: true, withoutMax: aggregation !== 'max' },
      (row) => {
        const tally = tops.get(row.customer);
        if (tally !== undefined) addTo(tally, row, aggregation, places);
      },
    );
  const all = newTally(windows, previousWindows);
  await eachRow(stores, { scope, windows: places.windows, meter, customer, byCustomer: false }, (row) =>
    addTo(all, row, aggregation, places),
  );

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
  const { scope, customer, limit, windows, previousWindows, comparedTo } = options;
  const aggregations = await aggregationsOf(stores);
  const places = placesOf(windows, previousWindows, comparedTo);
  const tallies = new Map<string, Tally>();
  const all = newTally(windows, previousWindows);
  await eachRow(stores, { scope, windows: places.windows, customer, byCustomer: false }, (row) => {
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

async function rankCustomers(
  stores: Stores,
  { scope, meter, customer, limit, windows }: TopOptions,
  aggregation: Aggregation,
): Promise<Ranking> {
  if (windows.length === 0) return { top: [], count: 0, restQuantity: 0n, restEvents: 0 };
  const measure = aggregation === 'max' || aggregation === 'count' ? aggregation : 'sum';
  const { largest, all } = await findLargestCustomers(stores.clickhouse, { scope, windows, meter, customer }, { measure, limit });
  const [top, next] = [largest.slice(0, limit), largest[limit]];
  const scaled = (size: string) => (measure === 'count' ? BigInt(size) * ONE : toScaled(size, QUANTITY_SCALE));
  const restQuantity = isAdditive(aggregation) ? scaled(all.size) - sumOf(top.map(({ size }) => scaled(size))) : scaled(next?.size ?? '0');
  return {
    top: top.map(({ customer }) => customer),
    count: all.customers,
    restQuantity,
    restEvents: top.reduce((rest, { events }) => rest - Number(events), Number(all.events)),
  };
}

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

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
