/** Events of an import that arrive after its undo: an append of its publisher that was still on its way. */
import type { Transaction } from '../../platform/postgres/postgres.ts';
import type { DecodedBatch } from './decode.ts';

export interface LateEvent {
  import_id: string;
  offset: string;
  idx: number;
}

/** The imports of a batch that are undone, or about to be. */
export async function findFallen(transaction: Transaction, batch: DecodedBatch): Promise<string[]> {
  const { rows } = await transaction.query<{ id: string }>(
    `SELECT id FROM imports WHERE id = ANY ($1::bigint[]) AND status IN ('undoing', 'undone')`,
    [[...batch.imports.keys()]],
  );
  return rows.map(({ id }) => id);
}

/**
 * Takes them out of the staged rows. Whoever reads the status here before an undo changes it is no danger: the undo's control
 * message then lies behind this batch, and moves its rows.
 */
export async function voidLate(transaction: Transaction, epoch: number, batch: DecodedBatch): Promise<LateEvent[]> {
  const fallen = await findFallen(transaction, batch);
  if (fallen.length === 0) return [];
  const { rows } = await transaction.query<LateEvent & { [column: string]: unknown }>(
    `WITH late AS (DELETE FROM staged WHERE import_id = ANY ($1::bigint[]) RETURNING *)
     INSERT INTO voided_events (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx, undone_import_id)
     SELECT customer, id, meter, time, quantity, properties, import_id, line, $2, $3, "offset", idx, import_id FROM late
     RETURNING import_id, "offset", idx`,
    [fallen, epoch, batch.partition],
  );
  return rows;
}
