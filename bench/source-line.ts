/** `GET /v1/records/{key}/source`: the line behind a record, out of a stored file of gigabytes, at its begin, middle and end, and anywhere. */
import { join } from 'node:path';
import { openDirectoryFileStore } from '../platform/file-store/directory.ts';
import { LineIndexBuilder, tapLines } from '../ingest/csv/line-index.ts';
import type { StoredDialect } from '../schemas/http/imports.ts';
import type { Source } from '../schemas/http/usage.ts';
import { encodePlace } from '../api/queries/records.ts';
import { makeDataDirectory } from '../test/support/tallyline.ts';
import type { BenchCase, BenchResult } from './figure.ts';
import { startProgram } from './program.ts';
import type { Sizes } from './sizes.ts';
import { customerIndex, eventRow, eventsCsv, timeOf, type StoredEvents } from './stored/events.ts';
import { beginStores, FIRST_EVENTS, readPlace, withPostgres } from './stored/fill.ts';
import { insertEvents } from './stored/fill-postgres.ts';
import { CALLS_HEADER, callsRow, figuresOf, timeCalls, type TimedCalls } from './timed-calls.ts';

const CALLS = 50;
const WARM_CALLS = 5;
const WANTED_MS = '20';
/** Lines that an answer shows before and after the one that was asked for; what the dashboard asks for. */
const CONTEXT = 3;

export const sourceLine: BenchCase = { name: 'source-line', title: 'A line of a stored file', run };

async function run({ megabytes, customers }: Sizes): Promise<BenchResult> {
  const sized: StoredEvents = { customers, capacity: 1, ids: 'ordered' };
  // Rows are of nearly one length.
  const rows = Math.max(FIRST_EVENTS * 4, Math.ceil((megabytes * 1e6) / (eventRow({ ...sized, capacity: 1e8 }, 123_456).length + 1)));
  const events: StoredEvents = { ...sized, capacity: rows };
  const directory = await makeDataDirectory('tallyline-bench-source-');
  try {
    await beginStores(directory.path, events);
    const places = PLACES.map(([name, at]) => [name, Array.from({ length: CALLS }, (_, call) => at(call, rows))] as const);
    const keys = await storeFile(directory.path, events, rows, [...new Set(places.flatMap(([, numbers]) => numbers))]);
    const tallyline = await startProgram(directory.path);
    try {
      const measured: [string, TimedCalls][] = [];
      for (const [name, numbers] of [['warm-up', numbersOf(places)] as const, ...places]) {
        const byPath = new Map(numbers.map((n) => [`/v1/records/${keys.get(n)}/source?context=${CONTEXT}`, n]));
        const calls = await timeCalls<Source>(tallyline, [...byPath.keys()], (answer, path) =>
          requireLine(events, answer, byPath.get(path)),
        );
        console.log(`line of ${megabytes} MB, ${name}: p50 ${calls.p50.toFixed(1)}, p95 ${calls.p95.toFixed(1)} ms`);
        if (name !== 'warm-up') measured.push([name, calls]);
      }
      return {
        figures: measured.flatMap(([name, calls]) => figuresOf(`source-line/${name}`, calls)),
        lines: describe(measured, rows, megabytes),
      };
    } finally {
      await tallyline.stop();
    }
  } finally {
    await directory.remove();
  }
}

/** Numbers of events; their lines are two further. `call`: no two calls have the same line. */
const PLACES: readonly (readonly [string, (call: number, rows: number) => number])[] = [
  ['begin', (call) => FIRST_EVENTS + CONTEXT + call],
  ['middle', (call, rows) => Math.floor(rows / 2) + call],
  ['end', (call, rows) => rows - 1 - CONTEXT - call],
  // The golden ratio goes over the whole file without coming back.
  ['anywhere', (call, rows) => FIRST_EVENTS + Math.floor((((call + 1) * 0.618_033_988_749_895) % 1) * (rows - FIRST_EVENTS - 2 * CONTEXT))],
];

function numbersOf(places: readonly (readonly [string, readonly number[]])[]): number[] {
  return places.flatMap(([, numbers]) => numbers.slice(0, WARM_CALLS));
}

/** The whole file in place of that of the first events, with its index, and the records of the lines that are asked for. Answers their keys. */
async function storeFile(
  dataDirectory: string,
  events: StoredEvents,
  rows: number,
  numbers: readonly number[],
): Promise<Map<number, string>> {
  const keys = new Map<number, string>();
  const dialect = await withPostgres(dataDirectory, async (client) => {
    const place = await readPlace(client, events);
    let [offset = 0] = place.offsets;
    for (const n of numbers) {
      const partition = place.partitionOf[customerIndex(events, n)] ?? 0;
      await insertEvents(
        client,
        { events, ...place },
        n,
        n + 1,
        place.offsets.map(() => offset),
      );
      keys.set(
        n,
        encodePlace({
          time: timeOf(events, n),
          epoch: String(place.epoch),
          partition: String(partition),
          offset: String(offset),
          idx: '0',
        }),
      );
      offset += 1;
    }
    const found = await client.query<{ id: string; dialect: StoredDialect }>('SELECT id::text, dialect FROM imports WHERE id = $1', [
      place.importId,
    ]);
    return found.rows[0];
  });
  if (dialect === undefined) throw new Error('the import of the first events is gone');
  const files = await openDirectoryFileStore({ root: join(dataDirectory, 'files'), alone: true });
  const index = new LineIndexBuilder(dialect.dialect);
  await files.write(dialect.id, 'original', tapLines(bytesOf(events, rows), index));
  await files.write(dialect.id, 'lines', index.read());
  return keys;
}

async function* bytesOf(events: StoredEvents, rows: number): AsyncGenerator<Uint8Array> {
  for (const text of eventsCsv(events, 0, rows)) yield Buffer.from(text);
}

function requireLine(events: StoredEvents, { line, raw, cells, before, after }: Source, n: number | undefined): void {
  if (n === undefined) throw new Error('nobody has asked for this line');
  const text = [...before, { line, raw }, ...after].map((told) => `${told.line} ${told.raw}`).join('\n');
  const expected = Array.from({ length: 2 * CONTEXT + 1 }, (_, at) => n - CONTEXT + at).map(
    (number) => `${number + 2} ${eventRow(events, number)}`,
  );
  if (text !== expected.join('\n') || cells.join(',') !== eventRow(events, n)) throw new Error(`line ${n + 2} is not\n${text}`);
}

function describe(measured: readonly (readonly [string, TimedCalls])[], rows: number, megabytes: number): string[] {
  return [
    `A record's line with the ${CONTEXT} before and after it, out of a file of ${rows} lines, ${megabytes} MB; ${CALLS} calls each, no line twice. An import's file was replaced by the`,
    "large one, written by the program's own file store and line index, and the records of the lines asked for were inserted. The file's pages may be in the",
    "system's memory, as they are after an import. Every line of every answer was compared with the line that was written.",
    '',
    ...CALLS_HEADER,
    ...measured.map(([name, calls]) => callsRow(name, calls, WANTED_MS)),
  ];
}
