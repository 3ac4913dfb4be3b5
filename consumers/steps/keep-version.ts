/**
 * What a person's decision about a conflict means, as statements of one transaction.
 *
 *   keep the first   this version, whoever reported it, is decided against: never billed by itself
 *   keep this        as if this version had come first:
 *     displaced_versions   the event accepted until now and its witnesses, where their content is another: they become conflicts
 *                          that are decided against, kept whole; the position of the accepted one leaves ClickHouse (voids),
 *                          and is kept for the trace of invoices that have billed it (replaced_versions)
 *     this                 becomes the accepted event, at the control message's own offset, and enters ClickHouse (revivals)
 *     whatever agrees      its witnesses from now on
 *   Other versions stay in conflict, with the one that is accepted now.
 *
 * Positions stay unique over usage_records, witnesses, conflicts and voided_events: each row takes its own along, and what becomes
 * accepted gets that of the control message.
 */
import type { Transaction } from '../../platform/postgres/postgres.ts';
import {
  applyCounts,
  CONTENT,
  type ControlPlace,
  FALLEN,
  MONTH,
  POSITION,
  prepareVersionChanges,
  type Run,
  SAME_CONTENT,
  SAME_EVENT,
  strandConflicts,
} from './version-changes.ts';

const ACCEPTED_BEFORE = 'FROM displaced_versions d WHERE d.was_accepted';

/**
 * Answers false where there is nothing to carry out: it has been, or the import is being undone and takes the conflict along, or the
 * conflict is none any more because the other imports agree with it.
 */
export async function keepVersion(transaction: Transaction, conflictId: string, place: ControlPlace): Promise<boolean> {
  const run: Run = (sql, values) => transaction.query(sql, values);
  await prepareVersionChanges(run);
  const { rows } = await transaction.query<{ customer: string; id: string; keep: 'first' | 'this' }>(
    `SELECT customer, id, keep FROM conflicts WHERE conflict_id = $1 AND import_id NOT IN ${FALLEN}
       AND (keep = 'this' OR (keep = 'first' AND status <> 'resolved')) FOR UPDATE`,
    [conflictId],
  );
  const decided = rows[0];
  if (!decided) return false;
  if (decided.keep === 'first') {
    await decideAgainst(run, conflictId);
    await strandConflicts(run, 'SELECT $1::text AS customer, $2::text AS id', [decided.customer, decided.id]);
    return true;
  }
  await run(
    `CREATE TEMPORARY TABLE IF NOT EXISTS displaced_versions (LIKE usage_records, was_accepted boolean, kept_import_id bigint) ON COMMIT DELETE ROWS`,
  );
  await displace(run, conflictId, place);
  await accept(run, conflictId, place);
  await countDisplaced(run);
  await reconcileDisplaced(run, conflictId);
  await applyCounts(run, place.partition);
  return true;
}

/** Also where others reported the same. One that a person has decided for meanwhile waits for its own message. */
async function decideAgainst(run: Run, conflictId: string): Promise<void> {
  await run(
    `UPDATE conflicts c SET status = 'resolved', resolved_by = t.resolved_by, resolved_at = t.resolved_at
     FROM conflicts t WHERE t.conflict_id = $1 AND ${SAME_EVENT('c', 't')} AND ${SAME_CONTENT('c', 't')}
       AND c.status <> 'resolved' AND c.keep IS DISTINCT FROM 'this'`,
    [conflictId],
  );
}

async function displace(run: Run, conflictId: string, { epoch, partition, offset }: ControlPlace): Promise<void> {
  await run(
    `INSERT INTO displaced_versions
     WITH accepted AS (SELECT r.* FROM usage_records r JOIN conflicts t ON t.conflict_id = $1 AND ${SAME_EVENT('r', 't')} AND NOT (${SAME_CONTENT('r', 't')}))
     SELECT a.*, true, a.import_id FROM accepted a
     UNION ALL SELECT a.customer, a.id, a.meter, a.time, a.quantity, a.properties, w.import_id, w.line, w.epoch, w.partition, w."offset", w.idx, false, a.import_id
     FROM accepted a JOIN witnesses w ON ${SAME_EVENT('w', 'a')}`,
    [conflictId],
  );
  await run(
    `INSERT INTO replaced_versions (${CONTENT}, import_id, line, ${POSITION}, conflict_id, resolved_by, resolved_at, control_epoch, control_partition, control_offset)
     SELECT d.customer, d.id, d.meter, d.time, d.quantity, d.properties, d.import_id, d.line, d.epoch, d.partition, d."offset", d.idx,
            t.conflict_id, t.resolved_by, t.resolved_at, $2, $3, $4
     FROM displaced_versions d JOIN conflicts t ON t.conflict_id = $1 WHERE d.was_accepted`,
    [conflictId, epoch, partition, offset],
  );
  await run(`DELETE FROM usage_records r USING displaced_versions d WHERE d.was_accepted AND ${SAME_EVENT('r', 'd')}`);
  await run(`DELETE FROM witnesses w USING displaced_versions d WHERE d.was_accepted AND ${SAME_EVENT('w', 'd')}`);
  // A version that somebody had decided for has been a conflict before: it is the same one again.
  await run(
    `INSERT INTO conflicts (conflict_id, ${CONTENT}, import_id, line, ${POSITION}, status, created_at, resolved_by, resolved_at)
     SELECT coalesce(v.conflict_id, nextval('conflicts_conflict_id_seq')), ${CONTENT}, import_id, line, ${POSITION}, 'resolved', created_at, resolved_by, resolved_at
     FROM (SELECT d.*, k.conflict_id, coalesce(k.created_at, now()) AS created_at, t.resolved_by, t.resolved_at
           FROM displaced_versions d JOIN conflicts t ON t.conflict_id = $1
             LEFT JOIN kept_versions k ON ${SAME_EVENT('k', 'd')} AND k.import_id = d.import_id AND k.line = d.line AND k.meter = d.meter
           ORDER BY d.was_accepted DESC, d.epoch, d.partition, d."offset", d.idx) v`,
    [conflictId],
  );
  await run(
    `DELETE FROM kept_versions k USING displaced_versions d
     WHERE ${SAME_EVENT('k', 'd')} AND k.import_id = d.import_id AND k.line = d.line AND k.meter = d.meter`,
  );
  await run(
    `INSERT INTO voids (epoch, partition, control_offset, chunk, month, position_epoch, position_partition, offsets, indexes)
     SELECT $1, $2, $3, 0, ${MONTH('d.time')}, d.epoch, d.partition, ARRAY[d."offset"], ARRAY[d.idx] ${ACCEPTED_BEFORE}`,
    [epoch, partition, offset],
  );
}

