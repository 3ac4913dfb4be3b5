/** What a reconciliation says, in sentences. Hours stand in UTC, as they are compared. */
import { subtract } from '../decimal.ts';
import { formatCount, plural } from '../format.ts';
import { formatClock, formatMoment } from '../time.ts';
import type { Reconciliation, ReconciliationCell } from '../types.ts';

const HOUR_MS = 3_600_000;
const SMALL = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine'];

export type NameOf = (customer: string) => string;

export function inWords(count: number): string {
  return SMALL[count] ?? formatCount(count);
}

function hours(count: number, verb: readonly [one: string, many: string]): string {
  return count === 1 ? `One hour ${verb[0]}` : `${inWords(count)} hours ${verb[1]}`;
}

function files(count: number, verb: readonly [one: string, many: string]): string {
  return count === 1 ? `One import ${verb[0]}` : `${inWords(count)} imports ${verb[1]}`;
}

/** The verdict in a few words, now or (when it is no longer being told) as it was. */
export function verdictOf({ state, differing, imports }: Reconciliation, isPast = false): string {
  if (state === 'checking') return 'Checking';
  if (state === 'green') return isPast ? 'Everything added up' : 'Everything adds up';
  if (differing > 0) return hours(differing, isPast ? ['differed', 'differed'] : ['differs', 'differ']);
  return files(imports.length, isPast ? ['did not add up', 'did not add up'] : ['does not add up', 'do not add up']);
}

/** "Helio Labs, 19 Nov 09:00". */
export function placeOf({ customer, hour }: ReconciliationCell, nameOf: NameOf, now: number): string {
  return `${nameOf(customer)}, ${formatMoment(Date.parse(hour), 'UTC', now)}`;
}

/** "19 Nov 09:00–10:00". */
export function hourOf({ hour }: Pick<ReconciliationCell, 'hour'>, now: number, zone = 'UTC'): string {
  const start = Date.parse(hour);
  return `${formatMoment(start, zone, now)}\u2013${formatClock(start + HOUR_MS, zone)}`;
}

export function checkedAtOf({ checkedAt }: Reconciliation): string | null {
  return checkedAt === null ? null : `${formatClock(Date.parse(checkedAt), 'UTC', true)} UTC`;
}

/** What is wrong with an hour that differs. */
export function faultOf({ postgres, clickhouse, events }: ReconciliationCell): string {
  const lacking = events.postgres - events.clickhouse;
  if (lacking > 0) return `ClickHouse lacks ${plural(lacking, 'event')} that Postgres has.`;
  if (lacking < 0) return `Postgres lacks ${plural(-lacking, 'event')} that ClickHouse has.`;
  return subtract(postgres, clickhouse) === '0'
    ? 'Both hold the same by now; the next comparison clears it.'
    : `Both hold ${plural(events.postgres, 'event')}, with different quantities.`;
}
