/** Step 2 for a control message: what it changes in Postgres, in one transaction with the consumer's offset. */
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';
import type { ControlSegment } from './cut-at-controls.ts';
import { keepVersion } from './keep-version.ts';
import { advanceRecords, lockRecords } from './offsets.ts';
import { undoImport } from './undo-import.ts';

export interface CommittedControl {
  fenced: boolean;
  /** False: there is nothing to do for it. Of an undo: the import is not being undone, so that the message is not to be believed. */
  applied: boolean;
}

/** Handling the same message twice changes nothing: after the first time the import has no rows here, the conflict no decision. */
export async function commitControl(
  postgres: Postgres,
  epoch: number,
  partitions: number,
  segment: ControlSegment,
): Promise<CommittedControl> {
  const { control, partition, offset, firstOffset, nextOffset } = segment;
  return postgres.transaction(async (transaction) => {
    if ((await lockRecords(transaction, epoch, partition)) !== firstOffset) return { fenced: true, applied: false };
    const applied =
      control.kind === 'undo'
        ? await applyUndo(transaction, control.importId, epoch, partitions, segment)
        : await keepVersion(transaction, control.conflictId, { epoch, partition, offset });
    await advanceRecords(transaction, epoch, partition, nextOffset);
    return { fenced: false, applied };
  });
}

async function applyUndo(
  transaction: Transaction,
  importId: string,
  epoch: number,
  partitions: number,
  { partition, offset, nextOffset }: ControlSegment,
): Promise<boolean> {
  const { rows } = await transaction.query(`SELECT FROM imports WHERE id = $1 AND status IN ('undoing', 'undone')`, [importId]);
  if (rows.length === 0) return false;
  await undoImport(transaction, importId, { epoch, partition, offset, partitions });
  await transaction.query(
    `INSERT INTO import_partitions AS p (import_id, partition, undo_epoch, undo_offset) VALUES ($1, $2, $3, $4)
     ON CONFLICT (import_id, partition) DO UPDATE SET undo_epoch = $3, undo_offset = $4 WHERE p.undo_epoch IS DISTINCT FROM $3`,
    [importId, partition, epoch, nextOffset],
  );
  return true;
}
