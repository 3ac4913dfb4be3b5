/** A file without end, of which tests take pieces: row n always says the same, so that pieces overlap where their numbers do. */
import type { Mapping } from '../../schemas/http/imports.ts';
import type { Usage } from './stores.ts';

/** Enough for every one of six partitions to have several. */
export const CUSTOMERS = 41;
export const METER = 'calls';

export const MAPPING: Mapping = {
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { const: METER }, quantity: 'quantity' }],
};
/** Bills a thousand times too much. */
export const WRONG_MAPPING: Mapping = { ...MAPPING, measures: [{ meter: { const: METER }, quantity: 'bytes' }] };

const HEADER = 'id,customer,time,quantity,bytes\n';
/** Rows per piece of text: some 60 kB. */
const ROWS_PER_CHUNK = 1_000;

/** The first and the last moment of all rows, half-open. */
export const PERIOD = { from: '2026-09-01T00:00:00Z', to: '2026-11-01T00:00:00Z' };

export const customerOf = (n: number) => `customer-${n % CUSTOMERS}`;
/** In two months of 2026. Of the first 140,000 rows no two share customer, hour and minute. */
export function timeOf(n: number): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `2026-${two(9 + (n % 2))}-${two(1 + (n % 29))}T${two(n % 24)}:${two(n % 60)}:${two(Math.floor(n / 60) % 60)}Z`;
}
/** Quantity in thousandths. */
export const milliOf = (n: number) => (n % 9_973) + 1;

/** Rows `from` to `to`, half-open, in pieces. */
export function* fileOf(from: number, to: number): Generator<string> {
  yield HEADER;
  for (let at = from; at < to; at += ROWS_PER_CHUNK) {
    let chunk = '';
    for (let n = at; n < Math.min(to, at + ROWS_PER_CHUNK); n += 1)
      chunk += `${n},${customerOf(n)},${timeOf(n)},${milliOf(n) / 1000},${milliOf(n)}\n`;
    yield chunk;
  }
}

export const textOf = (from: number, to: number) => [...fileOf(from, to)].join('');

/** What is billed when exactly the rows of these half-open intervals are; they must not overlap. */
export function usageOf(...intervals: readonly (readonly [number, number])[]): Usage {
  const milli = new Array<number>(CUSTOMERS).fill(0);
  const events = new Array<number>(CUSTOMERS).fill(0);
  for (const [from, to] of intervals) {
    for (let n = from; n < to; n += 1) {
      milli[n % CUSTOMERS] = (milli[n % CUSTOMERS] ?? 0) + milliOf(n);
      events[n % CUSTOMERS] = (events[n % CUSTOMERS] ?? 0) + 1;
    }
  }
  const usage = milli.map((sum, k) => [`${customerOf(k)} ${METER}`, { events: events[k] ?? 0, quantity: decimalOf(sum) }] as const);
  return Object.fromEntries(usage.filter(([, { events: count }]) => count > 0));
}

/** Of thousandths, as stores write it: without zeros at the end. */
export function decimalOf(milli: number): string {
  const fraction = String(milli % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${Math.floor(milli / 1000)}${fraction === '' ? '' : `.${fraction}`}`;
}
