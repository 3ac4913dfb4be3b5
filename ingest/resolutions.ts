/**
 * Decisions about conflicts, as far as ingest goes: the partition of the customer is told.
 *
 * The api role writes a decision down; its control message follows whatever happens. Until it is known to be in the log it is sent
 * anew, and one that is there twice does nothing the second time.
 */
import { announceMoment } from '../platform/moments.ts';
import type { Platform } from '../platform/platform.ts';
import { encodeControlMessage } from '../schemas/control-message.ts';

/** NOTIFY with any payload: somebody has decided. A lost one delays the message until the next look. */
export const RESOLUTIONS_CHANNEL = 'resolutions';

/** Decisions told about at a time; the next round takes the rest. */
const RESOLUTIONS_AT_ONCE = 100;

/** Tells the log of the decisions that it does not know of, in the order they were made. Answers how many there were. */
export async function sendResolutions({ postgres, log }: Pick<Platform, 'postgres' | 'log'>): Promise<number> {
  const incarnation = await log.incarnation();
  const { rows } = await postgres.query<{ id: string; customer: string; resolvedAt: string }>(
    `SELECT conflict_id AS id, customer, resolved_at::text AS "resolvedAt" FROM conflicts
     WHERE (keep = 'this' OR (keep = 'first' AND status <> 'resolved')) AND sent_to IS DISTINCT FROM $1 ORDER BY resolved_at, conflict_id LIMIT $2`,
    [incarnation, RESOLUTIONS_AT_ONCE],
  );
  for (const { id, customer, resolvedAt } of rows) {
    await log.append(log.partitionFor(customer), [encodeControlMessage({ kind: 'keep', conflictId: id })]);
    announceMoment('told');
    // Of this decision: by now it may have been carried out, and another one made about the same conflict.
    await postgres.query(`UPDATE conflicts SET sent_to = $2 WHERE conflict_id = $1 AND resolved_at = $3::timestamptz`, [
      id,
      incarnation,
      resolvedAt,
    ]);
  }
  return rows.length;
}
