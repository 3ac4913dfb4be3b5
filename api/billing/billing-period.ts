/** Which time an invoice bills: the month that was asked for in the customer's zone, joined to what was billed before. */
import { monthPeriod, type Window } from '../../core/window.ts';
import { HOUR_MS } from '../../core/zone.ts';

/** No two zones are further apart: a month begins at most so much later, or earlier, after a customer has moved. */
const ZONES_APART_MAX_MS = 26 * HOUR_MS;

/**
 * The month in the zone. Where the last final invoice ended near its beginning, which it does when the customer's zone has changed, the period
 * begins there, so that no hour is billed twice or never. `billedTo`: ends of the customer's final invoices, epoch ms.
 */
export function billingPeriod(month: string, timeZone: string, billedTo: readonly number[]): Window {
  const { from, to } = monthPeriod(month, timeZone);
  const ends = billedTo.filter((end) => Math.abs(end - from) <= ZONES_APART_MAX_MS);
  return { from: ends.length === 0 ? from : Math.max(...ends), to };
}
