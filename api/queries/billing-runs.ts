/** Billing runs: asked for and watched over HTTP, carried out by api/billing/runs.ts. */
import { toInstant } from '../../core/instant-text.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';

/** Failures kept of a run: a fault that many customers have is seen by the first of them. */
const FAILURES_MAX = 100;

interface RunRow {
  id: string;
  period: string;
  customers: string[] | null;
  state: BillingRun['state'];
  total: string | null;
  done: string;
  drafts: string;
  created: string;
  changed: string;
  untouched: string;
  empty: string;
  failed: string;
  failures: BillingRun['failures'];
  failure: BillingRun['failure'];
  requestedAt: string;
  requestedBy: string;
  startedAt: string | null;
  finishedAt: string | null;
  [column: string]: unknown;
}

const RUN = `run_id::text AS id, month AS period, customers, state, total::text AS total, done::text AS done, drafts::text AS drafts,
  created::text AS created, changed::text AS changed, untouched::text AS untouched, empty::text AS empty, failed::text AS failed, failures, failure, requested_at AS "requestedAt",
  requested_by AS "requestedBy", started_at AS "startedAt", finished_at AS "finishedAt"`;

export async function requestRun(
  postgres: Queryable,
  _scope: EveryCustomer,
  run: { month: string; customers: readonly string[] | undefined; by: string },
): Promise<BillingRun> {
  const { rows } = await postgres.query<RunRow>(
    `INSERT INTO billing_runs (month, customers, requested_by)
     VALUES ($1, (SELECT array_agg(DISTINCT c ORDER BY c) FROM unnest($2::text[] COLLATE "C") AS c), $3) RETURNING ${RUN}`,
    [run.month, run.customers ?? null, run.by],
  );
  if (rows[0] === undefined) throw new Error('the statement returned no row');
  await postgres.query(`SELECT pg_notify('billing-runs', '')`);
  return toRun(rows[0]);
}

export async function findRun(postgres: Queryable, _scope: EveryCustomer, id: string): Promise<BillingRun | undefined> {
  const { rows } = await postgres.query<RunRow>(`SELECT ${RUN} FROM billing_runs WHERE run_id = $1::bigint`, [id]);
  return rows[0] === undefined ? undefined : toRun(rows[0]);
}

/** Newest first. */
export async function listRuns(
  postgres: Queryable,
  _scope: EveryCustomer,
  page: { before: string | undefined; rows: number },
): Promise<BillingRun[]> {
  const { rows } = await postgres.query<RunRow>(
    `SELECT ${RUN} FROM billing_runs WHERE $1::bigint IS NULL OR run_id < $1::bigint ORDER BY run_id DESC LIMIT $2`,
    [page.before ?? null, page.rows],
  );
  return rows.map(toRun);
}

export interface OpenRun {
  id: string;
  month: string;
  customers: string[] | null;
  doneTo: string;
}

/** The oldest that goes on. */
export async function findOpenRun(postgres: Queryable, _scope: EveryCustomer): Promise<OpenRun | undefined> {
  const { rows } = await postgres.query<OpenRun & { [column: string]: unknown }>(
    `SELECT run_id::text AS id, month, customers, done_to AS "doneTo" FROM billing_runs WHERE state NOT IN ('done', 'failed') ORDER BY run_id LIMIT 1`,
  );
  return rows[0];
}

/** How many customers there are to go through is counted once; one that was begun before goes on counting. It waits until it gets on. */
export async function startRun(postgres: Queryable, { id, customers }: OpenRun, now: Date): Promise<void> {
  await postgres.query(
    `UPDATE billing_runs SET state = CASE state WHEN 'waiting' THEN state ELSE 'running' END, started_at = coalesce(started_at, $2),
       total = coalesce(total, (SELECT count(*) FROM customers WHERE $3::text[] IS NULL OR id = ANY($3::text[])))
     WHERE run_id = $1::bigint`,
    [id, now.toISOString(), customers],
  );
}

/** The next customers of a run, in byte order. */
export async function nextCustomers(
  postgres: Queryable,
  _scope: EveryCustomer,
  { customers, doneTo }: OpenRun,
  limit: number,
): Promise<string[]> {
  const { rows } = await postgres.query<{ id: string }>(
    'SELECT id FROM customers WHERE id > $1 AND ($2::text[] IS NULL OR id = ANY($2::text[])) ORDER BY id LIMIT $3',
    [doneTo, customers, limit],
  );
  return rows.map(({ id }) => id);
}

export interface RangeOutcome {
  doneTo: string;
  done: number;
  drafts: number;
  created: number;
  changed: number;
  untouched: number;
  empty: number;
  failures: BillingRun['failures'];
}

/**
 * With the drafts of the range, in one transaction: what is done is never done again, and counted once. False: the run is not where it
 * was left, as another process has gone on with it.
 */
export async function advanceRun(postgres: Queryable, { id, doneTo }: OpenRun, range: RangeOutcome): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `UPDATE billing_runs SET state = 'running', failure = NULL, done_to = $2, done = done + $3, drafts = drafts + $4, untouched = untouched + $5, empty = empty + $6,
       failed = failed + $8, created = created + $10, changed = changed + $11,
       failures = CASE WHEN jsonb_array_length(failures) < ${FAILURES_MAX} THEN failures || $7::jsonb ELSE failures END
     WHERE run_id = $1::bigint AND done_to = $9 AND state NOT IN ('done', 'failed')`,
    [
      id,
      range.doneTo,
      range.done,
      range.drafts,
      range.untouched,
      range.empty,
      JSON.stringify(range.failures.slice(0, FAILURES_MAX)),
      range.failures.length,
      doneTo,
      range.created,
      range.changed,
    ],
  );
  return rowCount === 1;
}

/** It waits until it is taken up again, or has failed for good; unless another process has gone on with it. */
export async function stopRun(
  postgres: Queryable,
  { id, doneTo }: OpenRun,
  { state, failure, now }: { state: 'waiting' | 'failed'; failure: NonNullable<BillingRun['failure']>; now: Date },
): Promise<void> {
  await postgres.query(
    `UPDATE billing_runs SET state = $3, failure = $4, finished_at = CASE $3 WHEN 'failed' THEN $5::timestamptz END
     WHERE run_id = $1::bigint AND done_to = $2 AND state NOT IN ('done', 'failed')`,
    [id, doneTo, state, JSON.stringify(failure), now.toISOString()],
  );
}

export async function finishRun(postgres: Queryable, id: string, now: Date): Promise<void> {
  await postgres.query(
    `UPDATE billing_runs SET state = 'done', failure = NULL, finished_at = $2 WHERE run_id = $1::bigint AND state NOT IN ('done', 'failed')`,
    [id, now.toISOString()],
  );
}

function toRun(row: RunRow): BillingRun {
  const { id, period, customers, state, total, failures, failure, requestedBy } = row;
  return {
    id,
    period,
    customers,
    state,
    progress: {
      total: total === null ? null : Number(total),
      done: Number(row.done),
      drafts: Number(row.drafts),
      created: Number(row.created),
      changed: Number(row.changed),
      untouched: Number(row.untouched),
      empty: Number(row.empty),
      failed: Number(row.failed),
    },
    failures,
    failure,
    requestedAt: toInstant(row.requestedAt),
    requestedBy,
    startedAt: toInstant(row.startedAt),
    finishedAt: toInstant(row.finishedAt),
  };
}
