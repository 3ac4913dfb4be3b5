/** Stored invoices that a plan or a meter has a part in: what follows its change, and what keeps it as it was. */
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';

/** A draft that follows a change. */
export interface FollowingDraft {
  id: string;
  customer: string;
  customerName: string;
  month: string;
  currency: string;
  [column: string]: unknown;
}

const DRAFT = `invoice_id::text AS id, customer, snapshot ->> 'customerName' AS "customerName", month, currency`;

/** Of whoever has the plan among theirs and, with `unassigned`, of all who are not set up. */
const ON_PLAN = `status = 'draft' AND (customer IN (SELECT customer_id FROM customer_plans WHERE plan_id = $1)
  OR $2::boolean AND customer IN (SELECT id FROM customers WHERE updated_at IS NULL))`;

export interface PlanScope {
  plan: string;
  /** Whether customers that are not set up are billed by it. */
  unassigned: boolean;
}

/** Newest months first. */
export async function draftsOnPlan(
  postgres: Queryable,
  _scope: EveryCustomer,
  { plan, unassigned }: PlanScope,
  rows: number,
): Promise<FollowingDraft[]> {
  const found = await postgres.query<FollowingDraft>(
    `SELECT ${DRAFT} FROM invoices WHERE ${ON_PLAN} ORDER BY month DESC, customer LIMIT $3`,
    [plan, unassigned, rows],
  );
  return found.rows;
}

export async function countPlanUse(
  postgres: Queryable,
  _scope: EveryCustomer,
  { plan, unassigned }: PlanScope,
): Promise<{ customers: number; drafts: number; finals: number }> {
  const { rows } = await postgres.query<{ customers: string; drafts: string; finals: string }>(
    `SELECT (SELECT count(DISTINCT customer_id) FROM customer_plans WHERE plan_id = $1)
              + (SELECT count(*) FROM customers WHERE $2::boolean AND updated_at IS NULL) AS customers,
            (SELECT count(*) FROM invoices WHERE ${ON_PLAN}) AS drafts,
            (SELECT count(*) FROM invoices WHERE status = 'final' AND snapshot -> 'segments' @> $3::jsonb) AS finals`,
    [plan, unassigned, JSON.stringify([{ plan }])],
  );
  return { customers: Number(rows[0]?.customers ?? 0), drafts: Number(rows[0]?.drafts ?? 0), finals: Number(rows[0]?.finals ?? 0) };
}

const BILLS = `snapshot -> 'lines' @> $1::jsonb`;

export async function draftsOfMeter(postgres: Queryable, _scope: EveryCustomer, meter: string, rows: number): Promise<FollowingDraft[]> {
  const found = await postgres.query<FollowingDraft>(
    `SELECT ${DRAFT} FROM invoices WHERE status = 'draft' AND ${BILLS} ORDER BY month DESC, customer LIMIT $2`,
    [JSON.stringify([{ meter }]), rows],
  );
  return found.rows;
}

export async function countInvoicesOfMeter(
  postgres: Queryable,
  _scope: EveryCustomer,
  meter: string,
): Promise<{ drafts: number; finals: number }> {
  const { rows } = await postgres.query<{ drafts: string; finals: string }>(
    `SELECT count(*) FILTER (WHERE status = 'draft') AS drafts, count(*) FILTER (WHERE status = 'final') AS finals
       FROM invoices WHERE status <> 'void' AND ${BILLS}`,
    [JSON.stringify([{ meter }])],
  );
  return { drafts: Number(rows[0]?.drafts ?? 0), finals: Number(rows[0]?.finals ?? 0) };
}

/** By id. */
export async function plansWithMeter(postgres: Queryable, meter: string, rows: number): Promise<{ id: string; name: string }[]> {
  const found = await postgres.query<{ id: string; name: string }>(
    `SELECT p.id, v.definition ->> 'name' AS name FROM plans p JOIN plan_versions v ON v.plan_id = p.id AND v.version = p.version
      WHERE v.definition -> 'prices' @> $1::jsonb ORDER BY p.id COLLATE "C" LIMIT $2`,
    [JSON.stringify([{ meter }]), rows],
  );
  return found.rows;
}
