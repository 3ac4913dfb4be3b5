/**
 * What undoing an import means for the rows of one partition, as statements of one transaction. All sets stay in Postgres, in
 * temporary tables, so that memory does not depend on the size of the import.
 *
 *   undone_rows    the import's accepted events here, each with its heir: the first witness of an import that stands
 *                  heir: it takes the row over in place, at its position, and ClickHouse is not touched
 *                  none: the row goes, and its position leaves ClickHouse (voids)
 *   revived_rows   identities that are then without an accepted event, but with open conflicts that all agree: the first of them
 *                  becomes the accepted event, at the control message's own offset, and enters ClickHouse (revivals);
 *                  what a person has decided against does not: where nothing else is left, a person is asked again
 *
 * Positions stay unique over usage_records, witnesses, conflicts and voided_events: where an heir takes a row's position over,
 * the voided event is filed under the heir's. It keeps the one it was accepted under, and the place of the control message, by which
 * the trace of an invoice knows what stood before.
 *
 * The sums of the imports that stand still add up: what they gain as accepted they lose as duplicate or conflict. Those of the
 * undone import stay as they were, as history.
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
  strandConflicts,
} from './version-changes.ts';

/** Positions deleted from ClickHouse by one statement: 8 MB as a set there, 4 MB as text on the way. */
export const VOIDED_POSITIONS = 250_000;

/** What a voided event says of the time when it was accepted. */
const ACCEPTED = 'accepted_epoch, accepted_partition, accepted_offset, accepted_idx, passed_on';
const CONTROL = 'control_epoch, control_partition, control_offset';

/** Conflicts that may be billed without anybody's decision. */
const CANDIDATE = `c.status = 'open' AND c.keep IS DISTINCT FROM 'first' AND c.import_id NOT IN ${FALLEN}`;

export interface UndoPlace extends ControlPlace {
  /** Partitions of the log. */
  partitions: number;
}

export async function undoImport(transaction: Transaction, importId: string, place: UndoPlace): Promise<void> {
  const run: Run = (sql, values) => transaction.query(sql, values);
  // Rows of an earlier incarnation of the log belong to the partition of the same number here.
  const mine = (table: string) => `${table}.import_id = $1 AND ${table}.partition % $2::integer = $3::integer`;
  const own = [importId, place.partitions, place.partition];

  await prepareVersionChanges(run);
  for (const statement of WORKING_TABLES) await run(statement);
  await run(
    `INSERT INTO undone_rows
     SELECT r.*, h.import_id, h.line, h.epoch, h.partition, h."offset", h.idx
     FROM usage_records r LEFT JOIN LATERAL (
       SELECT * FROM witnesses w WHERE w.customer = r.customer AND w.id = r.id AND w.import_id NOT IN ${FALLEN}
       ORDER BY w.epoch, w.partition, w."offset", w.idx LIMIT 1) h ON true
     WHERE ${mine('r')}`,
    own,
  );
  // Without statistics the planner would take it for small, whatever it is.
  await run('ANALYZE undone_rows');
  await passToHeirs(run);
  await run(`DELETE FROM witnesses w WHERE ${mine('w')}`, own);
  await countHeirs(run, importId);
  await voidRows(run, importId, place);
  await run(
    `INSERT INTO lost_events SELECT customer, id FROM undone_rows WHERE heir_import_id IS NULL
     UNION SELECT c.customer, c.id FROM conflicts c
     WHERE ${mine('c')} AND NOT EXISTS (SELECT FROM usage_records r WHERE r.customer = c.customer AND r.id = c.id)`,
    own,
  );
  await run('ANALYZE lost_events');
  await chooseRevived(run);
  await run(
    `WITH gone AS (DELETE FROM conflicts c WHERE ${mine('c')} RETURNING *)
     INSERT INTO voided_events (${CONTENT}, import_id, line, ${POSITION}, undone_import_id, ${CONTROL})
     SELECT ${CONTENT}, import_id, line, ${POSITION}, $1, $4, $3, $5 FROM gone`,
    [...own, place.epoch, place.offset],
  );
  await revive(run, place);
  await strandConflicts(run, 'SELECT customer, id FROM lost_events');
  await forgetKept(run, importId);
  await applyCounts(run, place.partition);
}

