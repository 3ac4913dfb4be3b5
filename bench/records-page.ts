/** A page of `GET /v1/records` at any depth: the first, from the middle, the last; of everybody and of one customer. */
import { connectEmbedded } from '../test/support/embedded-postgres.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import type { Static } from 'typebox';
import type { RecordList } from '../schemas/http/usage.ts';
import { encodePlace, type RecordPlace } from '../api/queries/records.ts';
import type { BenchCase, BenchResult } from './figure.ts';
import { startProgram } from './program.ts';
import type { Sizes } from './sizes.ts';
import { customerIndex, customerName, idOf, METERS, type StoredEvents } from './stored/events.ts';
import { beginStores, fillStores, FIRST_EVENTS } from './stored/fill.ts';
import { CALLS_HEADER, callsRow, figuresOf, timeCalls, type TimedCalls } from './timed-calls.ts';

/** A tenth of the stored events of the largest case: 10 million where nothing else is asked for. */
const STORED_SHARE = 10;
const PAGE_ROWS = 100;
const CALLS = 40;
const WANTED_MS = '50';

export const recordsPage: BenchCase = { name: 'records-page', title: 'A page of records at any depth', run };

async function run({ storedEvents, customers }: Sizes): Promise<BenchResult> {
  const stored = Math.max(FIRST_EVENTS * 2, Math.floor(storedEvents / STORED_SHARE));
  const events: StoredEvents = { customers, capacity: stored, ids: 'ordered' };
  const directory = await makeDataDirectory('tallyline-bench-records-');
  try {
    await beginStores(directory.path, events);
    await fillStores(directory.path, { events, from: FIRST_EVENTS, to: stored, stores: ['postgres'] });
    const tallyline = await startProgram(directory.path);
    try {
      const measured = await measure(tallyline, events, stored);
      return {
        figures: measured.flatMap(([name, calls]) => figuresOf(`records-page/${name}`, calls)),
        lines: describe(measured, events, stored),
      };
    } finally {
      await tallyline.stop();
    }
  } finally {
    await directory.remove();
  }
}

type Measured = readonly (readonly [string, TimedCalls])[];

interface Filter {
  customer?: number;
  meter?: number;
}

/** A page that begins after event `after`, as the list goes: the first where there is none. */
interface Page {
  filter: Filter;
  after: number | undefined;
}

async function measure(tallyline: Tallyline, events: StoredEvents, stored: number): Promise<Measured> {
  const some = Array.from({ length: CALLS }, (_, at) => Math.floor((at * events.customers) / CALLS));
  const filters: readonly (readonly [string, readonly Filter[]])[] = [
    ['everybody', some.map(() => ({}))],
    ['one customer', some.map((customer) => ({ customer }))],
    ['one meter', some.map((_, at) => ({ meter: at % METERS.length }))],
    ['one customer and meter', some.map((customer, at) => ({ customer, meter: at % METERS.length }))],
  ];
  const depths: readonly (readonly [string, (filter: Filter, at: number) => number | undefined])[] = [
    ['first page', () => undefined],
    // No two calls have the same page.
    ['page in the middle', (filter, at) => matching(events, filter, Math.floor(stored / 2) - at * PAGE_ROWS, -1, 1, stored).at(-1)],
    ['last page', (filter) => matching(events, filter, 0, 1, PAGE_ROWS + 1, stored).at(PAGE_ROWS)],
  ];
  const measured: [string, TimedCalls][] = [];
  for (const [name, queries] of filters) {
    for (const [depth, afterOf] of depths) {
      const pages = queries.map((filter, at) => ({ filter, after: afterOf(filter, at) }));
      const calls = await timePages(tallyline, events, stored, pages);
      console.log(`records of ${stored}, ${name}, ${depth}: p50 ${calls.p50.toFixed(1)}, p95 ${calls.p95.toFixed(1)} ms`);
      measured.push([`${name}, ${depth}`, calls]);
    }
  }
  return measured;
}

/** Each answer has to have the ids that the numbers of the events say. */
async function timePages(tallyline: Tallyline, events: StoredEvents, stored: number, pages: readonly Page[]): Promise<TimedCalls> {
  const paths: string[] = [];
  for (const page of pages) paths.push(await pathOf(tallyline.dataDirectory, events, page));
  const expected = new Map(
    pages.map(({ filter, after = stored }, at) => [
      paths[at],
      matching(events, filter, after - 1, -1, PAGE_ROWS, stored).map((n) => idOf(events.ids, n)),
    ]),
  );
  return timeCalls<Static<typeof RecordList>>(tallyline, paths, ({ items }, path) => {
    const [told, counted] = [items.map(({ id }) => id).join(), expected.get(path)?.join()];
    if (told !== counted) throw new Error(`${path} answers ${told.slice(0, 100)} …, where ${counted?.slice(0, 100)} … stand`);
  });
}

/** The first `count` events that match, from number `from` on, upwards or downwards. */
function matching(events: StoredEvents, { customer, meter }: Filter, from: number, step: 1 | -1, count: number, stored: number): number[] {
  const found: number[] = [];
  for (let n = from; found.length < count && n >= 0 && n < stored; n += step) {
    if (customer !== undefined && customerIndex(events, n) !== customer) continue;
    if (meter === undefined || n % METERS.length === meter) found.push(n);
  }
  return found;
}

async function pathOf(dataDirectory: string, events: StoredEvents, { filter, after }: Page): Promise<string> {
  const query = new URLSearchParams({ limit: String(PAGE_ROWS) });
  if (filter.customer !== undefined) query.set('customer', customerName(filter.customer));
  if (filter.meter !== undefined) query.set('meter', METERS[filter.meter] ?? '');
  if (after !== undefined) query.set('cursor', await cursorAfter(dataDirectory, events, after));
  return `/v1/records?${query}`;
}

/** The cursor of the page before: the place of its last record. */
async function cursorAfter(dataDirectory: string, events: StoredEvents, n: number): Promise<string> {
  const client = await connectEmbedded(dataDirectory);
  try {
    const { rows } = await client.query<RecordPlace>(
      `SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time, epoch, partition, "offset", idx
       FROM usage_records WHERE customer = $1 AND id = $2`,
      [customerName(customerIndex(events, n)), idOf(events.ids, n)],
    );
    if (rows[0] === undefined) throw new Error(`event ${n} is not stored`);
    return encodePlace(rows[0]);
  } finally {
    await client.end();
  }
}

function describe(measured: Measured, { customers }: StoredEvents, stored: number): string[] {
  return [
    `Pages of ${PAGE_ROWS} out of ${stored} records of ${customers} customers, ${CALLS} calls each, for different customers and pages. Its first ${FIRST_EVENTS} came through the program; the`,
    "others were inserted into its table, batch by batch as the records consumer does. Every answer was compared with the events' own numbers.",
    '',
    ...CALLS_HEADER,
    ...measured.map(([name, calls]) => callsRow(name, calls, WANTED_MS)),
  ];
}
