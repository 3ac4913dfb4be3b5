/** What the reconciliation job has found, and the cells of a customer as they are now. */
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { toInstant } from '../../core/instant-text.ts';
import { instantText } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Postgres, Queryable } from '../../platform/postgres/postgres.ts';
import { compareCells, readClickHouseCells, readPostgresCells, type CellRectangle, type UsageCell } from '../../platform/usage-cells.ts';
import type { Reconciliation, ReconciliationCell, ReconciliationRun } from '../../schemas/http/reconciliation.ts';
import { readWatermark } from './watermark.ts';

/** Cells and imports listed at once: more than a person reads. */
const CELLS_MAX = 1_000;
const IMPORTS_MAX = 100;
const QUANTITY_SCALE = 18;

export interface ReconciliationScope {
  customer: string | undefined;
  /** RFC 3339, half-open. */
  from: string | undefined;
  to: string | undefined;
}

interface CellRow {
  customer: string;
  meter: string;
  hour: string;
  state: 'differs' | 'open';
  postgres: string;
  clickhouse: string;
  postgresEvents: string;
  clickhouseEvents: string;
  [column: string]: unknown;
}

// A cell is in scope when any part of its hour is.
const IN_SCOPE = `($1::text IS NULL OR customer = $1::text) AND ($2::timestamptz IS NULL OR hour > $2::timestamptz - interval '1 hour')
  AND ($3::timestamptz IS NULL OR hour < $3::timestamptz)`;

function scopeValues({ customer, from, to }: ReconciliationScope): unknown[] {
  return [customer ?? null, from ?? null, to ?? null];
}

export async function listStoredCells(
  postgres: Postgres,
  _scope: EveryCustomer,
  scope: ReconciliationScope,
  state: ReconciliationCell['state'] | undefined,
): Promise<ReconciliationCell[]> {
  const { rows } = await postgres.query<CellRow>(
    `SELECT customer, meter, hour, state, postgres_quantity::text AS postgres, clickhouse_quantity::text AS clickhouse,
            postgres_events AS "postgresEvents", clickhouse_events AS "clickhouseEvents"
       FROM reconciliation_cells WHERE ${IN_SCOPE} AND ($4::text IS NULL OR state = $4::text) ORDER BY state, customer, hour, meter LIMIT $5`,
    [...scopeValues(scope), state ?? null, CELLS_MAX],
  );
  return rows.map((row) => ({
    customer: row.customer,
    meter: row.meter,
    hour: toInstant(row.hour),
    state: row.state,
    postgres: withoutPadding(row.postgres),
    clickhouse: withoutPadding(row.clickhouse),
    events: { postgres: Number(row.postgresEvents), clickhouse: Number(row.clickhouseEvents) },
  }));
}

export async function countStoredCells(
  postgres: Postgres,
  _scope: EveryCustomer,
  scope: ReconciliationScope,
): Promise<{ differs: number; open: number }> {
  const { rows } = await postgres.query<{ differs: string; open: string }>(
    `SELECT count(*) FILTER (WHERE state = 'differs') AS differs, count(*) FILTER (WHERE state = 'open') AS open FROM reconciliation_cells WHERE ${IN_SCOPE}`,
    scopeValues(scope),
  );
  return { differs: Number(rows[0]?.differs ?? 0), open: Number(rows[0]?.open ?? 0) };
}

/** Both stores as they are now. What differs and is not on record is still to be checked. */
export async function readLiveCells(platform: Platform, _scope: EveryCustomer, rectangle: CellRectangle): Promise<ReconciliationCell[]> {
  const [{ partitions }, epoch] = [await readWatermark(platform), await readEpoch(platform)];
  const below = { epoch, nextOffsets: partitions.map(({ rollups }) => rollups) };
  const found = new Map<string, { cell: UsageCell; postgres?: UsageCell; clickhouse?: UsageCell }>();
  const keyOf = ({ hour, meter }: UsageCell) => `${hour} ${meter}`;
  for await (const cell of readPostgresCells(platform.postgres, below, rectangle)) found.set(keyOf(cell), { cell, postgres: cell });
  for await (const cell of readClickHouseCells(platform.clickhouse, below, rectangle))
    found.set(keyOf(cell), { cell, ...found.get(keyOf(cell)), clickhouse: cell });
  return [...found.values()]
    .toSorted((a, b) => compareCells(a.cell, b.cell))
    .map(({ cell, postgres, clickhouse }) => ({
      customer: cell.customer,
      meter: cell.meter,
      hour: instantText(cell.hour),
      state:
        postgres?.quantity === clickhouse?.quantity && postgres?.events === clickhouse?.events ? ('agrees' as const) : ('open' as const),
      postgres: postgres?.quantity ?? '0',
      clickhouse: clickhouse?.quantity ?? '0',
      events: { postgres: postgres?.events ?? 0, clickhouse: clickhouse?.events ?? 0 },
    }));
}

export async function readChecked(platform: Platform): Promise<{ isFirstRunDone: boolean; checkedAt: string | null; upTo: string | null }> {
  const { rows } = await platform.postgres.query<{ partitions: string; checkedAt: string | null; upTo: string | null }>(
    `SELECT count(*) AS partitions, min(checked_at) AS "checkedAt", min(up_to) AS "upTo" FROM reconciliation_progress WHERE epoch = $1`,
    [await readEpoch(platform)],
  );
  const { partitions = '0', checkedAt = null, upTo = null } = rows[0] ?? {};
  return {
    isFirstRunDone: Number(partitions) >= platform.log.partitions,
    checkedAt: toInstant(checkedAt),
    upTo: toInstant(upTo),
  };
}