/** They belong to the connection and are empty again after each commit. */
const WORKING_TABLES = [
  `CREATE TEMPORARY TABLE IF NOT EXISTS undone_rows (LIKE usage_records, heir_import_id bigint, heir_line bigint, heir_epoch integer,
     heir_partition smallint, heir_offset bigint, heir_idx integer) ON COMMIT DELETE ROWS`,
  `CREATE TEMPORARY TABLE IF NOT EXISTS revived_rows (conflict_id bigint, customer text COLLATE "C", id text COLLATE "C", idx integer)
     ON COMMIT DELETE ROWS`,
  `CREATE TEMPORARY TABLE IF NOT EXISTS lost_events (customer text COLLATE "C", id text COLLATE "C") ON COMMIT DELETE ROWS`,
] as const;

async function passToHeirs(run: Run): Promise<void> {
  await run(
    `UPDATE usage_records r SET import_id = u.heir_import_id, line = u.heir_line FROM undone_rows u
     WHERE r.customer = u.customer AND r.id = u.id AND u.heir_import_id IS NOT NULL`,
  );
  await run(
    `DELETE FROM witnesses w USING undone_rows u
     WHERE w.customer = u.customer AND w.id = u.id AND w.import_id = u.heir_import_id AND w.line = u.heir_line AND w.meter = u.meter`,
  );
}

/** An heir's event is a duplicate no more; the duplicates that are left are known from the heir. */
async function countHeirs(run: Run, importId: string): Promise<void> {
  await run(
    `INSERT INTO count_changes SELECT heir_import_id, count(*), -count(*), 0 FROM undone_rows WHERE heir_import_id IS NOT NULL GROUP BY 1`,
  );
  await run(
    `WITH left_over AS (
       SELECT w.import_id, u.heir_import_id, count(*) AS events FROM undone_rows u JOIN witnesses w ON w.customer = u.customer AND w.id = u.id
       WHERE u.heir_import_id IS NOT NULL GROUP BY 1, 2)
     INSERT INTO known_changes
     SELECT import_id, $1::bigint, -accepted FROM count_changes
     UNION ALL SELECT import_id, $1::bigint, -events FROM left_over
     UNION ALL SELECT import_id, heir_import_id, events FROM left_over`,
    [importId],
  );
}

async function voidRows(run: Run, importId: string, { epoch, partition, offset }: UndoPlace): Promise<void> {
  await run(
    `INSERT INTO voided_events (${CONTENT}, import_id, line, ${POSITION}, undone_import_id, ${ACCEPTED}, ${CONTROL})
     SELECT ${CONTENT}, import_id, line, coalesce(heir_epoch, epoch), coalesce(heir_partition, partition), coalesce(heir_offset, "offset"),
            coalesce(heir_idx, idx), $1, ${POSITION}, heir_import_id IS NOT NULL, $2, $3, $4
     FROM undone_rows ORDER BY epoch, partition, "offset", idx`,
    [importId, epoch, partition, offset],
  );
  await run(`DELETE FROM usage_records r USING undone_rows u WHERE r.customer = u.customer AND r.id = u.id AND u.heir_import_id IS NULL`);
  await run(
    `INSERT INTO voids (epoch, partition, control_offset, chunk, month, position_epoch, position_partition, offsets, indexes)
     SELECT $1, $2, $3, row_number() OVER (ORDER BY month, epoch, partition, part) - 1, month, epoch, partition, offsets, indexes
     FROM (SELECT month, epoch, partition, part, array_agg("offset" ORDER BY "offset", idx) AS offsets, array_agg(idx ORDER BY "offset", idx) AS indexes
           FROM (SELECT ${MONTH('time')} AS month, ${POSITION},
                        (row_number() OVER (PARTITION BY ${MONTH('time')}, epoch, partition ORDER BY "offset", idx) - 1) / ${VOIDED_POSITIONS} AS part
                 FROM undone_rows WHERE heir_import_id IS NULL) positions
           GROUP BY month, epoch, partition, part) chunks`,
    [epoch, partition, offset],
  );
}

