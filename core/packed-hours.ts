/** The hours of a final invoice's entry, as they are kept: a fifth of their size as objects, and exact. */
import type { HourCharge } from './due.ts';
import { formatDecimal, toScaled } from './decimal.ts';
import { QUANTITY_SCALE } from './rating.ts';

/** Start and end in epoch ms, quantity as a decimal, number of events, amount in minor units. */
export type PackedHour = [start: number, end: number, quantity: string, events: number, amount: string];

/** `events` is 0 where an adjustment changed an hour without saying by how many. */
export type CountedHour = HourCharge & { events: number };

export function packHours(hours: readonly (HourCharge & { events?: number })[]): PackedHour[] {
  return hours.map(({ start, end, quantity, amount, events = 0 }) => [
    start,
    end,
    formatDecimal(quantity, QUANTITY_SCALE),
    events,
    amount.toString(),
  ]);
}

export function unpackHours(packed: readonly PackedHour[]): CountedHour[] {
  return packed.map(([start, end, quantity, events, amount]) => ({
    start,
    end,
    quantity: toScaled(quantity, QUANTITY_SCALE),
    events,
    amount: BigInt(amount),
  }));
}
