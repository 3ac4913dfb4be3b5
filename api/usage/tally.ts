/** Figures that grow row by row: of a range, of its bars, and of the period before. */
import { ONE } from '../../core/contribution.ts';
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { Window } from '../../core/window.ts';
import type { Aggregation } from '../../schemas/http/customers.ts';
import type { WindowUsage } from '../queries/usage.ts';
import { isAdditive } from './shown-usage.ts';

/** Adds up what comes, window by window. */
export interface Tally {
  quantity: bigint;
  events: number;
  previous: bigint;
  previousEvents: number;
  spark: bigint[];
  sparkEvents: number[];
  previousSpark: bigint[];
}

export interface Places {
  /** All that is to be read. */
  windows: readonly Window[];
  current: ReadonlyMap<number, number>;
  before: ReadonlyMap<number, number>;
  comparedTo: number;
}

/** The windows of both periods; the one in which the comparison ends is read in two parts, which count as one bar. */
export function placesOf(windows: readonly Window[], previousWindows: readonly Window[], comparedTo: number): Places {
  const before = new Map<number, number>();
  const read: Window[] = [];
  previousWindows.forEach(({ from, to }, index) => {
    const cuts = from < comparedTo && comparedTo < to ? [from, comparedTo, to] : [from, to];
    cuts.slice(1).forEach((end, part) => {
      const start = cuts[part] ?? from;
      before.set(start, index);
      read.push({ from: start, to: end });
    });
  });
  return { windows: [...read, ...windows], current: new Map(windows.map(({ from }, index) => [from, index])), before, comparedTo };
}

export function newTally(windows: readonly Window[], previousWindows: readonly Window[]): Tally {
  return {
    quantity: 0n,
    events: 0,
    previous: 0n,
    previousEvents: 0,
    spark: windows.map(() => 0n),
    sparkEvents: windows.map(() => 0),
    previousSpark: previousWindows.map(() => 0n),
  };
}

/** Several rows fall into one window where events of all meters are counted. */
export function addTo(tally: Tally, row: WindowUsage, aggregation: Aggregation, { current, before, comparedTo }: Places): void {
  const quantity = quantityOf(row, aggregation);
  const events = Number(row.events);
  const join = (a: bigint, b: bigint) => (isAdditive(aggregation) ? a + b : a > b ? a : b);
  const place = current.get(row.window.from);
  if (place !== undefined) {
    tally.quantity = tally.events === 0 ? quantity : join(tally.quantity, quantity);
    tally.spark[place] = tally.sparkEvents[place] === 0 ? quantity : join(tally.spark[place] ?? 0n, quantity);
    tally.events += events;
    tally.sparkEvents[place] = (tally.sparkEvents[place] ?? 0) + events;
    return;
  }
  const earlier = before.get(row.window.from);
  if (earlier === undefined) return;
  tally.previousSpark[earlier] = join(tally.previousSpark[earlier] ?? 0n, quantity);
  if (row.window.from >= comparedTo) return;
  tally.previous = tally.previousEvents === 0 ? quantity : join(tally.previous, quantity);
  tally.previousEvents += events;
}

function quantityOf(row: WindowUsage, aggregation: Aggregation): bigint {
  if (aggregation === 'count') return BigInt(row.events) * ONE;
  return toScaled(aggregation === 'max' ? row.max : row.quantity, QUANTITY_SCALE);
}

export function text(quantity: bigint): string {
  return formatDecimal(quantity, QUANTITY_SCALE);
}
