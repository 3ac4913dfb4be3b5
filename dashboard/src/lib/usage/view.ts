/** What the Usage page shows, read from its URL: everything a link to it has to carry. */
import { DAY_MS, isZone, nextStart, startOf, startsWithin, wallOf, momentOf, type Grain } from '../zone.ts';
import type { Extent } from '../types.ts';

export const PRESETS = [
  { id: '24h', label: '24 h', short: '24 h', key: 'd' },
  { id: '7d', label: '7 d', short: '7 d', key: 'w' },
  { id: 'month', label: 'This month', short: 'Month', key: 'm' },
  { id: 'last-month', label: 'Last month', short: 'Last', key: 'l' },
  { id: 'all', label: 'All data', short: 'All', key: 'a' },
] as const;
export type Preset = (typeof PRESETS)[number]['id'];

export interface Span {
  from: number;
  to: number;
}

export interface UsageView extends Span {
  /** `custom` when `from` and `to` stand in the URL. */
  range: Preset | 'custom';
  /** The whole range; `from` and `to` are a part of it while zoomed. */
  base: Span;
  zoomed: boolean;
  zone: string;
  grain: Grain;
  /** Its usage alone; null: of all. */
  customer: string | null;
  meter: string | null;
  /** Events are counted, instead of the quantity of a meter. */
  countsEvents: boolean;
  by: 'customer' | 'meter';
  /** The period before is drawn. */
  compares: boolean;
  /** Rows of the table of shares beside "others": the five with a colour, or as many as there is room for. */
  allRows: boolean;
  asTable: boolean;
}

/** More bars than this cannot be told apart, nor pointed at. */
const BARS_MAX = 750;
const HOURLY_UP_TO_MS = 8 * DAY_MS;
const DAILY_UP_TO_MS = 200 * DAY_MS;

/** `own`: the customer who reads, where it is one; it sees nothing but its own usage, whatever the URL asks for. */
export function readUsageView(
  parameters: { get(name: string): string | null },
  extent: Extent,
  now: number,
  own: string | null = null,
): UsageView {
  const zone = readZone(parameters.get('zone'));
  const from = Date.parse(parameters.get('from') ?? '');
  const to = Date.parse(parameters.get('to') ?? '');
  const custom = from < to;
  const named = PRESETS.find(({ id }) => id === parameters.get('range'))?.id;
  const range = custom ? 'custom' : (named ?? defaultPreset(extent, now));
  const base = custom ? { from, to } : presetSpan(range as Preset, zone, extent, now);
  const zoom = readZoom(parameters.get('zoom'), base);
  const span = zoom ?? base;
  return {
    range,
    ...span,
    base,
    zoomed: zoom !== null,
    zone,
    grain: readGrain(parameters.get('grain'), span, zone),
    customer: own ?? (parameters.get('customer') || null),
    meter: parameters.get('meter'),
    countsEvents: parameters.get('count') === 'events',
    by: parameters.get('by') === 'meter' ? 'meter' : 'customer',
    compares: parameters.get('compare') !== 'off',
    allRows: parameters.get('rows') === 'all',
    asTable: parameters.get('view') === 'table',
  };
}

export function readZone(text: string | null): string {
  return text !== null && isZone(text) ? text : 'UTC';
}

/** Data that ended long ago would leave the last seven days blank; then all of it is the better beginning. */
function defaultPreset(extent: Extent, now: number): Preset {
  return extent !== null && Date.parse(extent.to) < now - 7 * DAY_MS ? 'all' : '7d';
}

function presetSpan(preset: Preset, zone: string, extent: Extent, now: number): Span {
  const soon = nextStart(now, 'hour', zone);
  if (preset === '24h') return { from: soon - DAY_MS, to: soon };
  if (preset === 'month') return { from: startOf(now, 'month', zone), to: nextStart(now, 'month', zone) };
  if (preset === 'last-month') {
    const { year, month } = wallOf(now, zone);
    return { from: momentOf(zone, year, month - 1), to: momentOf(zone, year, month) };
  }
  if (preset === 'all' && extent !== null) {
    return { from: startOf(Date.parse(extent.from), 'day', zone), to: nextStart(Date.parse(extent.to), 'day', zone) };
  }
  return { from: soon - 7 * DAY_MS, to: soon };
}

function readGrain(text: string | null, span: Span, zone: string): Grain {
  const offered = grainsFor(span, zone);
  const wanted = offered.find((grain) => grain === text);
  if (wanted !== undefined) return wanted;
  const length = span.to - span.from;
  const fitting: Grain = length <= HOURLY_UP_TO_MS ? 'hour' : length <= DAILY_UP_TO_MS ? 'day' : 'month';
  return offered.includes(fitting) ? fitting : 'month';
}

/** The grains whose bars can still be told apart. */
export function grainsFor({ from, to }: Span, zone: string): Grain[] {
  const length = to - from;
  return (['hour', 'day', 'month'] as const).filter((grain) => {
    if (grain === 'hour') return length / 3_600_000 <= BARS_MAX;
    if (grain === 'day') return length / DAY_MS <= BARS_MAX;
    return startsWithin(from, to, 'month', zone).length > 1 || length > DAILY_UP_TO_MS;
  });
}

/** Whether the range cannot be told without knowing what data there is. */
export function needsExtent(parameters: { get(name: string): string | null }): boolean {
  if (parameters.get('from') !== null && parameters.get('to') !== null) return false;
  const range = parameters.get('range');
  return range === 'all' || !PRESETS.some(({ id }) => id === range);
}

/** `2026-11-17T12:00:00.000Z/2026-11-19T13:00:00.000Z`, as ISO 8601 writes an interval. */
export function zoomText({ from, to }: Span): string {
  return `${new Date(from).toISOString()}/${new Date(to).toISOString()}`;
}

function readZoom(text: string | null, base: Span): Span | null {
  const [from = NaN, to = NaN] = (text ?? '').split('/').map((part) => Date.parse(part));
  const zoom = { from: Math.max(from, base.from), to: Math.min(to, base.to) };
  return zoom.from < zoom.to && (zoom.from > base.from || zoom.to < base.to) ? zoom : null;
}

/** The range one step earlier (−1) or later (1): whole months by months, whole days by days, all else by its own length. */
export function stepped({ base: { from, to }, zone }: Pick<UsageView, 'base' | 'zone'>, direction: -1 | 1): Span {
  const [first, last] = [wallOf(from, zone), wallOf(to, zone)];
  const months = (last.year - first.year) * 12 + last.month - first.month;
  if (from === momentOf(zone, first.year, first.month) && to === momentOf(zone, last.year, last.month)) {
    const moved = (wall: { year: number; month: number }) => momentOf(zone, wall.year, wall.month + direction * months);
    return { from: moved(first), to: moved(last) };
  }
  if (from === startOf(from, 'day', zone) && to === startOf(to, 'day', zone)) {
    const days = startsWithin(from, to, 'day', zone).length;
    const moved = (wall: { year: number; month: number; day: number }) =>
      momentOf(zone, wall.year, wall.month, wall.day + direction * days);
    return { from: moved(first), to: moved(last) };
  }
  const length = (to - from) * direction;
  return { from: from + length, to: to + length };
}
