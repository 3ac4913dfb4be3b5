/** What the API has to answer about stored events, counted from their numbers alone: no store and none of the program's code has a part in it. */
import { customerIndex, customerName, HOUR_MS, hourOf, HOURS, METERS, quantityOf, START_MS, type StoredEvents } from './events.ts';

/** `<start of the hour, RFC 3339> <meter>` → `<events> <sum>`. */
export type HourSums = ReadonlyMap<string, string>;

class Tally {
  /** Thousandths. */
  readonly sums = new BigInt64Array(HOURS * METERS.length);
  readonly events = new Uint32Array(HOURS * METERS.length);
}

/** Of events [from, to): by the names of these customers, and of all customers under ''. */
export function sumHours(events: StoredEvents, from: number, to: number, customers: readonly number[]): Map<string, HourSums> {
  const all = new Tally();
  const tallies = new Map(customers.map((index) => [index, new Tally()]));
  for (let n = from; n < to; n += 1) {
    const cell = hourOf(events, n) * METERS.length + (n % METERS.length);
    const quantity = BigInt(quantityOf(n));
    const own = tallies.get(customerIndex(events, n));
    for (const tally of own === undefined ? [all] : [all, own]) {
      tally.sums[cell] = (tally.sums[cell] ?? 0n) + quantity;
      tally.events[cell] = (tally.events[cell] ?? 0) + 1;
    }
  }
  return new Map([['', toHours(all)], ...[...tallies].map(([index, tally]) => [customerName(index), toHours(tally)] as const)]);
}

function toHours({ sums, events }: Tally): HourSums {
  const hours = new Map<string, string>();
  for (const [cell, count] of events.entries()) {
    if (count === 0) continue;
    const start = new Date(START_MS + Math.floor(cell / METERS.length) * HOUR_MS).toISOString().replace('.000Z', 'Z');
    hours.set(`${start} ${METERS[cell % METERS.length]}`, `${count} ${thousandths(sums[cell] ?? 0n)}`);
  }
  return hours;
}

function thousandths(sum: bigint): string {
  const fraction = String(sum % 1000n)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(sum / 1000n) : `${sum / 1000n}.${fraction}`;
}
