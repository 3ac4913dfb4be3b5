/**
 * Fills usage_records as the records consumer would have: rows of a batch lie together, sorted by the unique key. Indexes are dropped and made
 * anew where that is quicker; one over random ids is made two thirds full, as random inserts leave it.
 */
import type pg from 'pg';
import { eventsInPostgres, type StoredEvents } from './events.ts';

export interface PostgresFill {
  events: StoredEvents;
  from: number;
  to: number;
  epoch: number;
  importId: string;
  partitionOf: readonly number[];
  offsets: readonly number[];
}

/** Events of a batch of records, and of one statement here. */
const BATCH_EVENTS = 20_000;
const STATEMENT_EVENTS = 200_000;
/** More than the tables has already: then its indexes are cheaper made anew. */
const KEPT_INDEX_SHARE = 2;
/** What pages of a B-tree hold after many random inserts: ln 2. */
const RANDOM_FILL_PERCENT = 69;
const BTREES = `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'usage_records' AND indexdef LIKE '%USING btree%' ORDER BY indexname`;

export async function fillPostgres(client: pg.Client, fill: PostgresFill): Promise<void> {
  const { events, from, to } = fill;
  const isAnew = (to - from) * KEPT_INDEX_SHARE > from;
  const { rows: indexes } = await client.query<{ indexname: string; indexdef: string }>(BTREES);
  if (isAnew) for (const { indexname } of indexes) await client.query(`DROP INDEX ${indexname}`);
  await client.query(`SET synchronous_commit = off; SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'`);
  const next = [...fill.offsets];
  for (let begin = from; begin < to; begin += STATEMENT_EVENTS) {
    const counts = await insertEvents(client, fill, begin, Math.min(begin + STATEMENT_EVENTS, to), next);
    for (const [partition, count] of counts.entries()) next[partition] = (next[partition] ?? 0) + count;
  }
  if (isAnew) {
    for (const { indexname, indexdef } of indexes) {
      const isRandom = events.ids === 'random' && indexname === 'usage_records_identity';
      await client.query(isRandom ? `${indexdef} WITH (fillfactor = ${RANDOM_FILL_PERCENT})` : indexdef);
      if (isRandom) await client.query(`ALTER INDEX ${indexname} RESET (fillfactor)`);
    }
  }
  // As autovacuum would have done by now.
  await client.query('VACUUM (ANALYZE) usage_records');
  await client.query('CHECKPOINT');
}

/** Answers how many went to each partition. */
export async function insertEvents(
  client: pg.Client,
  { events, epoch, importId, partitionOf }: Pick<PostgresFill, 'events' | 'epoch' | 'importId' | 'partitionOf'>,
  from: number,
  to: number,
  offsets: readonly number[],
): Promise<number[]> {
  const { rows } = await client.query<{ partition: number; count: number }>(
    `WITH placed AS (
       SELECT e.*, (ARRAY[${partitionOf.join(',')}]::smallint[])[customer_index + 1] AS partition FROM (${eventsInPostgres(events)}) AS e
     ), inserted AS (
       INSERT INTO usage_records (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
       SELECT customer, id, meter, time, quantity, properties, $3::bigint, n + 2, $4::integer, partition,
              (ARRAY[${offsets.join(',')}]::bigint[])[partition + 1] + row_number() OVER (PARTITION BY partition ORDER BY n) - 1, 0
       FROM placed ORDER BY n / ${BATCH_EVENTS}, partition, customer COLLATE "C", id COLLATE "C"
       RETURNING partition
     )
     SELECT partition, count(*)::integer AS count FROM inserted GROUP BY partition`,
    [from, to, importId, epoch],
  );
  const counts = offsets.map(() => 0);
  for (const { partition, count } of rows) counts[partition] = count;
  return counts;
}
