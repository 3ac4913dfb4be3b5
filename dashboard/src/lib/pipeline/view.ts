/** What the Pipeline page shows, read from its URL: the time of the grid, its zone, and the cell that is open. */
import type { Extent, Reconciliation } from '../types.ts';
import { readZone } from '../usage/view.ts';
import { DAY_MS, startOf } from '../zone.ts';

export const HOUR_MS = 3_600_000;

export const RANGES = [
  { id: '24h', label: '24 h', key: 'd' },
  { id: '7d', label: '7 d', key: 'w' },
] as const;
export type PipelineRange = (typeof RANGES)[number]['id'];

/** Cells of several hours, as many as still stand beside one another: by the hour up to two days, then by quarters of days, then by days. */
const STEPS = [1, 6, 24] as const;
const CELLS_MAX = 49;
const DAYS_MAX = 31;

export interface PipelineView {
  range: PipelineRange | 'custom';
  /** Whole hours of UTC. */
  from: number;
  to: number;
  /** Hours of one cell. */
  step: (typeof STEPS)[number];
  zone: string;
  /** The cell that is open; a customer of null stands for all that have no row of their own. */
  open: { customer: string | null; from: number } | null;
  /** Whether as many customers as the API lists have a row of their own. */
  isLong: boolean;
}

interface Known {
  extent: Extent;
  found: Reconciliation | undefined;
}

export function readPipelineView(parameters: { get(name: string): string | null }, known: Known, now: number): PipelineView {
  const zone = readZone(parameters.get('zone'));
  const from = Date.parse(parameters.get('from') ?? '');
  const to = Date.parse(parameters.get('to') ?? '');
  const named = RANGES.find(({ id }) => id === parameters.get('range'))?.id;
  const chosen = from < to ? { range: 'custom' as const, from, to } : named === undefined ? defaultSpan(known, now) : spanOf(named, now);
  const span = toCells({ from: hourBelow(chosen.from), to: Math.ceil(chosen.to / HOUR_MS) * HOUR_MS }, zone);
  return { range: chosen.range, ...span, zone, open: readOpen(parameters, known.found, span), isLong: parameters.get('rows') === 'all' };
}

function spanOf(range: PipelineRange, now: number): { range: PipelineRange; from: number; to: number } {
  const to = hourBelow(now) + HOUR_MS;
  return { range, from: to - (range === '24h' ? DAY_MS + HOUR_MS : 7 * DAY_MS), to };
}

/** The last day; where nothing happened in it, the hour that differs, else the last day of the data. */
function defaultSpan({ extent, found }: Known, now: number): { range: PipelineView['range']; from: number; to: number } {
  const day = spanOf('24h', now);
  const differing = firstDiffering(found);
  if (differing !== undefined && !(differing >= day.from && differing < day.to))
    return { range: 'custom', from: differing - DAY_MS / 2, to: differing + DAY_MS / 2 };
  if (differing === undefined && extent !== null && Date.parse(extent.to) <= day.from) {
    const to = Math.ceil(Date.parse(extent.to) / HOUR_MS) * HOUR_MS;
    return { range: 'custom', from: to - DAY_MS, to };
  }
  return day;
}

/** The first difference stands open while nobody has opened another cell. */
function readOpen(parameters: { get(name: string): string | null }, found: Reconciliation | undefined, span: Span): PipelineView['open'] {
  const from = Date.parse(parameters.get('hour') ?? '');
  if (!Number.isNaN(from)) return { customer: parameters.get('customer') || null, from };
  if (parameters.get('hour') === 'none') return null;
  const first = found?.cells.find(({ state, hour }) => state === 'differs' && Date.parse(hour) >= span.from && Date.parse(hour) < span.to);
  if (first === undefined) return null;
  const hour = Date.parse(first.hour);
  return { customer: first.customer, from: hour - ((hour - span.from) % (span.step * HOUR_MS)) };
}

function firstDiffering(found: Reconciliation | undefined): number | undefined {
  const cell = found?.cells.find(({ state }) => state === 'differs');
  return cell === undefined ? undefined : Date.parse(cell.hour);
}

type Span = Pick<PipelineView, 'from' | 'to' | 'step'>;

/** At most 31 days, the last ones; cells of several hours begin with a day of the zone. */
function toCells({ from, to }: { from: number; to: number }, zone: string): Span {
  const start = Math.max(from, to - DAYS_MAX * DAY_MS);
  const step = STEPS.find((hours) => (to - start) / (hours * HOUR_MS) <= CELLS_MAX) ?? 24;
  return { from: step === 1 ? start : hourBelow(startOf(start, 'day', zone)), to, step };
}

function hourBelow(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}
