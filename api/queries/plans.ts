/** Plans, and who is billed by them. */
import { toInstant } from '../../core/instant-text.ts';
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';
import type { Plan, PlanDefinition } from '../../schemas/http/plans.ts';

type Queryable = Pick<Postgres, 'query'> | Pick<Transaction, 'query'>;

interface PlanRow {
  id: string;
  definition: PlanDefinition;
  updatedAt: string;
  [column: string]: unknown;
}

const PLAN = 'id, definition, updated_at AS "updatedAt"';

/** `FOR SHARE` and `FOR UPDATE` keep a plan from being dropped, or its currency changed, while a customer is put on it. */
export type PlanLock = '' | 'FOR SHARE' | 'FOR UPDATE';

export async function listPlans(postgres: Postgres, page: { after: string; rows: number }): Promise<Plan[]> {
  const { rows } = await postgres.query<PlanRow>(`SELECT ${PLAN} FROM plans WHERE id COLLATE "C" > $1 ORDER BY id COLLATE "C" LIMIT $2`, [
    page.after,
    page.rows,
  ]);
  return rows.map(toPlan);
}

export async function findPlan(postgres: Queryable, id: string, lock: PlanLock = ''): Promise<Plan | undefined> {
  const { rows } = await postgres.query<PlanRow>(`SELECT ${PLAN} FROM plans WHERE id = $1 ${lock}`, [id]);
  return rows[0] === undefined ? undefined : toPlan(rows[0]);
}

export async function putPlan(postgres: Queryable, id: string, definition: PlanDefinition, now: Date): Promise<Plan> {
  const { rows } = await postgres.query<PlanRow>(
    `INSERT INTO plans (id, name, currency, definition, updated_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, currency = excluded.currency, definition = excluded.definition, updated_at = excluded.updated_at
     RETURNING ${PLAN}`,
    [id, definition.name, definition.currency, JSON.stringify(definition), now.toISOString()],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('the statement returned no row');
  return toPlan(row);
}

export async function deletePlan(postgres: Queryable, id: string): Promise<void> {
  await postgres.query('DELETE FROM plans WHERE id = $1', [id]);
}

/** A few of the customers on a plan, to be named in a refusal; with `currency`, of those billed in another one. */
export async function customersOnPlan(
  postgres: Queryable,
  planId: string,
  options: { inOtherCurrencyThan?: string } = {},
): Promise<string[]> {
  const { rows } = await postgres.query<{ id: string }>(
    'SELECT id FROM customers WHERE plan_id = $1 AND ($2::text IS NULL OR currency IS DISTINCT FROM $2) ORDER BY id LIMIT 3',
    [planId, options.inOtherCurrencyThan ?? null],
  );
  return rows.map((row) => row.id);
}

function toPlan(row: PlanRow): Plan {
  return { id: row.id, ...row.definition, updatedAt: toInstant(row.updatedAt) };
}