/** The sums of all complete imports. */
export async function readImportSums(postgres: Postgres, _scope: EveryCustomer): Promise<Reconciliation['rows']> {
  const { rows } = await postgres.query<{ sums: Reconciliation['rows'] }>(
    `SELECT json_build_object('read', coalesce(sum(rows_read), 0), 'rejected', coalesce(sum(rows_rejected), 0),
       'published', coalesce(sum(events_published), 0), 'accepted', coalesce(sum(accepted), 0), 'duplicate', coalesce(sum(duplicate), 0),
       'conflict', coalesce(sum(conflict), 0), 'dead', coalesce(sum(dead), 0)) AS sums
     FROM (${COMPLETE_IMPORTS}) AS complete`,
  );
  if (rows[0] === undefined) throw new Error('an aggregate has a row');
  return rows[0].sums;
}

/** Complete imports of which a row or an event is unaccounted for. */
export async function listUnbalancedImports(postgres: Postgres, _scope: EveryCustomer): Promise<Reconciliation['imports']> {
  const { rows } = await postgres.query<{ import: Reconciliation['imports'][number] }>(
    `SELECT json_build_object('id', id::text, 'name', name,
       'rows', json_build_object('read', rows_read, 'accounted', rows_accounted),
       'events', json_build_object('published', events_published, 'accounted', events_accounted)) AS import
     FROM (SELECT *, accepted + duplicate + conflict + dead AS events_accounted,
             coalesce(rows_new, 0) + coalesce(rows_known, 0) + coalesce(rows_conflict, 0) + rows_rejected AS rows_accounted
           FROM (${COMPLETE_IMPORTS}) AS complete) AS counted
     WHERE rows_read <> rows_accounted OR events_published <> events_accounted ORDER BY id LIMIT ${IMPORTS_MAX}`,
  );
  return rows.map((row) => row.import);
}

const COMPLETE_IMPORTS = `
  SELECT i.id, i.name, i.rows_read, i.rows_rejected, i.rows_new, i.rows_known, i.rows_conflict, i.events_published,
         coalesce(sum(p.accepted), 0)::bigint AS accepted, coalesce(sum(p.duplicate), 0)::bigint AS duplicate,
         coalesce(sum(p.conflict), 0)::bigint AS conflict, coalesce(sum(p.dead), 0)::bigint AS dead
    FROM imports i LEFT JOIN import_partitions p ON p.import_id = i.id WHERE i.status = 'complete' GROUP BY i.id`;

export async function hasOpenRuns(postgres: Postgres): Promise<boolean> {
  const { rows } = await postgres.query<{ open: boolean }>(`SELECT EXISTS (SELECT FROM reconciliation_runs WHERE state <> 'done') AS open`);
  return rows[0]?.open ?? false;
}

/** Asks for a run. One that was asked for in the same words and has not begun answers for this one too. */
export async function requestRun(
  postgres: Queryable,
  scope: ReconciliationScope,
  by: string,
): Promise<{ run: ReconciliationRun; isNew: boolean }> {
  const { rows } = await postgres.query<RunRow & { isNew: boolean }>(
    `WITH waiting AS (
       SELECT run_id, state, requested_at, finished_at FROM reconciliation_runs WHERE state = 'requested' AND customer IS NOT DISTINCT FROM $1::text
         AND from_time IS NOT DISTINCT FROM $2::timestamptz AND to_time IS NOT DISTINCT FROM $3::timestamptz ORDER BY run_id LIMIT 1
     ), added AS (
       INSERT INTO reconciliation_runs (customer, from_time, to_time, requested_by) SELECT $1, $2::timestamptz, $3::timestamptz, $4 WHERE NOT EXISTS (SELECT FROM waiting)
       RETURNING run_id, state, requested_at, finished_at
     )
     SELECT ${RUN_COLUMNS}, EXISTS (SELECT FROM added) AS "isNew" FROM (SELECT * FROM waiting UNION ALL SELECT * FROM added) AS run`,
    [...scopeValues(scope), by],
  );
  const [run] = rows;
  if (run === undefined) throw new Error('the run was not stored');
  await postgres.query(`SELECT pg_notify('reconciliation', '')`);
  return { run: toRun(run), isNew: run.isNew };
}

export async function findRun(postgres: Postgres, id: string): Promise<ReconciliationRun | undefined> {
  const { rows } = await postgres.query<RunRow>(`SELECT ${RUN_COLUMNS} FROM reconciliation_runs WHERE run_id = $1::bigint`, [id]);
  return rows[0] === undefined ? undefined : toRun(rows[0]);
}

interface RunRow {
  id: string;
  state: ReconciliationRun['state'];
  requestedAt: string;
  finishedAt: string | null;
  [column: string]: unknown;
}

const RUN_COLUMNS = `run_id::text AS id, state, requested_at AS "requestedAt", finished_at AS "finishedAt"`;

function toRun({ id, state, requestedAt, finishedAt }: RunRow): ReconciliationRun {
  return { id, state, requestedAt: toInstant(requestedAt), finishedAt: toInstant(finishedAt) };
}

async function readEpoch({ log, postgres }: Platform): Promise<number> {
  const { rows } = await postgres.query<{ epoch: number }>('SELECT epoch FROM log_epochs WHERE incarnation = $1', [
    await log.incarnation(),
  ]);
  return rows[0]?.epoch ?? 0;
}

function withoutPadding(quantity: string): string {
  return formatDecimal(toScaled(quantity, QUANTITY_SCALE), QUANTITY_SCALE);
}
