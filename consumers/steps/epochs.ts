/** The incarnations of the log, by number, and what becomes of imports when a new one begins. */
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';
import { RECORDS } from './offsets.ts';
import { ROLLUPS } from './rollup-ranges.ts';

/** The number of this incarnation of the log; a new one gets the next number. */
export async function resolveEpoch(postgres: Postgres, incarnation: string): Promise<number> {
  return postgres.transaction(async (transaction) => {
    const find = () => transaction.query<{ epoch: number }>(`SELECT epoch FROM log_epochs WHERE incarnation = $1`, [incarnation]);
    const known = (await find()).rows[0];
    if (known) return known.epoch;
    // The insert would use up a number at every start, so it is made only where there is none.
    const { rows } = await transaction.query<{ epoch: number }>(
      `INSERT INTO log_epochs (incarnation) VALUES ($1) ON CONFLICT DO NOTHING RETURNING epoch`,
      [incarnation],
    );
    if (rows[0]) await leaveEarlierLogs(transaction, rows[0].epoch);
    const epoch = rows[0]?.epoch ?? (await find()).rows[0]?.epoch;
    if (epoch === undefined) throw new Error(`the log's incarnation ${incarnation} could not be recorded`);
    return epoch;
  });
}

/**
 * What an earlier log held and nobody has consumed is out of reach. So the imports that are not settled are published again from their
 * files, into the new one: what had been consumed is redelivered, which counts nowhere. And where rollups had not come as far as records,
 * ClickHouse is rebuilt.
 */
async function leaveEarlierLogs(transaction: Transaction, epoch: number): Promise<void> {
  const earlier = await transaction.query(`SELECT FROM log_epochs WHERE epoch < $1 LIMIT 1`, [epoch]);
  if (earlier.rowCount === 0) return;
  await transaction.query(
    `WITH unsettled AS (
       UPDATE imports SET status = 'publishing', rows_read = 0, rows_rejected = 0, rows_published = 0, events_published = 0, bytes_read = 0,
         lines_read = 0, rejected_bytes = 0, errors = '[]', published_to = NULL, session = session + 1, lease_owner = NULL, lease_until = NULL
       WHERE status IN ('publishing', 'settling') RETURNING id
     ), unended AS (UPDATE import_partitions SET end_offset = NULL WHERE import_id IN (SELECT id FROM unsettled))
     SELECT pg_notify('imports', id::text) FROM unsettled`,
  );
  await transaction.query(
    `INSERT INTO clickhouse_rebuilds (requested_by) SELECT 'a new event log' WHERE EXISTS (
       SELECT FROM consumer_offsets r LEFT JOIN consumer_offsets u ON u.consumer = $1 AND u.epoch = r.epoch AND u.partition = r.partition
       WHERE r.consumer = $2 AND r.epoch < $3 AND coalesce(u.next_offset, 0) < r.next_offset)`,
    [ROLLUPS, RECORDS, epoch],
  );
}
