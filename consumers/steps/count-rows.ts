/** The rows of an import, from what became of its events. */
import type { Postgres } from '../../platform/postgres/postgres.ts';

export interface CountedEvents {
  id: string;
  rows_read: string;
  rows_rejected: string;
  measures: number;
  accepted: string;
  duplicate: string;
  conflict: string;
}

/** Rows by what became of their events: new if any was accepted, else conflict if any was in conflict, else known. */
export async function countRows(postgres: Postgres, settled: CountedEvents): Promise<{ new: string; conflict: string; known: string }> {
  if (settled.measures === 1) return { new: settled.accepted, conflict: settled.conflict, known: settled.duplicate };
  const { rows } = await postgres.query<{ new: string; conflict: string }>(
    `WITH accepted AS (SELECT DISTINCT line FROM usage_records WHERE import_id = $1)
     SELECT (SELECT count(*) FROM accepted) AS new,
            (SELECT count(DISTINCT line) FROM conflicts c WHERE import_id = $1 AND NOT EXISTS (SELECT FROM accepted a WHERE a.line = c.line)) AS conflict`,
    [settled.id],
  );
  const { new: fresh, conflict } = rows[0] ?? { new: '0', conflict: '0' };
  const known = BigInt(settled.rows_read) - BigInt(settled.rows_rejected) - BigInt(fresh) - BigInt(conflict);
  return { new: fresh, conflict, known: known.toString() };
}
