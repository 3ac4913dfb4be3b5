/** Plans in all their versions, and who is billed by them. */
import { toInstant } from '../../core/instant-text.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Postgres, Queryable } from '../../platform/postgres/postgres.ts';
import type { ListedPlan, Plan, PlanDefinition } from '../../schemas/http/plans.ts';

interface PlanRow {
  id: string;
  version: number;
  definition: PlanDefinition;
  updatedAt: string;
  [column: string]: unknown;
}

const PLAN = 'p.id, p.version, v.definition, p.updated_at AS "updatedAt"';
/** Customers of a plan that are told by name: as many as fit a row. */
const NAMED_MAX = 3;

const PLANS = 'plans p JOIN plan_versions v ON v.plan_id = p.id AND v.version = p.version';

/** `FOR SHARE` and `FOR UPDATE` keep a plan from being dropped, or its currency changed, while a customer is put on it. */
export type PlanLock = '' | 'FOR SHARE' | 'FOR UPDATE';

export async function listPlans(postgres: Postgres, page: { after: string; rows: number }): Promise<Plan[]> {
  const { rows } = await postgres.query<PlanRow>(
    `SELECT ${PLAN} FROM ${PLANS} WHERE p.id COLLATE "C" > $1 ORDER BY p.id COLLATE "C" LIMIT $2`,
    [page.after, page.rows],
  );
  return rows.map(toPlan);
}

/** Of each plan how many customers have it among theirs, and a few of them. */
export async function planCustomers(
  postgres: Queryable,
  _scope: EveryCustomer,
  planIds: readonly string[],
): Promise<Map<string, ListedPlan['customers']>> {
  const { rows } = await postgres.query<{ plan: string; count: string; first: { id: string; name: string }[] }>(
    `SELECT plan, max(rank)::text AS count, jsonb_agg(jsonb_build_object('id', id, 'name', coalesce(name, id)) ORDER BY rank) FILTER (WHERE rank <= ${NAMED_MAX}) AS first
       FROM (SELECT plan, id, name, row_number() OVER (PARTITION BY plan ORDER BY id) AS rank
               FROM (SELECT DISTINCT plan_id AS plan, customer_id AS id FROM customer_plans WHERE plan_id = ANY($1::text[])) AS assigned
               JOIN customers USING (id)) AS ranked
      GROUP BY plan`,
    [planIds],
  );
  return new Map(rows.map(({ plan, count, first }) => [plan, { count: Number(count), first }]));
}

export async function findPlan(postgres: Queryable, id: string, lock: PlanLock = ''): Promise<Plan | undefined> {
  return (await findPlans(postgres, [id], lock))[0];
}

/** Those among `ids` that exist, at their newest versions. */
export async function findPlans(postgres: Queryable, ids: readonly string[], lock: PlanLock = ''): Promise<Plan[]> {
  if (ids.length === 0) return [];
  // Locked first, in one order for all: what is read after it is what stays.
  if (lock !== '') await postgres.query(`SELECT FROM plans WHERE id = ANY($1::text[]) ORDER BY id ${lock}`, [ids]);
  const { rows } = await postgres.query<PlanRow>(`SELECT ${PLAN} FROM ${PLANS} WHERE p.id = ANY($1::text[])`, [ids]);
  return rows.map(toPlan);
}

/** Versions before `before` (all without it), newest first. */
export async function listPlanVersions(
  postgres: Queryable,
  id: string,
  page: { before: number | undefined; rows: number },
): Promise<Plan[]> {
  const { rows } = await postgres.query<PlanRow>(
    `SELECT plan_id AS id, version, definition, created_at AS "updatedAt" FROM plan_versions
      WHERE plan_id = $1 AND ($2::integer IS NULL OR version < $2) ORDER BY version DESC LIMIT $3`,
    [id, page.before ?? null, page.rows],
  );
  return rows.map(toPlan);
}

/** Keeps a new version, unless it says what the newest one says. Within a transaction that has locked the plan. */
export async function putPlan(postgres: Queryable, id: string, definition: PlanDefinition, now: Date): Promise<Plan> {
  const values = [id, JSON.stringify(definition), now.toISOString()];
  // A plan that is new has no row to lock.
  await postgres.query(`SELECT pg_advisory_xact_lock(hashtextextended('plan/' || $1, 0))`, [id]);
  await postgres.query(
    `INSERT INTO plan_versions (plan_id, version, definition, created_at)
     SELECT $1, coalesce(max(version), 0) + 1, $2::jsonb, $3::timestamptz FROM plan_versions WHERE plan_id = $1
     HAVING NOT EXISTS (SELECT FROM ${PLANS} WHERE p.id = $1 AND v.definition = $2::jsonb)`,
    values,
  );
  await postgres.query(
    `INSERT INTO plans (id, currency, version, updated_at)
     SELECT $1, $2::jsonb ->> 'currency', max(version), $3::timestamptz FROM plan_versions WHERE plan_id = $1
     ON CONFLICT (id) DO UPDATE SET currency = excluded.currency, version = excluded.version, updated_at = excluded.updated_at`,
    values,
  );
  const plan = await findPlan(postgres, id);
  if (plan === undefined) throw new Error(`plan ${id} is not there after it was kept`);
  return plan;
}

/** Its versions stay: invoices name them. */
export async function deletePlan(postgres: Queryable, id: string): Promise<void> {
  await postgres.query('DELETE FROM plans WHERE id = $1', [id]);
}

/** A few of the customers who are, were or will be on a plan, to be named in a refusal; with `currency`, of those billed in another one. */
export async function customersOnPlan(
  postgres: Queryable,
  _scope: EveryCustomer,
  planId: string,
  options: { inOtherCurrencyThan?: string } = {},
): Promise<string[]> {
  const { rows } = await postgres.query<{ id: string }>(
    `SELECT DISTINCT c.id FROM customer_plans p JOIN customers c ON c.id = p.customer_id
      WHERE p.plan_id = $1 AND ($2::text IS NULL OR c.currency IS DISTINCT FROM $2) ORDER BY c.id LIMIT 3`,
    [planId, options.inOtherCurrencyThan ?? null],
  );
  return rows.map((row) => row.id);
}

function toPlan(row: PlanRow): Plan {
  return { id: row.id, version: row.version, ...row.definition, updatedAt: toInstant(row.updatedAt) };
}
