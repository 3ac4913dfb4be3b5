/** Counts of whom an import has brought usage, once it is complete, and again when an undo or a decision has changed that. */
import type { Postgres } from '../platform/postgres/postgres.ts';

/** Named beside the number: as many as a line of a list has room for. */
const NAMED_MAX = 3;

/**
 * Counts for the oldest import that waits for it. False when there is none. Under the lock of the import's row, as its rows are counted:
 * what changes meanwhile is either counted here, or takes this figure away again.
 */
export async function countImportCustomers(postgres: Postgres): Promise<boolean> {
  const id = await postgres.transaction(async (transaction) => {
    const { rows } = await transaction.query<{ id: string }>(
      `SELECT id FROM imports WHERE status = 'complete' AND customers IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    const found = rows[0]?.id;
    if (found === undefined) return undefined;
    await transaction.query(
      `UPDATE imports SET customers = (
         SELECT jsonb_build_object('count', count(*), 'first', coalesce(to_jsonb((array_agg(customer ORDER BY events DESC, customer))[1:${NAMED_MAX}]), '[]'))
           FROM (SELECT customer, count(*) AS events FROM usage_records WHERE import_id = $1::bigint GROUP BY customer) AS brought)
       WHERE id = $1::bigint`,
      [found],
    );
    return found;
  });
  if (id === undefined) return false;
  await postgres.query(`SELECT pg_notify('imports', $1)`, [id]);
  return true;
}
