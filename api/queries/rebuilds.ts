/** Rebuilds of ClickHouse: asked for here, done by the consumers. */
import { toInstant } from '../../core/instant-text.ts';
import type { Postgres, Queryable } from '../../platform/postgres/postgres.ts';
import type { Rebuild } from '../../schemas/http/operations.ts';

interface RebuildRow {
  id: string;
  state: Rebuild['state'];
  requestedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  rowsCopied: string;
  failure: string | null;
  [column: string]: unknown;
}

const COLUMNS = `rebuild_id::text AS id, state, requested_at AS "requestedAt", started_at AS "startedAt", finished_at AS "finishedAt",
  rows_copied AS "rowsCopied", failure`;

export async function findLatestRebuild(postgres: Postgres): Promise<Rebuild | undefined> {
  const { rows } = await postgres.query<RebuildRow>(`SELECT ${COLUMNS} FROM clickhouse_rebuilds ORDER BY rebuild_id DESC LIMIT 1`);
  return rows[0] === undefined ? undefined : toRebuild(rows[0]);
}

/** Asks for a rebuild. One that is not done yet answers for this one too. */
export async function requestRebuild(postgres: Queryable, by: string): Promise<{ rebuild: Rebuild; isNew: boolean }> {
  const { rows } = await postgres.query<RebuildRow & { isNew: boolean }>(
    `WITH open AS (SELECT * FROM clickhouse_rebuilds WHERE state IN ('requested', 'copying') ORDER BY rebuild_id LIMIT 1),
          added AS (INSERT INTO clickhouse_rebuilds (requested_by) SELECT $1 WHERE NOT EXISTS (SELECT FROM open) RETURNING *)
     SELECT ${COLUMNS}, EXISTS (SELECT FROM added) AS "isNew" FROM (SELECT * FROM open UNION ALL SELECT * FROM added) AS rebuild`,
    [by],
  );
  if (rows[0] === undefined) throw new Error('the rebuild was not stored');
  await postgres.query(`SELECT pg_notify('rebuild', '')`);
  return { rebuild: toRebuild(rows[0]), isNew: rows[0].isNew };
}

function toRebuild(row: RebuildRow): Rebuild {
  return {
    id: row.id,
    state: row.state,
    requestedAt: toInstant(row.requestedAt),
    startedAt: toInstant(row.startedAt),
    finishedAt: toInstant(row.finishedAt),
    rowsCopied: Number(row.rowsCopied),
    failure: row.failure,
  };
}
