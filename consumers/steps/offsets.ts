/** Where a consumer is, per partition and epoch; kept in Postgres, next to what it says has been done. */
import type { Postgres } from '../../platform/postgres/postgres.ts';

/** The number of this incarnation of the log; a new one gets the next number. */
export async function resolveEpoch(postgres: Postgres, incarnation: string): Promise<number> {
  // The insert would use up a number at every start, so it is made only where there is none.
  await postgres.query(
    `INSERT INTO log_epochs (incarnation) SELECT $1 WHERE NOT EXISTS (SELECT FROM log_epochs WHERE incarnation = $1) ON CONFLICT DO NOTHING`,
    [incarnation],
  );
  const { rows } = await postgres.query<{ epoch: number }>(`SELECT epoch FROM log_epochs WHERE incarnation = $1`, [incarnation]);
  if (!rows[0]) throw new Error(`the log's incarnation ${incarnation} could not be recorded`);
  return rows[0].epoch;
}

/** The next offset to consume; a partition never seen before begins at 0. */
export async function readOffset(postgres: Postgres, consumer: string, epoch: number, partition: number): Promise<number> {
  await postgres.query(`INSERT INTO consumer_offsets (consumer, epoch, partition) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
    consumer,
    epoch,
    partition,
  ]);
  const { rows } = await postgres.query<{ next_offset: string }>(
    `SELECT next_offset FROM consumer_offsets WHERE consumer = $1 AND epoch = $2 AND partition = $3`,
    [consumer, epoch, partition],
  );
  return Number(rows[0]?.next_offset ?? 0);
}
