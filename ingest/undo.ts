/**
 * Undoing an import, as far as ingest goes: its publisher is stopped, and every partition of the log is told.
 *
 * Once the status is `undoing`, the control messages follow whatever happens: until all of them are known to be in the log they are
 * sent anew, and one that is there twice does nothing the second time. What the old publisher still had on its way may land behind
 * them; the consumers void it on arrival.
 */
import { ProblemError } from '../core/errors.ts';
import { writeAudit } from '../platform/access/audit.ts';
import type { Actor } from '../platform/access/caller.ts';
import { stopInvoicing } from '../platform/invoicing-lock.ts';
import { announceMoment } from '../platform/moments.ts';
import type { Platform } from '../platform/platform.ts';
import type { Queryable } from '../platform/postgres/postgres.ts';
import { encodeControlMessage } from '../schemas/control-message.ts';

/** Imports told about at a time; the next round takes the rest. */
const UNDOS_AT_ONCE = 100;

/**
 * Decides the undo. May be repeated; throws `conflict` where there is nothing to take back, and `import_invoiced` while a final invoice uses
 * its rows, unless `adjust` says that the next invoices are to make up for it. The Idempotency-Key is free again: the corrected file is
 * another import.
 */
export async function requestUndo(
  { postgres, clock }: Pick<Platform, 'postgres' | 'clock'>,
  id: string,
  by: Actor,
  { adjust = false }: { adjust?: boolean } = {},
): Promise<void> {
  await postgres.transaction(async (transaction) => {
    // Before the look at invoices: none becomes final with these rows between that and the decision.
    await stopInvoicing(transaction);
    const { rows } = await transaction.query<{ name: string }>(
      `UPDATE imports SET status = 'undoing', undone_by = $2, undone_at = now(), lease_owner = NULL, lease_until = NULL,
         idempotency_key = NULL, key_scope = NULL
       WHERE id = $1 AND (status IN ('publishing', 'settling', 'complete') OR (status = 'failed' AND publishing_at IS NOT NULL))
       RETURNING name`,
      [id, by.name],
    );
    const [undone] = rows;
    if (undone === undefined) return refuseUndo(transaction, id);
    if (!adjust) await requireNotInvoiced(transaction, id);
    const details = { name: undone.name, adjust };
    await writeAudit(transaction, { at: clock.now(), by, what: 'import.undone', subject: `import/${id}`, details });
    await transaction.query(`SELECT pg_notify('imports', $1)`, [id]);
  });
}

async function refuseUndo(postgres: Queryable, id: string): Promise<void> {
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

/** A final invoice uses a row that lies in its period, or in an earlier one that it adjusts, and came before the place it stands for. */
async function requireNotInvoiced(postgres: Queryable, id: string): Promise<void> {
  const { rows } = await postgres.query<{ number: string; customer: string }>(
    `SELECT i.number, i.customer FROM usage_records r JOIN invoices i ON i.customer = r.customer AND i.status = 'final'
      WHERE r.import_id = $1 AND (r.epoch < i.as_of_epoch OR (r.epoch = i.as_of_epoch AND r."offset" < i.as_of_offset))
        AND ((r.time >= i.period_from AND r.time < i.period_to)
          OR EXISTS (SELECT FROM invoice_charges c WHERE c.invoice_id = i.invoice_id AND r.time >= c.period_from AND r.time < c.period_to))
      LIMIT 1`,
    [id],
  );
  if (rows[0] === undefined) return;
  throw new ProblemError(
    'import_invoiced',
    `Invoice ${rows[0].number} of customer "${rows[0].customer}" uses rows of import ${id}. With ?adjust=true it is undone all the same, and the next invoices adjust for it; GET /v1/imports/${id}/effect?of=undo says by how much.`,
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
