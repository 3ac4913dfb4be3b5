/** Dead letters, newest first by keyset, and what became of those that were replayed. */
import { toInstant } from '../../core/instant-text.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Postgres, Queryable } from '../../platform/postgres/postgres.ts';
import type { DeadLetter } from '../../schemas/http/dead-letters.ts';
import { decodeUsageEvent, type UsageEvent } from '../../schemas/usage-event.ts';

/** Characters of a payload that a list shows; an event has some hundred, a poisonous message a megabyte. */
const PAYLOAD_SHOWN = 10_240;

interface DeadLetterRow {
  id: string;
  epoch: number;
  partition: number;
  offset: string;
  index: number;
  code: string;
  message: string;
  shown: string;
  payloadBytes: number;
  createdAt: string;
  replayedAt: string | null;
  /** Of replayed ones alone, whole. */
  replayedPayload: string | null;
  isConsumed: boolean;
  [column: string]: unknown;
}

const COLUMNS = `dead_letter_id::text AS id, d.epoch, d.partition, d."offset", d.idx AS index, code, message, left(payload, ${PAYLOAD_SHOWN}) AS shown,
  octet_length(payload) AS "payloadBytes", d.created_at AS "createdAt", d.replayed_at AS "replayedAt",
  CASE WHEN d.replayed_at IS NOT NULL THEN payload END AS "replayedPayload", coalesce(o.next_offset > d.replayed_offset, false) AS "isConsumed"`;
const TABLES = `dead_letters d LEFT JOIN consumer_offsets o ON o.consumer = 'records' AND o.epoch = d.replayed_epoch AND o.partition = d.replayed_partition`;

export async function listDeadLetters(
  postgres: Postgres,
  _scope: EveryCustomer,
  page: { before: string | undefined; rows: number },
): Promise<DeadLetter[]> {
  const { rows } = await postgres.query<DeadLetterRow>(
    `SELECT ${COLUMNS} FROM ${TABLES} WHERE $1::bigint IS NULL OR dead_letter_id < $1::bigint ORDER BY dead_letter_id DESC LIMIT $2`,
    [page.before ?? null, page.rows],
  );
  return toDeadLetters(postgres, rows);
}

export async function findDeadLetter(postgres: Postgres, _scope: EveryCustomer, id: string): Promise<DeadLetter | undefined> {
  const { rows } = await postgres.query<DeadLetterRow>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE dead_letter_id = $1::bigint`, [id]);
  return (await toDeadLetters(postgres, rows))[0];
}

/** The message whole, and whether it has been replayed. */
export async function readPayload(
  postgres: Postgres,
  _scope: EveryCustomer,
  id: string,
): Promise<{ payload: string; isReplayed: boolean } | undefined> {
  const { rows } = await postgres.query<{ payload: string; isReplayed: boolean }>(
    `SELECT payload, replayed_at IS NOT NULL AS "isReplayed" FROM dead_letters WHERE dead_letter_id = $1::bigint`,
    [id],
  );
  return rows[0];
}

/** Notes where it went. The first note stands; false: this is a later one. */
export async function markReplayed(
  postgres: Queryable,
  id: string,
  place: { incarnation: string; partition: number; offset: number },
): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `UPDATE dead_letters SET replayed_at = now(), replayed_epoch = (SELECT epoch FROM log_epochs WHERE incarnation = $2),
       replayed_partition = $3, replayed_offset = $4 WHERE dead_letter_id = $1::bigint AND replayed_at IS NULL`,
    [id, place.incarnation, place.partition, place.offset],
  );
  return rowCount === 1;
}

async function toDeadLetters(postgres: Postgres, rows: readonly DeadLetterRow[]): Promise<DeadLetter[]> {
  const outcomes = await readOutcomes(postgres, rows);
  return rows.map((row) => ({
    id: row.id,
    position: { epoch: row.epoch, partition: row.partition, offset: Number(row.offset), index: row.index },
    code: row.code,
    message: row.message,
    payload: row.shown,
    payloadBytes: row.payloadBytes,
    createdAt: toInstant(row.createdAt),
    replayedAt: toInstant(row.replayedAt),
    outcome: row.replayedAt === null ? null : (outcomes.get(row.id) ?? (row.isConsumed ? 'dead' : 'waiting')),
  }));
}

/** By the line that the event came from, wherever it stands now: a line has one outcome, however often it was delivered. */
async function readOutcomes(postgres: Postgres, rows: readonly DeadLetterRow[]): Promise<Map<string, NonNullable<DeadLetter['outcome']>>> {
  const events = rows.flatMap(({ id, replayedPayload }) => {
    const decoded = replayedPayload === null ? undefined : decodeUsageEvent(replayedPayload);
    return decoded?.ok === true ? [{ letter: id, event: decoded.event }] : [];
  });
  if (events.length === 0) return new Map();
  const column = (value: (event: UsageEvent) => unknown) => events.map(({ event }) => value(event));
  const isSame = `customer = e.customer AND id = e.id AND import_id = e.import_id AND line = e.line AND meter = e.meter`;
  const { rows: found } = await postgres.query<{ letter: string; outcome: NonNullable<DeadLetter['outcome']> | null }>(
    `SELECT letter, CASE WHEN EXISTS (SELECT FROM usage_records WHERE ${isSame}) THEN 'accepted'
                         WHEN EXISTS (SELECT FROM witnesses WHERE ${isSame}) THEN 'duplicate'
                         WHEN EXISTS (SELECT FROM conflicts WHERE ${isSame}) THEN 'conflict'
                         WHEN EXISTS (SELECT FROM voided_events WHERE time = e.time AND ${isSame}) THEN 'voided' END AS outcome
       FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::timestamptz[]) AS e (letter, customer, id, import_id, line, meter, time)`,
    [
      events.map(({ letter }) => letter),
      column(({ customer }) => customer),
      column(({ id }) => id),
      column(({ importId }) => importId),
      column(({ line }) => line),
      column(({ meter }) => meter),
      column(({ time }) => time),
    ],
  );
  return new Map(found.flatMap(({ letter, outcome }) => (outcome === null ? [] : [[letter, outcome] as const])));
}
