/**
 * Stores with any number of events, as the running program would have left them: the first thousand come through it, and all others go
 * straight into the tables. Those first ones are compared with what the fill would have written, column by column.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { pino } from 'pino';
import type { Import } from '../../schemas/http/imports.ts';
import { startEmbeddedPostgres } from '../../platform/postgres/embedded-server.ts';
import { importPath } from '../../test/support/imports.ts';
import type { Tallyline } from '../../test/support/tallyline.ts';
import { startProgram } from '../program.ts';
import { customerName, eventsCsv, eventsInPostgres, mappingOf, METERS, partitionsOf, type StoredEvents } from './events.ts';
import type { ClickHouseFill, ClickHouseFilled, FilledRange } from './fill-clickhouse.ts';
import { fillPostgres } from './fill-postgres.ts';

/** Events that come through the program before anything is filled. */
export const FIRST_EVENTS = 1_000;
const FILL_CLICKHOUSE = fileURLToPath(new URL('fill-clickhouse.ts', import.meta.url));
/** One line a range. */
const OUTPUT_BYTES_MAX = 16_777_216;
/** Fetches have their own limit of five minutes: an upload of what takes longer is not waited for. */
const LOOK_MS = 200;

export interface Fill {
  events: StoredEvents;
  from: number;
  to: number;
  stores: readonly ('postgres' | 'clickhouse')[];
}

/** Events [from, to) as a file through the program; returns when both stores have them, and throws unless all are accepted. */
export async function importEvents(tallyline: Tallyline, events: StoredEvents, from: number, to: number): Promise<Import> {
  const path = importPath({ name: `events-${from}.csv`, mapping: mappingOf(events), wait: false });
  let file = await tallyline.json<Import>(path, {
    method: 'POST',
    body: Readable.toWeb(Readable.from(eventsCsv(events, from, to), { objectMode: false })) as ReadableStream<Uint8Array<ArrayBuffer>>,
    duplex: 'half',
    headers: { 'content-type': 'text/csv' },
  });
  while (file.status !== 'complete' && file.status !== 'failed') {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    file = await tallyline.json<Import>(`/v1/imports/${file.id}`);
  }
  if (file.events.accepted !== to - from) throw new Error(`of events ${from} to ${to}: ${JSON.stringify(file)}`);
  return file;
}

/** A new data directory with the first events. */
export async function beginStores(dataDirectory: string, events: StoredEvents): Promise<void> {
  const tallyline = await startProgram(dataDirectory);
  await importEvents(tallyline, events, 0, FIRST_EVENTS);
  await tallyline.stop();
}

/** Adds events [from, to); the program must not run. Answers how many parts ClickHouse has, where it was filled. */
export function fillStores(dataDirectory: string, fill: Fill): Promise<{ parts: number | undefined }> {
  return withPostgres(dataDirectory, async (client) => {
    await requireSameShape(client, fill.events);
    const place = await readPlace(client, fill.events);
    const filled = fill.stores.includes('clickhouse') ? await fillClickHouse(dataDirectory, fill, place) : undefined;
    if (fill.stores.includes('postgres')) await fillPostgres(client, { ...fill, ...place });
    await advance(client, fill, place, filled?.ranges ?? []);
    return { parts: filled?.parts };
  });
}

/** A connection to the Postgres of a program that does not run. */
export async function withPostgres<T>(dataDirectory: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const server = await startEmbeddedPostgres({
    dataDirectory: join(dataDirectory, 'postgres'),
    systemDirectory: join(dataDirectory, '..', 'system'),
    logger: pino({ level: 'silent' }),
  });
  const client = new pg.Client(server.connection);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
    await server.stop();
  }
}

/** Where the log stands: what is filled in goes behind it, and belongs to the last import. */
export interface Place {
  epoch: number;
  importId: string;
  partitionOf: number[];
  offsets: number[];
}

