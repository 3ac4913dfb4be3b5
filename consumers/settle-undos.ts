/**
 * Ends undos: an import is undone once both stores have passed its control message in every partition. What its undo has changed
 * for other imports is then counted anew; so is what a decision about a conflict has changed.
 */
import type { Logger } from 'pino';
import type { Postgres } from '../platform/postgres/postgres.ts';
import { completeRows } from './steps/count-rows.ts';
import { ROLLUPS } from './steps/rollup-ranges.ts';

export async function settleUndos(postgres: Postgres, epoch: number, partitions: number, logger: Logger): Promise<void> {
  const { rows } = await postgres.query<{ id: string }>(
    `UPDATE imports i SET status = 'undone'
     WHERE status = 'undoing' AND $3::integer = (
       SELECT count(*) FROM import_partitions p JOIN consumer_offsets o ON o.consumer = $1 AND o.epoch = $2 AND o.partition = p.partition
       WHERE p.import_id = i.id AND p.undo_epoch = $2 AND o.next_offset >= p.undo_offset)
     RETURNING id`,
    [ROLLUPS, epoch, partitions],
  );
  if (rows.length > 0) {
    // Whatever looked like a double may have been one of the events that are gone.
    await postgres.query(`UPDATE imports SET suspected_doubles = NULL WHERE status = 'complete' AND suspected_doubles > 0`);
  }
  await recountRows(postgres);
  for (const { id } of rows) {
    logger.info({ import: id }, 'import undone');
    await postgres.query(`SELECT pg_notify('imports', $1)`, [id]);
  }
}

/** Imports that have gained or lost events by an undo or a decision. Not while another undo is at it: it may change them again. */
async function recountRows(postgres: Postgres): Promise<void> {
  const { rows } = await postgres.query<{ id: string }>(
    `SELECT id FROM imports WHERE status = 'complete' AND rows_new IS NULL AND NOT EXISTS (SELECT FROM imports WHERE status = 'undoing')`,
  );
  for (const { id } of rows) {
    if (await completeRows(postgres, id, 'complete')) await postgres.query(`SELECT pg_notify('imports', $1)`, [id]);
  }
}
