/**
 * Dead letters from their table to their topic: an outbox. At least once, in the order of their ids, by one process at a time.
 *
 * A letter is stored by the transaction of its batch, so it is there if and only if its message has been consumed; it is published
 * afterwards, and marked when the topic has it. A crash in between publishes it once more, under the same id.
 */
import type { DeadLetterTopic, PublishedDeadLetter } from '../platform/event-log/event-log.ts';
import { announceMoment } from '../platform/moments.ts';
import type { Platform } from '../platform/platform.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import { Waker } from '../platform/waker.ts';
import { retry } from './retry.ts';
import { DEAD_LETTERS_CHANNEL } from './steps/store-dead-letters.ts';

/** A lost notification, or the death of the process that was at it, delays a letter by no more than this. */
const IDLE_MS = 5_000;
/** Letters at a time. */
const LETTERS_MAX = 500;
/** Payload bytes at a time: they are in memory several times. One letter may have more. */
const PAYLOAD_BYTES_MAX = 8 * 1_048_576;
/** A process that falls asleep during it lets go of the lock then; kafkajs gives up earlier. */
const PUBLISH_SECONDS_MAX = 120;
/** Any number that nothing else in the database locks; "Dead" in ASCII. */
const LOCK = 0x44656164;

/** Where the log has no such topic, the table is all there is. */
export async function startRelayingDeadLetters({ postgres, log, logger }: Platform): Promise<{ stop(): Promise<void> }> {
  const topic = log.deadLetters;
  if (topic === undefined) return { stop: () => Promise.resolve() };
  const stopping = new AbortController();
  const { signal } = stopping;
  const waker = new Waker();
  const unlisten = await postgres.listen(DEAD_LETTERS_CHANNEL, () => waker.wake());
  const loop = (async () => {
    while (!signal.aborted) {
      const relayed = await retry('publish dead letters', logger, signal, () => relayDeadLetters(postgres, topic));
      if (!relayed) await waker.wait(IDLE_MS, signal);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await loop;
      await unlisten();
    },
  };
}

/** Publishes the oldest letters that have not been. Answers how many; 0 also when another process is at it. */
export async function relayDeadLetters(postgres: Postgres, topic: DeadLetterTopic): Promise<number> {
  return postgres.transaction(async (transaction) => {
    const { rows: locks } = await transaction.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_xact_lock($1) AS locked, set_config('idle_in_transaction_session_timeout', '${PUBLISH_SECONDS_MAX}s', true)`,
      [LOCK],
    );
    if (locks[0]?.locked !== true) return 0;
    const { rows } = await transaction.query<StoredLetter>(
      `SELECT dead_letter_id AS id, epoch, partition, "offset", idx AS index, code, message, payload,
              to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "createdAt"
       FROM dead_letters WHERE dead_letter_id IN (
         SELECT dead_letter_id FROM (
           SELECT dead_letter_id, sum(octet_length(payload)) OVER (ORDER BY dead_letter_id) AS bytes, row_number() OVER (ORDER BY dead_letter_id) AS place
           FROM (SELECT dead_letter_id, payload FROM dead_letters WHERE published_at IS NULL ORDER BY dead_letter_id LIMIT $1) AS oldest) AS summed
         WHERE bytes <= $2 OR place = 1)
       ORDER BY dead_letter_id`,
      [LETTERS_MAX, PAYLOAD_BYTES_MAX],
    );
    if (rows.length === 0) return 0;
    await topic.publish(rows.map(toPublished));
    announceMoment('letters-published');
    await transaction.query(`UPDATE dead_letters SET published_at = now() WHERE dead_letter_id = ANY ($1::bigint[])`, [
      rows.map(({ id }) => id),
    ]);
    return rows.length;
  });
}

interface StoredLetter {
  id: string;
  epoch: number;
  partition: number;
  offset: string;
  index: number;
  code: string;
  message: string;
  payload: string;
  createdAt: string;
  [column: string]: unknown;
}

function toPublished({ id, epoch, partition, offset, index, code, message, payload, createdAt }: StoredLetter): PublishedDeadLetter {
  return { id, position: { epoch, partition, offset: Number(offset), index }, code, message, payload, createdAt };
}
