/** What the Usage page shows, read from its URL: everything a link to it has to carry. */
import { DAY_MS, isZone, nextStart, startOf, startsWithin, wallOf, momentOf, type Grain } from '../zone.ts';
import type { Extent } from '../types.ts';

export const PRESETS = [
  { id: '24h', label: '24 h', key: 'd' },
  { id: '7d', label: '7 d', key: 'w' },
  { id: 'month', label: 'This month', key: 'm' },
  { id: 'last-month', label: 'Last month', key: 'l' },
  { id: 'all', label: 'All data', key: 'a' },
] as const;
export type Preset = (typeof PRESETS)[number]['id'];

export interface UsageView {
  /** `custom` when `from` and `to` stand in the URL. */
  range: Preset | 'custom';
  from: number;
  to: number;
  zone: string;
  grain: Grain;
  meter: string | null;
  asTable: boolean;
}

/** More bars than this cannot be told apart, nor pointed at. */
const BARS_MAX = 750;
const HOURLY_UP_TO_MS = 8 * DAY_MS;
const DAILY_UP_TO_MS = 200 * DAY_MS;

export function readUsageView(parameters: { get(name: string): string | null }, extent: Extent, now: number): UsageView {
  const zone = readZone(parameters.get('zone'));
  const from = Date.parse(parameters.get('from') ?? '');
  const to = Date.parse(parameters.get('to') ?? '');
  const custom = from < to;
  const named = PRESETS.find(({ id }) => id === parameters.get('range'))?.id;
  const range = custom ? 'custom' : (named ?? defaultPreset(extent, now));
  const span = custom ? { from, to } : presetSpan(range as Preset, zone, extent, now);
  return {
    range,
    ...span,
    zone,
    grain: readGrain(parameters.get('grain'), span, zone),
    meter: parameters.get('meter'),
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

function presetSpan(preset: Preset, zone: string, extent: Extent, now: number): { from: number; to: number } {
  const soon = nextStart(now, 'hour', zone);
  if (preset === '24h') return { from: startOf(now - DAY_MS, 'hour', zone), to: soon };
  if (preset === 'month') return { from: startOf(now, 'month', zone), to: nextStart(now, 'month', zone) };
  if (preset === 'last-month') {
    const { year, month } = wallOf(now, zone);
    return { from: momentOf(zone, year, month - 1), to: momentOf(zone, year, month) };
  }
  if (preset === 'all' && extent !== null) {
    return { from: startOf(Date.parse(extent.from), 'day', zone), to: nextStart(Date.parse(extent.to), 'day', zone) };
  }
  return { from: startOf(now - 7 * DAY_MS, 'hour', zone), to: soon };
}

function readGrain(text: string | null, span: { from: number; to: number }, zone: string): Grain {
  const offered = grainsFor(span, zone);
  const wanted = offered.find((grain) => grain === text);
  if (wanted !== undefined) return wanted;
  const length = span.to - span.from;
  const fitting: Grain = length <= HOURLY_UP_TO_MS ? 'hour' : length <= DAILY_UP_TO_MS ? 'day' : 'month';
  return offered.includes(fitting) ? fitting : 'month';
}

/** The grains whose bars can still be told apart. */
export function grainsFor({ from, to }: { from: number; to: number }, zone: string): Grain[] {
  const length = to - from;
  return (['hour', 'day', 'month'] as const).filter((grain) => {
    if (grain === 'hour') return length / 3_600_000 <= BARS_MAX;
    if (grain === 'day') return length / DAY_MS <= BARS_MAX;
    return startsWithin(from, to, 'month', zone).length > 1 || length > DAILY_UP_TO_MS;
  });
}
