/** The rows of an import, from what became of its events. */
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';

interface CountedEvents {
  rows_read: string;
  rows_rejected: string;
  measures: number;
  accepted: string;
  duplicate: string;
  conflict: string;
  [column: string]: unknown;
}

/**
 * Writes down how many of its rows are new, known and in conflict. `from` settling: completes it with them; complete: where they are
 * missing, because a control message has changed what they were counted from. False: another process has done it, or the import is no
 * longer in the session that was looked at.
 *
 * Under the lock of the import's row, which control messages take too, after they have changed its counts: whatever comes meanwhile is
 * either counted here, or takes these figures away again. They stay missing while an undo is at it, which may change them again.
 */
export async function completeRows(postgres: Postgres, id: string, from: 'settling' | 'complete', session?: number): Promise<boolean> {
  return postgres.transaction(async (transaction) => {
    const { rowCount } = await transaction.query(
      `SELECT FROM imports WHERE id = $1 AND status = $2 AND session = coalesce($3, session) FOR UPDATE`,
      [id, from, session ?? null],
    );
    if (rowCount === 0) return false;
    const counted = await countRows(transaction, id);
    await transaction.query(
      `UPDATE imports SET status = 'complete', completed_at = coalesce(completed_at, now()), (rows_new, rows_conflict, rows_known) =
         (SELECT $2::bigint, $3::bigint, $4::bigint WHERE NOT EXISTS (SELECT FROM imports WHERE status = 'undoing'))
       WHERE id = $1`,
      [id, counted.new, counted.conflict, counted.known],
    );
    return true;
  });
}

/** Rows by what became of their events: new if any was accepted, else conflict if any was in conflict, else known. Dead: none of these. */
async function countRows(transaction: Transaction, id: string): Promise<{ new: string; conflict: string; known: string }> {
  const { rows: counted } = await transaction.query<CountedEvents>(
    `SELECT i.rows_read, i.rows_rejected, jsonb_array_length(i.mapping->'measures') AS measures,
            coalesce(sum(p.accepted), 0) AS accepted, coalesce(sum(p.duplicate), 0) AS duplicate, coalesce(sum(p.conflict), 0) AS conflict
     FROM imports i LEFT JOIN import_partitions p ON p.import_id = i.id WHERE i.id = $1 GROUP BY i.id`,
    [id],
  );
  const [events] = counted;
  if (events === undefined) throw new Error(`import ${id} is gone`);
  if (events.measures === 1) return { new: events.accepted, conflict: events.conflict, known: events.duplicate };
  const { rows } = await transaction.query<{ new: string; conflict: string; dead: string }>(
    `WITH accepted AS (SELECT DISTINCT line FROM usage_records WHERE import_id = $1)
     SELECT (SELECT count(*) FROM accepted) AS new,
            (SELECT count(DISTINCT line) FROM conflicts c WHERE import_id = $1 AND NOT EXISTS (SELECT FROM accepted a WHERE a.line = c.line)) AS conflict,
            (SELECT count(DISTINCT line) FROM dead_letters d WHERE is_counted AND import_id = $1 AND NOT EXISTS (SELECT FROM accepted a WHERE a.line = d.line)
               AND NOT EXISTS (SELECT FROM conflicts c WHERE c.import_id = $1 AND c.line = d.line)
               AND NOT EXISTS (SELECT FROM witnesses w WHERE w.import_id = $1 AND w.line = d.line)) AS dead`,
    [id],
  );
  const { new: fresh, conflict, dead } = rows[0] ?? { new: '0', conflict: '0', dead: '0' };
  const known = BigInt(events.rows_read) - BigInt(events.rows_rejected) - BigInt(fresh) - BigInt(conflict) - BigInt(dead);
  return { new: fresh, conflict, known: known.toString() };
}
