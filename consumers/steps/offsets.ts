/** Where a consumer is, per partition and epoch; kept in Postgres, next to what it says has been done. */
import type { EventLog } from '../../platform/event-log/event-log.ts';
import { checkTail, type LogTail } from '../../platform/event-log/tail.ts';
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';

export const RECORDS = 'records';

/**
 * Put beside what locks a partition's row: a process that falls asleep in a transaction keeps its successor waiting no longer than this,
 * as Postgres then ends its connection. Between two statements lies some computing, never seconds of it.
 */
export const HELD_BRIEFLY = `set_config('idle_in_transaction_session_timeout', '10s', true)`;

/** The next offset to consume; a partition never seen before begins at 0. */
export async function readOffset(postgres: Postgres, consumer: string, epoch: number, partition: number): Promise<number> {
  const read = () =>
    postgres.query<{ next_offset: string }>(
      `SELECT next_offset FROM consumer_offsets WHERE consumer = $1 AND epoch = $2 AND partition = $3`,
      [consumer, epoch, partition],
    );
  let { rows } = await read();
  if (!rows[0]) {
    await postgres.query(`INSERT INTO consumer_offsets (consumer, epoch, partition) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
      consumer,
      epoch,
      partition,
    ]);
    ({ rows } = await read());
  }
  return Number(rows[0]?.next_offset ?? 0);
}

/** Where the records consumer is, held until the transaction ends: the fence against a second owner. */
export async function lockRecords(transaction: Transaction, epoch: number, partition: number): Promise<number> {
  const { rows } = await transaction.query<{ next_offset: string }>(
    `SELECT next_offset, ${HELD_BRIEFLY} FROM consumer_offsets WHERE consumer = $1 AND epoch = $2 AND partition = $3 FOR UPDATE`,
    [RECORDS, epoch, partition],
  );
  const row = rows[0];
  if (!row) throw new Error(`partition ${partition} of epoch ${epoch} has no offset row`);
  return Number(row.next_offset);
}

/** `tail`: the last events consumed; what holds none leaves the one before. */
export async function advanceRecords(
  transaction: Transaction,
  epoch: number,
  partition: number,
  nextOffset: number,
  tail?: LogTail,
): Promise<void> {
  await transaction.query(
    `UPDATE consumer_offsets SET next_offset = $4, tail_offset = coalesce($5, tail_offset), tail_hash = coalesce($6, tail_hash), updated_at = now()
     WHERE consumer = $1 AND epoch = $2 AND partition = $3`,
    [RECORDS, epoch, partition, nextOffset, tail?.offset ?? null, tail?.hash ?? null],
  );
}

/**
 * Throws when the log is not the one whose events were consumed: a topic that was deleted and made anew has other events at the
 * same offsets, and going on would lose them. `partition`: that one alone; all unless said otherwise.
 */
export async function refuseOtherLog(postgres: Postgres, log: EventLog, epoch: number, partition?: number): Promise<void> {
  const { rows } = await postgres.query<{ partition: number; tail_offset: string; tail_hash: string }>(
    `SELECT partition, tail_offset, tail_hash FROM consumer_offsets
     WHERE consumer = $1 AND epoch = $2 AND tail_hash IS NOT NULL AND ($3::integer IS NULL OR partition = $3)`,
    [RECORDS, epoch, partition ?? null],
  );
  const outcome = await checkTail(
    log,
    rows.map(({ partition, tail_offset, tail_hash }) => ({ partition, offset: Number(tail_offset), hash: tail_hash })),
  );
  if (outcome !== 'same') throw new OtherLogError(outcome.why);
}

/** What is there now is not the log that was consumed before. */
export class OtherLogError extends Error {
  constructor(why: string) {
    super(`This is not the event log that was consumed before: ${why}. docs/operations.md says how to go on with another one.`);
    this.name = 'OtherLogError';
  }
}
