/** Customers: rows appear when usage first names them, and are filled in by people. */
import { toInstant } from '../../core/instant-text.ts';
import { dateOf } from '../../core/window.ts';
import type { EveryCustomer, Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Customer, PlanAssignment } from '../../schemas/http/customers.ts';
import type { Settings } from '../../schemas/http/settings.ts';
import { readSettings } from './settings.ts';

interface CustomerRow {
  id: string;
  name: string | null;
  currency: string | null;
  timeZone: string | null;
  plans: PlanAssignment[];
  taxRate: string | null;
  invoiceDetails: Record<string, string> | null;
  firstSeenAt: string;
  updatedAt: string | null;
  [column: string]: unknown;
}

const CUSTOMER = `id, name, currency, time_zone AS "timeZone", tax_rate::text AS "taxRate",
  invoice_details AS "invoiceDetails", first_seen_at AS "firstSeenAt", updated_at AS "updatedAt",
  (SELECT coalesce(jsonb_agg(jsonb_build_object('plan', plan_id, 'from', from_date) ORDER BY n), '[]') FROM customer_plans WHERE customer_id = id) AS plans`;

/** All of them, by id. */
export async function listCustomers(
  postgres: Queryable,
  scope: EveryCustomer,
  page: { after: string; rows: number },
  now: Date,
): Promise<Customer[]> {
  return searchCustomers(postgres, scope, {}, { order: 'id', after: { id: page.after, assigned: false }, rows: page.rows }, now);
}

export interface CustomerFilter {
  /** Part of the id or the name. */
  search?: string | undefined;
  status?: Customer['status'] | undefined;
  plan?: string | undefined;
}

/** Where a list goes on: after this one, in its order. */
export interface CustomerPlace {
  id: string;
  assigned: boolean;
}

export interface CustomerPage {
  order: 'id' | 'unassigned';
  after: CustomerPlace | undefined;
  rows: number;
}

const FILTER = `($1::text IS NULL OR strpos(lower(id), lower($1)) > 0 OR strpos(lower(name), lower($1)) > 0)
  AND ($2::text IS NULL OR id IN (SELECT customer_id FROM customer_plans WHERE plan_id = $2))`;

export async function searchCustomers(
  postgres: Queryable,
  _scope: EveryCustomer,
  filter: CustomerFilter,
  page: CustomerPage,
  now: Date,
): Promise<Customer[]> {
  const { order, after, rows: limit } = page;
  const keyset = order === 'id' ? 'id > $5' : '(updated_at IS NOT NULL, id) > ($6::boolean, $5)';
  const { rows } = await postgres.query<CustomerRow>(
    `SELECT ${CUSTOMER} FROM customers
      WHERE ${FILTER} AND ($3::boolean IS NULL OR (updated_at IS NOT NULL) = $3) AND ($6::boolean IS NULL OR ${keyset})
      ORDER BY ${order === 'id' ? '' : 'updated_at IS NOT NULL, '}id LIMIT $4`,
    [...filterValues(filter), wanted(filter.status), limit, after?.id ?? '', after?.assigned ?? null],
  );
  return toCustomers(postgres, rows, now);
}

/** How many there are, whatever their status, and how many of them are not set up. */
export async function countCustomers(
  postgres: Queryable,
  _scope: EveryCustomer,
  filter: CustomerFilter,
): Promise<{ all: number; unassigned: number }> {
  const { rows } = await postgres.query<{ all: string; unassigned: string }>(
    `SELECT count(*)::text AS "all", (count(*) FILTER (WHERE updated_at IS NULL))::text AS unassigned FROM customers WHERE ${FILTER}`,
    filterValues(filter),
  );
  return { all: Number(rows[0]?.all ?? 0), unassigned: Number(rows[0]?.unassigned ?? 0) };
}

/** So many are counted: every page asks for it, again and again, and nobody reads a higher number there. */
const UNASSIGNED_MAX = 1_000;

export async function countUnassigned(postgres: Queryable, _scope: EveryCustomer): Promise<{ count: number; isMore: boolean }> {
  const { rows } = await postgres.query<{ count: string }>(
    `SELECT count(*)::text AS count FROM (SELECT FROM customers WHERE updated_at IS NULL LIMIT ${UNASSIGNED_MAX + 1}) AS waiting`,
  );
  const count = Number(rows[0]?.count ?? 0);
  return { count: Math.min(count, UNASSIGNED_MAX), isMore: count > UNASSIGNED_MAX };
}

