/**
 * Undoing an import, as far as ingest goes: its publisher is stopped, and every partition of the log is told.
 *
 * Once the status is `undoing`, the control messages follow whatever happens: until all of them are known to be in the log they are
 * sent anew, and one that is there twice does nothing the second time. What the old publisher still had on its way may land behind
 * them; the consumers void it on arrival.
 */
import { ProblemError } from '../core/errors.ts';
import { announceMoment } from '../platform/moments.ts';
import type { Platform } from '../platform/platform.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import { encodeControlMessage } from '../schemas/control-message.ts';

/** Imports told about at a time; the next round takes the rest. */
const UNDOS_AT_ONCE = 100;

/**
 * Decides the undo. May be repeated; throws `conflict` where there is nothing to take back. The Idempotency-Key is free again: the
 * corrected file is another import.
 */
export async function requestUndo(postgres: Postgres, id: string, undoneBy: string): Promise<void> {
  const { rowCount } = await postgres.query(
    `UPDATE imports SET status = 'undoing', undone_by = $2, undone_at = now(), lease_owner = NULL, lease_until = NULL,
       idempotency_key = NULL, key_scope = NULL
     WHERE id = $1 AND (status IN ('publishing', 'settling', 'complete') OR (status = 'failed' AND publishing_at IS NOT NULL))`,
    [id, undoneBy],
  );
  if (rowCount === 1) {
    await postgres.query(`SELECT pg_notify('imports', $1)`, [id]);
    return;
  }
  const { rows } = await postgres.query<{ status: string }>(`SELECT status FROM imports WHERE id = $1`, [id]);
  if (!rows[0]) throw new ProblemError('not_found', `There is no import ${id}.`);
  const { status } = rows[0];
  if (status === 'undoing' || status === 'undone') return;
  throw new ProblemError(
    'conflict',
    status === 'received'
      ? `Import ${id} is still being uploaded. Break the upload off, or undo it once it is being published.`
      : `Import ${id} has failed before anything of it was published. There is nothing to undo.`,
  );
}

/** Tells the log of the undos that it does not know of. Answers how many there were. */
export async function sendUndos({ postgres, log }: Pick<Platform, 'postgres' | 'log'>): Promise<number> {
  const incarnation = await log.incarnation();
  const { rows } = await postgres.query<{ id: string }>(
    `SELECT id FROM imports WHERE status = 'undoing' AND undo_sent_to IS DISTINCT FROM $1 ORDER BY id LIMIT $2`,
    [incarnation, UNDOS_AT_ONCE],
  );
  for (const { id } of rows) {
    const message = encodeControlMessage({ kind: 'undo', importId: id });
    for (let partition = 0; partition < log.partitions; partition++) {
      await log.append(partition, [message]);
      announceMoment('told');
    }
    await postgres.query(`UPDATE imports SET undo_sent_to = $2 WHERE id = $1`, [id, incarnation]);
  }
  return rows.length;
}
