/**
 * The embedded log in Postgres: what is done to `log_partitions` and `log_batches`, one statement each.
 *
 * An append takes its offsets from the partition's row and holds that row's lock until it commits, so commits follow offsets
 * and a reader that has seen offset n will never be shown a smaller one afterwards. (A sequence would not do: its numbers are
 * given out before the commit, and a reader could pass an event that is not there yet.)
 */
import type { QueryResultRow } from 'pg';
import type { PackedPayload } from './batch-payload.ts';

/** What runs the statements: Postgres itself, or a transaction. */
export interface Queryable {
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number }>;
}

/** NOTIFY channels; the payload is the partition. */
export const LOG_APPENDED = 'log_appended';
export const LOG_TRIMMED = 'log_trimmed';

/** Any number that nothing else in the database locks; "TLog" in ASCII. */
const CREATION_LOCK = 0x544c6f67;

/**
 * Bytes of one read, reached by the last batch. Some 250 bytes an event make a read of 10,000 events 2.5 MB; the limit holds
 * where events are large, as nobody knows an event's size before reading it.
 */
const READ_BYTES_MAX = 16_777_216;

export interface StoredLog {
  partitions: number;
  incarnation: string;
}

/** Makes the partitions, unless there are some. Answers what is there. `transaction` must be one. */
export async function createPartitions(transaction: Queryable, { partitions, incarnation }: StoredLog): Promise<StoredLog> {
  await transaction.query('SELECT pg_advisory_xact_lock($1)', [CREATION_LOCK]);
  await transaction.query(
    `INSERT INTO log_partitions (partition, incarnation)
     SELECT partition, $2 FROM generate_series(0, $1::int - 1) AS partition
     WHERE NOT EXISTS (SELECT 1 FROM log_partitions)`,
    [partitions, incarnation],
  );
  const { rows } = await transaction.query<{ partitions: number; incarnation: string }>(
    'SELECT count(*)::int AS partitions, min(incarnation) AS incarnation FROM log_partitions',
  );
  const [stored] = rows;
  if (stored === undefined) throw new Error('the event log has no partitions');
  return stored;
}

/**
 * Appends events as one batch; `packed` is they, joined by newlines. Answers the offset after the last one, or undefined
 * while the partition holds `backlogEventsMax` events or more (a single append may go beyond it, so that none is too large).
 */
export async function appendBatch(
  queryable: Queryable,
  { partition, events, packed, backlogEventsMax }: { partition: number; events: number; packed: PackedPayload; backlogEventsMax: number },
): Promise<number | undefined> {
  const { rows } = await queryable.query<{ next_offset: string }>(
    `WITH reserved AS (
       UPDATE log_partitions SET next_offset = next_offset + $2::int
       WHERE partition = $1::smallint AND next_offset - start_offset < $4::bigint
       RETURNING next_offset
     ), inserted AS (
       INSERT INTO log_batches (partition, first_offset, next_offset, payload, payload_bytes)
       SELECT $1::smallint, next_offset - $2::int, next_offset, $3::bytea, $5::int FROM reserved
     )
     SELECT next_offset, pg_notify('${LOG_APPENDED}', $1::text) FROM reserved`,
    [partition, events, packed.payload, backlogEventsMax, packed.bytes],
  );
  return rows[0] === undefined ? undefined : Number(rows[0].next_offset);
}

export interface Batch {
  firstOffset: number;
  nextOffset: number;
  packed: PackedPayload;
}

export interface BatchesRead {
  startOffset: number;
  endOffset: number;
  batches: Batch[];
}

/**
 * The batches that hold `fromOffset` and what follows, up to the one that reaches `toOffset`, whole, with the bounds of the
 * partition at that same moment.
 */
export async function readBatches(
  queryable: Queryable,
  { partition, fromOffset, toOffset }: { partition: number; fromOffset: number; toOffset: number },
): Promise<BatchesRead> {
  const { rows } = await queryable.query<{
    start_offset: string;
    end_offset: string;
    first_offset: string | null;
    next_offset: string | null;
    payload: Buffer | null;
    payload_bytes: number | null;
  }>(
    `SELECT p.start_offset, p.next_offset AS end_offset, b.first_offset, b.next_offset, b.payload, b.payload_bytes
     FROM log_partitions AS p
     LEFT JOIN LATERAL (
       SELECT first_offset, next_offset, payload, payload_bytes, sum(payload_bytes) OVER (ORDER BY first_offset) - payload_bytes AS bytes_before
       FROM log_batches
       WHERE partition = $1::smallint AND first_offset < $3::bigint AND next_offset > $2::bigint
         AND first_offset >= coalesce(
           (SELECT first_offset FROM log_batches
            WHERE partition = $1::smallint AND first_offset <= $2::bigint ORDER BY first_offset DESC LIMIT 1),
           $2::bigint)
     ) AS b ON bytes_before < ${READ_BYTES_MAX}
     WHERE p.partition = $1::smallint
     ORDER BY b.first_offset`,
    [partition, fromOffset, toOffset],
  );
  const [bounds] = rows;
  if (bounds === undefined) throw new Error(`the event log has no partition ${partition}`);
  return {
    startOffset: Number(bounds.start_offset),
    endOffset: Number(bounds.end_offset),
    batches: rows.flatMap(({ first_offset, next_offset, payload, payload_bytes }) =>
      payload === null || payload_bytes === null
        ? []
        : [{ firstOffset: Number(first_offset), nextOffset: Number(next_offset), packed: { payload, bytes: payload_bytes } }],
    ),
  };
}

/** Moves the beginning of the partition up to `beforeOffset`, and deletes the batches that end before it. */
export async function trimBatches(
  queryable: Queryable,
  { partition, beforeOffset }: { partition: number; beforeOffset: number },
): Promise<void> {
  await queryable.query(
    `WITH trimmed AS (
       UPDATE log_partitions SET start_offset = least($2::bigint, next_offset)
       WHERE partition = $1::smallint AND start_offset < least($2::bigint, next_offset)
       RETURNING start_offset
     ), deleted AS (
       DELETE FROM log_batches USING trimmed
       WHERE partition = $1::smallint AND first_offset < trimmed.start_offset AND log_batches.next_offset <= trimmed.start_offset
     )
     SELECT pg_notify('${LOG_TRIMMED}', $1::text) FROM trimmed`,
    [partition, beforeOffset],
  );
}

/** Whether a partition takes events, and the offset the next one will get. */
export async function readPartition(
  queryable: Queryable,
  { partition, backlogEventsMax }: { partition: number; backlogEventsMax: number },
): Promise<{ nextOffset: number; full: boolean }> {
  const { rows } = await queryable.query<{ next_offset: string; is_full: boolean }>(
    'SELECT next_offset, next_offset - start_offset >= $2::bigint AS is_full FROM log_partitions WHERE partition = $1::smallint',
    [partition, backlogEventsMax],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`the event log has no partition ${partition}`);
  return { nextOffset: Number(row.next_offset), full: row.is_full };
}

export async function readEndOffsets(queryable: Queryable): Promise<number[]> {
  const { rows } = await queryable.query<{ next_offset: string }>('SELECT next_offset FROM log_partitions ORDER BY partition');
  return rows.map(({ next_offset }) => Number(next_offset));
}