function filterValues({ search, plan }: CustomerFilter): (string | null)[] {
  return [search ?? null, plan ?? null];
}

function wanted(status: Customer['status'] | undefined): boolean | null {
  return status === undefined ? null : status === 'assigned';
}

/** Those among `ids` that are known, by id. */
export async function findCustomers(postgres: Queryable, scope: Scope, ids: readonly string[], now: Date): Promise<Customer[]> {
  const { rows } = await postgres.query<CustomerRow>(
    `SELECT ${CUSTOMER} FROM customers WHERE id = ANY($1) AND ($2::text IS NULL OR id = $2) ORDER BY id`,
    [ids, scope.customer ?? null],
  );
  return toCustomers(postgres, rows, now);
}

export async function findCustomer(postgres: Queryable, scope: Scope, id: string, now: Date): Promise<Customer | undefined> {
  return (await findCustomers(postgres, scope, [id], now))[0];
}

/** Customers as they would be once usage named them. */
export async function unseenCustomers(postgres: Queryable, ids: readonly string[], now: Date): Promise<Customer[]> {
  const unset = { name: null, currency: null, timeZone: null, plans: [], taxRate: null, invoiceDetails: null, updatedAt: null };
  const rows = ids.map((id) => ({ id, ...unset, firstSeenAt: now.toISOString() }));
  return toCustomers(postgres, rows, now);
}

/** Everything a person can set. */
export type CustomerDefinition = Pick<Customer, 'currency' | 'timeZone' | 'plans' | 'taxRate' | 'invoiceDetails'> & { name: string | null };

/** Replaces the whole definition, within a transaction. */
export async function putCustomer(
  postgres: Queryable,
  scope: EveryCustomer,
  id: string,
  definition: CustomerDefinition,
  now: Date,
): Promise<Customer> {
  const { name, currency, timeZone, plans, taxRate, invoiceDetails } = definition;
  await postgres.query(
    `INSERT INTO customers (id, name, currency, time_zone, tax_rate, invoice_details, first_seen_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, currency = excluded.currency, time_zone = excluded.time_zone,
       tax_rate = excluded.tax_rate, invoice_details = excluded.invoice_details, updated_at = excluded.updated_at`,
    [id, name, currency, timeZone, taxRate, JSON.stringify(invoiceDetails), now.toISOString()],
  );
  // The row above is locked now, so that nobody else replaces the plans at the same time.
  await postgres.query('DELETE FROM customer_plans WHERE customer_id = $1', [id]);
  await postgres.query(
    `INSERT INTO customer_plans (customer_id, n, plan_id, from_date)
     SELECT $1, n - 1, plan_id, from_date FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS t (plan_id, from_date, n)`,
    [id, plans.map(({ plan }) => plan), plans.map(({ from }) => from)],
  );
  const customer = await findCustomer(postgres, scope, id, now);
  if (customer === undefined) throw new Error(`customer ${id} is not there after it was kept`);
  return customer;
}

async function toCustomers(postgres: Queryable, rows: readonly CustomerRow[], now: Date): Promise<Customer[]> {
  if (rows.length === 0) return [];
  const { defaults } = await readSettings(postgres);
  return rows.map((row) => toCustomer(row, defaults, now));
}

/** Who is not set up yet has all defaults; who is, has those of the time when that was done. */
function toCustomer(row: CustomerRow, defaults: Settings['defaults'], now: Date): Customer {
  const isAssigned = row.updatedAt !== null;
  const timeZone = row.timeZone ?? defaults.timeZone;
  const plans = isAssigned || defaults.plan === null ? row.plans : [{ plan: defaults.plan, from: null }];
  return {
    id: row.id,
    name: row.name ?? row.id,
    currency: row.currency ?? defaults.currency,
    timeZone,
    plan: planOn(dateOf(now.getTime(), timeZone), plans),
    plans,
    taxRate: row.taxRate ?? '0',
    invoiceDetails: row.invoiceDetails ?? {},
    status: isAssigned ? 'assigned' : 'unassigned',
    firstSeenAt: toInstant(row.firstSeenAt),
  };
}

function planOn(date: string, plans: readonly PlanAssignment[]): string | null {
  return plans.findLast(({ from }) => from === null || from <= date)?.plan ?? null;
}
