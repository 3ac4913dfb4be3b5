/** Which time an invoice bills: the month that was asked for in the customer's zone, joined to what was billed before. */
import { monthPeriod, type Window } from '../../core/window.ts';
import { HOUR_MS } from '../../core/zone.ts';

/** No two zones are further apart: a month begins at most so much later, or earlier, after a customer has moved. */
const ZONES_APART_MAX_MS = 26 * HOUR_MS;

/**
 * The month in the zone. Where the customer's zone has changed, what was billed for the month before ended a little off its beginning, and what
 * was billed for the next one began a little off its end: the period goes from the one to the other, so that no hour is billed twice or
 * never. `billed`: the periods of the customer's other months, epoch ms.
 */
export function billingPeriod(month: string, timeZone: string, billed: readonly Window[]): Window {
  const { from, to } = monthPeriod(month, timeZone);
  const ends = billed.map((period) => period.to).filter(isNear(from));
  const starts = billed.map((period) => period.from).filter(isNear(to));
  return { from: ends.length === 0 ? from : Math.max(...ends), to: starts.length === 0 ? to : Math.min(...starts) };
}

function isNear(edge: number): (time: number) => boolean {
  return (time) => Math.abs(time - edge) <= ZONES_APART_MAX_MS;
}
