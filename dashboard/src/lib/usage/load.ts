/**
 * The figures of the Usage page, in three calls however many customers there are: the meters against the period before, the largest
 * customers of one with their bars, and, while zoomed, the bars of the whole range.
 */
import { call } from '../api.ts';
import { approximate, subtract, sum } from '../decimal.ts';
import type { Top, TopItem, Usage } from '../types.ts';
import { startsWithin, type Grain } from '../zone.ts';
import { COLOURS_MAX, slotsFor } from './colours.ts';
import type { Span, UsageView } from './view.ts';

/** One colour each; a sixth could not be told apart from the others. */
export const TOP_CUSTOMERS = COLOURS_MAX;
/** What the API gives at most. */
const ROWS_MAX = 50;
const STRIP_HOURLY_UP_TO_MS = 8 * 86_400_000;

export interface Series {
  /** The customer, or null for all others (or for everybody, where customers do not add up). */
  customer: string | null;
  colour: string;
  /** One per bar, "0" where nothing was used. */
  quantities: string[];
  events: number[];
}

export interface UsageFigures {
  /** What they were asked for: while the next ones load, the page's own view is ahead of them. */
  view: UsageView;
  /** Every meter, with bars where the view is by meter. */
  meters: Top;
  /** The chosen one; null while events are counted. */
  meter: string | null;
  /** Nothing at all was used. */
  isEmpty: boolean;
  top: Top;
  series: Series[];
  /** Start and end of each bar, epoch ms. */
  bars: Span[];
  strip: { grain: Grain; bars: Span[]; heights: number[] };
}

export type UsageCall = <T>(path: string, query: Record<string, string>) => Promise<T>;

export async function loadUsage(view: UsageView, signal?: AbortSignal): Promise<UsageFigures> {
  return await readFigures(view, (path, query) => call(path, signal === undefined ? { query } : { query, signal }));
}

export async function readFigures(view: UsageView, get: UsageCall): Promise<UsageFigures> {
  const range = { ...rangeOf(view), timeZone: view.zone, ...ownOf(view) };
  const rows = view.allRows ? String(ROWS_MAX) : String(TOP_CUSTOMERS);
  const customersOf = (meter: string | null) =>
    get<Top>('/v1/top', { by: 'customer', ...range, grain: view.grain, limit: rows, ...(meter === null ? {} : { meter }) });
  const askedAhead = view.countsEvents || view.meter !== null;
  const [meters, ahead] = await Promise.all([
    get<Top>('/v1/top', { by: 'meter', ...range, grain: view.by === 'meter' ? view.grain : 'month', limit: String(ROWS_MAX) }),
    askedAhead ? customersOf(view.countsEvents ? null : view.meter) : null,
  ]);
  const known = view.countsEvents ? null : (meters.items.find(({ id }) => id === view.meter)?.id ?? meters.items[0]?.id ?? null);
  const [top, strip] = await Promise.all([
    ahead !== null && known === (view.countsEvents ? null : view.meter) ? ahead : customersOf(known),
    view.zoomed ? readStrip(view, known, get) : null,
  ]);
  const bars = top.windows.map(({ start, end }) => ({ from: Date.parse(start), to: Date.parse(end) }));
  return {
    view,
    meters,
    meter: known,
    isEmpty: meters.items.length === 0,
    top,
    series: view.customer === null ? seriesOf(top, bars.length) : [seriesOfOne(top, view.customer)],
    bars,
    strip: strip ?? { grain: view.grain, bars, heights: top.total.spark.map(approximate) },
  };
}

/** The bars of the whole range, coarse enough to be told apart in a strip. */
async function readStrip(view: UsageView, meter: string | null, get: UsageCall): Promise<UsageFigures['strip']> {
  const { base, zone } = view;
  const grain: Grain = base.to - base.from <= STRIP_HOURLY_UP_TO_MS ? 'hour' : base.to - base.from <= 400 * 86_400_000 ? 'day' : 'month';
  const { buckets } = await get<Usage>('/v1/usage', {
    ...rangeOf(base),
    grain,
    timeZone: zone,
    ...ownOf(view),
    ...(meter === null ? {} : { meter }),
  });
  const starts = startsWithin(base.from, base.to, grain, zone).map((start) => Math.max(start, base.from));
  const place = new Map(starts.map((start, index) => [start, index]));
  const heights = starts.map(() => 0);
  for (const { start, quantity, events } of buckets) {
    const index = place.get(Date.parse(start));
    if (index !== undefined) heights[index] = (heights[index] ?? 0) + (meter === null ? events : approximate(quantity));
  }
  return { grain, bars: starts.map((from, index) => ({ from, to: starts[index + 1] ?? base.to })), heights };
}

/** In stacking order: by colour, so that neighbours can be told apart; the others last. */
export function seriesOf({ items, others, total, additive }: Pick<Top, 'items' | 'others' | 'total' | 'additive'>, bars: number): Series[] {
  const everybody = { customer: null, colour: '--chart-1', quantities: total.spark, events: total.sparkEvents };
  if (!additive) return [everybody];
  const top = items.slice(0, TOP_CUSTOMERS);
  const slots = slotsFor(top.map(({ id }) => id));
  const series = top
    .map((item, rank): Series & { slot: number } => ({
      ...toSeries(item),
      slot: slots[rank] ?? rank,
      colour: `--chart-${(slots[rank] ?? rank) + 1}`,
    }))
    .sort((a, b) => a.slot - b.slot)
    .map(({ customer, colour, quantities, events }): Series => ({ customer, colour, quantities, events }));
  if (items.length + others.count <= top.length) return series;
  const rest = (bar: number) => subtract(total.spark[bar] ?? '0', sum(top.map(({ spark }) => spark[bar] ?? '0')));
  const restEvents = (bar: number) => top.reduce((left, { sparkEvents }) => left - (sparkEvents[bar] ?? 0), total.sparkEvents[bar] ?? 0);
  const places = Array.from({ length: bars }, (_, bar) => bar);
  return [...series, { customer: null, colour: '--chart-others', quantities: places.map(rest), events: places.map(restEvents) }];
}

/** All there is, where the figures are of one customer alone. */
export function seriesOfOne({ total }: Pick<Top, 'total'>, customer: string): Series {
  const [slot = 0] = slotsFor([customer]);
  return { customer, colour: `--chart-${slot + 1}`, quantities: total.spark, events: total.sparkEvents };
}

function toSeries({ id, spark, sparkEvents }: TopItem): Omit<Series, 'colour'> {
  return { customer: id, quantities: spark, events: sparkEvents };
}

/** The one customer that the view is about. */
function ownOf({ customer }: UsageView): { customer?: string } {
  return customer === null ? {} : { customer };
}

function rangeOf({ from, to }: Span): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