export async function readPlace(client: pg.Client, events: StoredEvents): Promise<Place> {
  const { rows } = await client.query<{ next: string; epoch: number; import: string }>(
    `SELECT next_offset AS next, (SELECT max(epoch) FROM log_epochs) AS epoch, (SELECT max(id) FROM imports)::text AS import FROM log_partitions ORDER BY partition`,
  );
  const [first] = rows;
  if (first === undefined) throw new Error('there is no log yet');
  const offsets = rows.map(({ next }) => Number(next));
  return { epoch: first.epoch, importId: first.import, offsets, partitionOf: partitionsOf(events, offsets.length) };
}

/** The first events, as the program has stored them, against what the fill makes of their numbers. */
async function requireSameShape(client: pg.Client, events: StoredEvents): Promise<void> {
  const columns = 'customer, id, meter, time, quantity, properties';
  const { rows } = await client.query<{ same: string }>(
    `SELECT count(*) AS same FROM (SELECT ${columns} FROM (${eventsInPostgres(events)}) AS made INTERSECT SELECT ${columns} FROM usage_records) AS both_have`,
    [0, FIRST_EVENTS],
  );
  if (Number(rows[0]?.same) !== FIRST_EVENTS)
    throw new Error(`the fill makes ${rows[0]?.same} of the first ${FIRST_EVENTS} events as the program does`);
}

async function fillClickHouse(dataDirectory: string, { events, from, to }: Fill, { epoch, partitionOf, offsets }: Place) {
  const asked: ClickHouseFill = { directory: join(dataDirectory, 'clickhouse'), events, from, to, epoch, partitionOf, offsets };
  const { stdout } = await promisify(execFile)(process.execPath, [FILL_CLICKHOUSE, JSON.stringify(asked)], { maxBuffer: OUTPUT_BYTES_MAX });
  return JSON.parse(stdout) as ClickHouseFilled;
}

/** The log ends after these events, all consumers have had them, and reconciliation has compared them. */
async function advance(client: pg.Client, { events, from, to }: Fill, place: Place, ranges: readonly FilledRange[]): Promise<void> {
  const next = [...place.offsets];
  const counts = await client.query<{ partition: number; count: string }>(
    `SELECT (ARRAY[${place.partitionOf.join(',')}]::smallint[])[((n * 2654435761) & 4294967295) % ${events.customers} + 1] AS partition, count(*) AS count
     FROM generate_series($1::bigint, $2::bigint - 1) AS n GROUP BY 1`,
    [from, to],
  );
  for (const { partition, count } of counts.rows) next[partition] = (next[partition] ?? 0) + Number(count);
  await client.query('BEGIN');
  for (const [partition, nextOffset] of next.entries()) {
    const where = [partition, nextOffset];
    await client.query('UPDATE log_partitions SET next_offset = $2, start_offset = $2 WHERE partition = $1', where);
    await client.query('UPDATE consumer_offsets SET next_offset = $2 WHERE partition = $1 AND epoch = $3', [...where, place.epoch]);
    await client.query(
      `INSERT INTO reconciliation_progress (epoch, partition, checked_offset, checked_at, up_to) VALUES ($3, $1, $2, now(), now())
       ON CONFLICT (epoch, partition) DO UPDATE SET checked_offset = $2`,
      [...where, place.epoch],
    );
  }
  for (const { partition, firstOffset, nextOffset, rows } of ranges) {
    await client.query(
      `INSERT INTO rollup_ranges (epoch, partition, first_offset, next_offset, month, rows, state, done_at) VALUES ($1, $2, $3, $4, 202601, $5, 'DONE', now())`,
      [place.epoch, partition, firstOffset, nextOffset, rows],
    );
  }
  const customers = Array.from({ length: events.customers }, (_, index) => customerName(index));
  await client.query('INSERT INTO customers (id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [customers]);
  await client.query('INSERT INTO meters (key) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [METERS]);
  await client.query('COMMIT');
}