/** Where the same version is accepted already, by another report, it stays; then this one is its witness. */
async function accept(run: Run, conflictId: string, { epoch, partition, offset }: ControlPlace): Promise<void> {
  await run(
    `WITH this AS (
       SELECT t.* FROM conflicts t WHERE t.conflict_id = $1 AND NOT EXISTS (SELECT FROM usage_records r WHERE ${SAME_EVENT('r', 't')})
     ), entering AS (
       INSERT INTO revivals (epoch, partition, control_offset, idx, month, customer, meter, time, quantity)
       SELECT $2, $3, $4, 0, ${MONTH('time')}, customer, meter, time, quantity FROM this
     )
     INSERT INTO usage_records (${CONTENT}, import_id, line, ${POSITION}) SELECT ${CONTENT}, import_id, line, $2, $3, $4, 0 FROM this`,
    [conflictId, epoch, partition, offset],
  );
  await run(
    `WITH agreeing AS (
       DELETE FROM conflicts c USING conflicts t WHERE t.conflict_id = $1 AND ${SAME_EVENT('c', 't')} AND ${SAME_CONTENT('c', 't')}
         AND c.import_id NOT IN ${FALLEN}
       RETURNING c.*
     ), placed AS (
       SELECT a.*, r.import_id AS kept_import_id, a.import_id = r.import_id AND a.line = r.line AS is_accepted
       FROM agreeing a JOIN usage_records r ON ${SAME_EVENT('r', 'a')}
     ), witnessed AS (
       INSERT INTO witnesses (customer, id, import_id, line, meter, ${POSITION})
       SELECT customer, id, import_id, line, meter, ${POSITION} FROM placed WHERE NOT is_accepted
     ), kept AS (
       INSERT INTO kept_versions (conflict_id, ${CONTENT}, import_id, line, created_at, resolved_by, resolved_at)
       SELECT conflict_id, ${CONTENT}, import_id, line, created_at, resolved_by, resolved_at FROM placed WHERE keep = 'this'
     ), counted AS (
       INSERT INTO count_changes
       SELECT import_id, count(*) FILTER (WHERE is_accepted), count(*) FILTER (WHERE NOT is_accepted), -count(*) FROM placed GROUP BY import_id
     )
     INSERT INTO known_changes SELECT import_id, kept_import_id, count(*) FROM placed WHERE NOT is_accepted GROUP BY 1, 2`,
    [conflictId],
  );
}

/** Those of an import that is being undone stay as they were. */
async function countDisplaced(run: Run): Promise<void> {
  await run(
    `INSERT INTO count_changes
     SELECT import_id, -count(*) FILTER (WHERE was_accepted), -count(*) FILTER (WHERE NOT was_accepted), count(*)
     FROM displaced_versions WHERE import_id NOT IN ${FALLEN} GROUP BY import_id`,
  );
  await run(
    `INSERT INTO known_changes SELECT import_id, kept_import_id, -count(*) FROM displaced_versions
     WHERE NOT was_accepted AND import_id NOT IN ${FALLEN} GROUP BY 1, 2`,
  );
}

/** Reconciliation looks at the hours that rows come into. One that a row only leaves is asked for. */
async function reconcileDisplaced(run: Run, conflictId: string): Promise<void> {
  await run(
    `INSERT INTO reconciliation_runs (customer, from_time, to_time, requested_by)
     SELECT d.customer, date_trunc('hour', d.time, 'UTC'), date_trunc('hour', d.time, 'UTC') + interval '1 hour', 'conflict ' || $1
     ${ACCEPTED_BEFORE} AND NOT EXISTS (SELECT FROM usage_records r WHERE ${SAME_EVENT('r', 'd')} AND date_trunc('hour', r.time, 'UTC') = date_trunc('hour', d.time, 'UTC'))`,
    [conflictId],
  );
}