async function chooseRevived(run: Run): Promise<void> {
  // Whoever decides about one of them now waits, and then finds what has become of it.
  await run(
    `WITH locked AS MATERIALIZED (SELECT c.conflict_id FROM conflicts c JOIN lost_events l ON l.customer = c.customer AND l.id = c.id FOR UPDATE OF c)
     SELECT count(*) FROM locked`,
  );
  await run(
    `INSERT INTO revived_rows (conflict_id, customer, id, idx)
     SELECT found.conflict_id, lost.customer, lost.id, row_number() OVER (ORDER BY found.conflict_id) - 1
     FROM lost_events lost CROSS JOIN LATERAL (
       SELECT min(c.conflict_id) AS conflict_id, count(DISTINCT (c.meter, c.time, c.quantity, c.properties)) AS versions
       FROM conflicts c WHERE c.customer = lost.customer AND c.id = lost.id AND ${CANDIDATE}) found
     WHERE found.versions = 1`,
  );
}

/** The other survivors agree with the revived one, so they are its duplicates from now on. */
async function revive(run: Run, { epoch, partition, offset }: UndoPlace): Promise<void> {
  await run(
    `WITH survivors AS (
       DELETE FROM conflicts c USING revived_rows v
       WHERE c.customer = v.customer AND c.id = v.id AND ${CANDIDATE}
       RETURNING c.*, v.conflict_id AS revived_id, v.idx AS revived_idx
     ), revived AS (SELECT * FROM survivors WHERE conflict_id = revived_id
     ), accepted AS (
       INSERT INTO usage_records (${CONTENT}, import_id, line, ${POSITION})
       SELECT ${CONTENT}, import_id, line, $1, $2, $3, revived_idx FROM revived ORDER BY customer, id
     ), entering AS (
       INSERT INTO revivals (epoch, partition, control_offset, idx, month, customer, meter, time, quantity)
       SELECT $1, $2, $3, revived_idx, ${MONTH('time')}, customer, meter, time, quantity FROM revived
     ), witnessed AS (
       INSERT INTO witnesses (customer, id, import_id, line, meter, ${POSITION})
       SELECT customer, id, import_id, line, meter, ${POSITION} FROM survivors WHERE conflict_id <> revived_id
     ), kept AS (
       INSERT INTO kept_versions (conflict_id, ${CONTENT}, import_id, line, created_at, resolved_by, resolved_at)
       SELECT conflict_id, ${CONTENT}, import_id, line, created_at, resolved_by, resolved_at FROM survivors WHERE keep = 'this'
     ), counted AS (
       INSERT INTO count_changes SELECT import_id, count(*) FILTER (WHERE conflict_id = revived_id),
         count(*) FILTER (WHERE conflict_id <> revived_id), -count(*) FROM survivors GROUP BY import_id
     )
     INSERT INTO known_changes SELECT s.import_id, r.import_id, count(*) FROM survivors s JOIN revived r ON r.conflict_id = s.revived_id
     WHERE s.conflict_id <> s.revived_id GROUP BY 1, 2`,
    [epoch, partition, offset],
  );
}

/** Whatever a person kept of the import: its line stands nowhere now. Lines in other partitions stand until their turn comes. */
async function forgetKept(run: Run, importId: string): Promise<void> {
  await run(
    `DELETE FROM kept_versions k WHERE k.import_id = $1
       AND NOT EXISTS (SELECT FROM usage_records r WHERE r.customer = k.customer AND r.id = k.id AND r.import_id = k.import_id AND r.line = k.line)
       AND NOT EXISTS (SELECT FROM witnesses w WHERE w.customer = k.customer AND w.id = k.id AND w.import_id = k.import_id AND w.line = k.line)`,
    [importId],
  );
}
