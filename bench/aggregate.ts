/** Hours of 30 days through `GET /v1/usage`, for one customer and for all, over a hundredth, a tenth and all of the stored events. */
import type { Usage } from '../schemas/http/usage.ts';
import { makeDataDirectory } from '../test/support/tallyline.ts';
import { besideCase, type BenchCase, type BenchResult, type Figure } from './figure.ts';
import { startProgram } from './program.ts';
import type { Sizes } from './sizes.ts';
import { sumHours, type HourSums } from './stored/expected.ts';
import { customerName, HOUR_MS, HOURS, START_MS, type StoredEvents } from './stored/events.ts';
import { beginStores, fillStores, FIRST_EVENTS } from './stored/fill.ts';
import { CALLS_HEADER, callsRow, figuresOf, timeCalls, type TimedCalls } from './timed-calls.ts';

/** Different customers, so that none is answered from what the one before has left in a cache of the program. */
const CUSTOMERS_CALLED = 40;
const ALL_CALLS = 20;
const WARM_CALLS = 3;
/** Of the issue: milliseconds for one customer and for all. */
const WANTED: Readonly<Record<number, readonly [string, string]>> = { 10_000_000: ['50', '150'], 100_000_000: ['100', '600'] };

interface Level {
  stored: number;
  parts: number;
  one: TimedCalls;
  all: TimedCalls;
}

export const aggregate: BenchCase = { name: 'aggregate', title: 'Hours of 30 days', run };

async function run({ storedEvents, customers }: Sizes): Promise<BenchResult> {
  const levels: Level[] = [];
  for (const stored of levelsOf(storedEvents)) levels.push(await measure(stored, customers));
  return { figures: toFigures(levels), lines: describe(levels, customers) };
}

/** A hundredth, a tenth, and all; never less than what comes through the program. */
export function levelsOf(storedEvents: number): number[] {
  return [100, 10, 1].map((part) => Math.floor(storedEvents / part)).filter((stored) => stored > FIRST_EVENTS);
}

async function measure(stored: number, customers: number): Promise<Level> {
  const events: StoredEvents = { customers, capacity: stored, ids: 'ordered' };
  const directory = await makeDataDirectory('tallyline-bench-aggregate-');
  try {
    await beginStores(directory.path, events);
    const { parts = 0 } = await fillStores(directory.path, { events, from: FIRST_EVENTS, to: stored, stores: ['clickhouse'] });
    const called = Array.from({ length: Math.min(CUSTOMERS_CALLED, customers) }, (_, at) =>
      Math.floor((at * customers) / CUSTOMERS_CALLED),
    );
    const expected = sumHours(events, 0, stored, [...new Set(called)]);
    const tallyline = await startProgram(directory.path);
    try {
      const check = (answer: Usage, path: string) =>
        requireHours(answer, expected, new URLSearchParams(path.split('?')[1]).get('customer'));
      const all = Array.from({ length: ALL_CALLS }, () => usagePath());
      await timeCalls(tallyline, all.slice(0, WARM_CALLS), check);
      const level: Level = {
        stored,
        parts,
        one: await timeCalls(
          tallyline,
          [...new Set(called)].map((index) => usagePath(customerName(index))),
          check,
        ),
        all: await timeCalls(tallyline, all, check),
      };
      console.log(
        `${stored} events in ${parts} parts: one customer p95 ${level.one.p95.toFixed(1)} ms, all p95 ${level.all.p95.toFixed(1)} ms`,
      );
      return level;
    } finally {
      await tallyline.stop();
    }
  } finally {
    await directory.remove();
  }
}

function usagePath(customer?: string): string {
  const range = { from: new Date(START_MS).toISOString(), to: new Date(START_MS + HOURS * HOUR_MS).toISOString() };
  return `/v1/usage?${new URLSearchParams({ ...range, grain: 'hour', timeZone: 'UTC', ...(customer === undefined ? {} : { customer }) })}`;
}

/** Every bucket against the count that was made from the numbers of the events alone. */
function requireHours({ buckets }: Usage, expected: ReadonlyMap<string, HourSums>, customer: string | null): void {
  const hours = expected.get(customer ?? '');
  if (hours === undefined) throw new Error(`nothing was counted for ${customer}`);
  const told = new Map(buckets.map(({ start, meter, quantity, events }) => [`${start} ${meter}`, `${events} ${quantity}`]));
  for (const [key, sum] of hours) {
    if (told.get(key) !== sum) throw new Error(`${customer ?? 'all'}, ${key}: the answer is ${told.get(key)}, counted were ${sum}`);
  }
  if (told.size !== hours.size) throw new Error(`${customer ?? 'all'}: ${told.size} hours answered, ${hours.size} counted`);
}

/** More events beside the fewest. */
function toFigures(levels: readonly Level[]): Figure[] {
  const [fewest] = levels;
  return (['one', 'all'] as const).flatMap((whose) =>
    besideCase(
      levels.flatMap((level) => figuresOf(caseName(whose, level), level[whose])),
      fewest === undefined ? '' : caseName(whose, fewest),
    ),
  );
}

function caseName(whose: 'one' | 'all', { stored }: Level): string {
  return `aggregate/${whose === 'one' ? 'one customer' : 'all customers'}, ${stored} events`;
}

function describe(levels: readonly Level[], customers: number): string[] {
  return [
    `\`GET /v1/usage\` by hours over the ${HOURS} hours that have events, three meters, ${customers} customers: each call for one of ${Math.min(CUSTOMERS_CALLED, customers)} customers, or`,
    `${ALL_CALLS} times for all. The first ${FIRST_EVENTS} events came through the program; the others were inserted into its own table, one block per partition of`,
    'the log and range as the rollups consumer does, and merged until no merge was left. Every bucket of every answer was compared with a count made',
    'from the numbers of the events alone.',
    '',
    ...CALLS_HEADER,
    ...levels.flatMap(({ stored, parts, one, all }) => {
      const [oneWanted = '', allWanted = ''] = WANTED[stored] ?? [];
      return [
        callsRow(`one customer, ${stored} events in ${parts} parts`, one, oneWanted),
        callsRow(`all customers, ${stored} events in ${parts} parts`, all, allWanted),
      ];
    }),
  ];
}
