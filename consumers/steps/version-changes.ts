/**
 * What undo-import and keep-version share: both change which version of an event is the accepted one, at the place of a control
 * message, in one transaction with the consumer's offset.
 */
import type { Transaction } from '../../platform/postgres/postgres.ts';

/** Where the control message stands. */
export interface ControlPlace {
  epoch: number;
  partition: number;
  offset: number;
}

export type Run = Transaction['query'];

export const CONTENT = 'customer, id, meter, time, quantity, properties';
export const POSITION = 'epoch, partition, "offset", idx';
export const MONTH = (time: string) => `to_char(${time} AT TIME ZONE 'UTC', 'YYYYMM')::integer`;
export const SAME_EVENT = (a: string, b: string) => `${a}.customer = ${b}.customer AND ${a}.id = ${b}.id`;
export const SAME_CONTENT = (a: string, b: string) =>
  `${a}.meter = ${b}.meter AND ${a}.time = ${b}.time AND ${a}.quantity = ${b}.quantity AND ${a}.properties = ${b}.properties`;

/** Imports whose events count for nothing. An undo that is asked for later has its control message behind this one. */
export const FALLEN = `(SELECT id FROM fallen_imports)`;

/** Tables that belong to the connection and are empty again after each commit. */
export async function prepareVersionChanges(run: Run): Promise<void> {
  await run('CREATE TEMPORARY TABLE IF NOT EXISTS fallen_imports (id bigint) ON COMMIT DELETE ROWS');
  await run(
    `CREATE TEMPORARY TABLE IF NOT EXISTS count_changes (import_id bigint, accepted bigint, duplicate bigint, conflict bigint) ON COMMIT DELETE ROWS`,
  );
  await run(
    `CREATE TEMPORARY TABLE IF NOT EXISTS known_changes (import_id bigint, from_import_id bigint, events bigint) ON COMMIT DELETE ROWS`,
  );
  // Once for all statements: each of them sees what was committed since the one before.
  await run(`INSERT INTO fallen_imports SELECT id FROM imports WHERE status IN ('undoing', 'undone')`);
}

/**
 * Of these events (a query for customer and id), those that no version is accepted of. Where all that is left was decided against,
 * the decision falls with what it was for: a person is asked again.
 */
export async function strandConflicts(run: Run, events: string, values: readonly unknown[] = []): Promise<void> {
  const unaccepted = `c.customer = e.customer AND c.id = e.id AND c.import_id NOT IN ${FALLEN}
    AND NOT EXISTS (SELECT FROM usage_records r WHERE ${SAME_EVENT('r', 'c')})`;
  await run(`UPDATE conflicts c SET stranded = true FROM (${events}) e WHERE ${unaccepted} AND NOT c.stranded`, values);
  await run(
    `UPDATE conflicts c SET status = 'reopened', keep = nullif(keep, 'first'),
       (resolved_by, resolved_at) = (SELECT c.resolved_by, c.resolved_at WHERE c.keep = 'this')
     FROM (${events}) e WHERE ${unaccepted} AND c.status = 'resolved'
       AND NOT EXISTS (SELECT FROM conflicts o WHERE ${SAME_EVENT('o', 'c')} AND o.status = 'open' AND o.import_id NOT IN ${FALLEN})`,
    values,
  );
}

/** What the other imports have gained and lost, as count_changes and known_changes say. */
export async function applyCounts(run: Run, partition: number): Promise<void> {
  await run(
    `INSERT INTO import_partitions AS p (import_id, partition, accepted, duplicate, conflict)
     SELECT import_id, $1, sum(accepted), sum(duplicate), sum(conflict) FROM count_changes GROUP BY import_id ORDER BY import_id
     ON CONFLICT (import_id, partition) DO UPDATE SET accepted = p.accepted + excluded.accepted,
       duplicate = p.duplicate + excluded.duplicate, conflict = p.conflict + excluded.conflict`,
    [partition],
  );
  // In the order that commit-records adds to the same pairs in: two partitions may do so at the same time.
  await run(
    `INSERT INTO import_known_from AS k (import_id, from_import_id, events)
     SELECT import_id, from_import_id, sum(events) FROM known_changes GROUP BY 1, 2 HAVING sum(events) <> 0
     ORDER BY (import_id || ':' || from_import_id) COLLATE "C"
     ON CONFLICT (import_id, from_import_id) DO UPDATE SET events = k.events + excluded.events`,
  );
  // Rows are counted anew afterwards. Last and in order, as other partitions do the same; also of an import that is just being
  // completed, by somebody who holds its row and then waits here, or waits for us and then reads what we have changed.
  await run(
    `UPDATE imports i SET rows_new = NULL, rows_known = NULL, rows_conflict = NULL, customers = NULL
     FROM (SELECT id FROM imports WHERE id IN (SELECT import_id FROM count_changes) AND status IN ('settling', 'complete') ORDER BY id FOR UPDATE) locked
     WHERE i.id = locked.id`,
  );
}
