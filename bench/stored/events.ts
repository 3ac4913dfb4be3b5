/**
 * The events that stores are filled with: number n gives the same event here, in the SQL of both stores, and in the file that the program
 * imports. One rate for ever: a longer history is more days, not more events an hour.
 */
import { hash } from 'node:crypto';
import { partitionFor } from '../../platform/event-log/partition-for.ts';
import type { Mapping } from '../../schemas/http/imports.ts';

/** `ordered`: n itself. `content`: none in the file, so the program makes it from the row. `random`: a hash of n. */
export type IdKind = 'ordered' | 'content' | 'random';

export interface StoredEvents {
  customers: number;
  /** As many events as 30 days have. */
  capacity: number;
  ids: IdKind;
}

export const METERS = ['api_calls', 'gigabyte_hours', 'messages'] as const;
export const START_MS = Date.UTC(2026, 0, 1);
export const HOUR_MS = 3_600_000;
export const HOURS = 720;
const PERIOD_US = HOURS * HOUR_MS * 1000;
/** Knuth's multiplicative hash: neighbours get other customers and quantities. */
const SCATTER = 2_654_435_761;
const REGION = 'eu-central-1';
const CHUNK_ROWS = 2_000;

/** Microseconds between two events. Times are multiples of it, so that they are exact in JavaScript too. */
export function stepMicroseconds({ capacity }: StoredEvents): number {
  return Math.floor(PERIOD_US / capacity);
}

function scattered(n: number): number {
  return Math.imul(n, SCATTER) >>> 0;
}

export function customerIndex(events: StoredEvents, n: number): number {
  return scattered(n) % events.customers;
}

export function customerName(index: number): string {
  return `customer-${String(index).padStart(4, '0')}`;
}

/** Thousandths. */
export function quantityOf(n: number): number {
  return (scattered(n) % 10_000) * 1000 + (n % 1000);
}

/** Hour since the beginning. */
export function hourOf(events: StoredEvents, n: number): number {
  return Math.floor((n * stepMicroseconds(events)) / (HOUR_MS * 1000));
}

export function partitionsOf({ customers }: StoredEvents, partitions: number): number[] {
  return Array.from({ length: customers }, (_, index) => partitionFor(customerName(index), partitions));
}

export function mappingOf({ ids }: StoredEvents): Mapping {
  return {
    ...(ids === 'content' ? {} : { id: 'id' }),
    customer: 'customer_id',
    time: 'timestamp',
    measures: [{ meter: { column: 'event_name' }, quantity: 'quantity' }],
  };
}

/** Events [from, to) as the file that a person would upload, some 90 bytes a row. */
export function* eventsCsv(events: StoredEvents, from: number, to: number): Generator<string> {
  yield `${headerOf(events)}\n`;
  for (let begin = from; begin < to; begin += CHUNK_ROWS) {
    let text = '';
    for (let n = begin; n < Math.min(begin + CHUNK_ROWS, to); n += 1) text += `${eventRow(events, n)}\n`;
    yield text;
  }
}

function headerOf({ ids }: StoredEvents): string {
  return `${ids === 'content' ? '' : 'id,'}customer_id,timestamp,event_name,quantity,region`;
}

/** Line n + 2 of the file of all events. */
export function eventRow(events: StoredEvents, n: number): string {
  const quantity = `${scattered(n) % 10_000}.${String(n % 1000).padStart(3, '0')}`;
  const id = events.ids === 'content' ? '' : `${idOf(events.ids, n)},`;
  return `${id}${customerName(customerIndex(events, n))},${timeOf(events, n)},${METERS[n % METERS.length]},${quantity},${REGION}`;
}

/** RFC 3339 with microseconds. */
export function timeOf(events: StoredEvents, n: number): string {
  const us = n * stepMicroseconds(events);
  const ms = new Date(START_MS + Math.floor(us / 1000)).toISOString();
  return `${ms.slice(0, -1)}${String(us % 1000).padStart(3, '0')}Z`;
}

/** Not of `content`, which the program makes. */
export function idOf(ids: IdKind, n: number): string {
  return ids === 'random' ? hash('md5', String(n)) : `e${String(n).padStart(12, '0')}`;
}

/**
 * The same in Postgres: events [$1, $2) with what usage_records says of them. Of an id from the content: the hour, and the hash that
 * core/identity.ts makes of the named cells; the fill compares the first rows with those of the program.
 */
export function eventsInPostgres(events: StoredEvents): string {
  const cells = [
    ['customer_id', 'customer'],
    ['event_name', 'meter'],
    ['quantity', 'quantity'],
    ['region', `'${REGION}'`],
    ['timestamp', 'told'],
  ];
  const said = cells.map(([name = '', cell = '']) => `'${name.length}:${name}=' || length(${cell}) || ':' || ${cell}`).join(' || ');
  const contentHash = `translate(left(encode(substr(sha256(convert_to(${said}, 'UTF8')), 1, 16), 'base64'), 22), '+/', '-_')`;
  const ids: Record<IdKind, string> = {
    ordered: `'e' || lpad(n::text, 12, '0')`,
    random: 'md5(n::text)',
    content: `left(told, 13) || '~' || ${contentHash}`,
  };
  return `
    SELECT n, customer, ${ids[events.ids]} AS id, meter, told::timestamptz AS time,
           trim_scale(quantity::numeric) AS quantity, '{}' AS properties, customer_index
    FROM (
      SELECT n, mixed % ${events.customers} AS customer_index,
             'customer-' || lpad((mixed % ${events.customers})::text, 4, '0') AS customer,
             (ARRAY[${METERS.map((meter) => `'${meter}'`).join(', ')}])[n % ${METERS.length} + 1] AS meter,
             (mixed % 10000) || '.' || lpad((n % 1000)::text, 3, '0') AS quantity,
             to_char(TIMESTAMP '2026-01-01' + n * ${stepMicroseconds(events)} * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS told
      FROM (SELECT n, (n * ${SCATTER}) & 4294967295 AS mixed FROM generate_series($1::bigint, $2::bigint - 1) AS n) AS numbers
    ) AS rows`;
}

/** And in ClickHouse, without the position. */
export function eventsInClickHouse(events: StoredEvents, from: number, count: number): string {
  const meters = METERS.map((meter) => `'${meter}'`).join(', ');
  return `
    SELECT mixed % ${events.customers} AS customer_index,
           concat('customer-', leftPad(toString(customer_index), 4, '0')) AS customer,
           [${meters}][number % ${METERS.length} + 1] AS meter,
           fromUnixTimestamp64Micro(toInt64(${START_MS * 1000} + number * ${stepMicroseconds(events)}), 'UTC') AS time,
           CAST(concat(toString(mixed % 10000), '.', leftPad(toString(number % 1000), 3, '0')), 'Decimal(38, 18)') AS quantity
    FROM (SELECT number, bitAnd(number * ${SCATTER}, 4294967295) AS mixed FROM numbers(${from}, ${count}))`;
}
