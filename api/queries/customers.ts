/** Customers and meters: rows appear when usage first names them, and are filled in by people. */
import { toInstant } from '../../core/instant-text.ts';
import type { Customer, CustomerInput, Meter, MeterInput } from '../../schemas/http/customers.ts';
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';

/** What an unassigned customer is billed in. */
export const DEFAULT_CURRENCY = 'USD';
export const DEFAULT_TIME_ZONE = 'UTC';

type Queryable = Pick<Postgres, 'query'> | Pick<Transaction, 'query'>;

interface CustomerRow {
  id: string;
  name: string | null;
  currency: string | null;
  timeZone: string | null;
  planId: string | null;
  taxRate: string | null;
  invoiceDetails: Record<string, string> | null;
  firstSeenAt: string;
  updatedAt: string | null;
  [column: string]: unknown;
}

const CUSTOMER = `id, name, currency, time_zone AS "timeZone", plan_id AS "planId", tax_rate::text AS "taxRate",
  invoice_details AS "invoiceDetails", first_seen_at AS "firstSeenAt", updated_at AS "updatedAt"`;

export async function listCustomers(postgres: Postgres, page: { after: string; rows: number }): Promise<Customer[]> {
  const { rows } = await postgres.query<CustomerRow>(`SELECT ${CUSTOMER} FROM customers WHERE id > $1 ORDER BY id LIMIT $2`, [
    page.after,
    page.rows,
  ]);
  return rows.map(toCustomer);
}

export async function findCustomer(postgres: Queryable, id: string): Promise<Customer | undefined> {
  const { rows } = await postgres.query<CustomerRow>(`SELECT ${CUSTOMER} FROM customers WHERE id = $1`, [id]);
  return rows[0] === undefined ? undefined : toCustomer(rows[0]);
}

/** Replaces everything a person can set; what the input leaves out goes back to its default. */
export async function putCustomer(postgres: Queryable, id: string, input: CustomerInput, now: Date): Promise<Customer> {
  const { rows } = await postgres.query<CustomerRow>(
    `INSERT INTO customers (id, name, currency, time_zone, plan_id, tax_rate, invoice_details, first_seen_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, currency = excluded.currency, time_zone = excluded.time_zone, plan_id = excluded.plan_id,
       tax_rate = excluded.tax_rate, invoice_details = excluded.invoice_details, updated_at = excluded.updated_at
     RETURNING ${CUSTOMER}`,
    [
      id,
      input.name ?? null,
      input.currency ?? DEFAULT_CURRENCY,
      input.timeZone ?? DEFAULT_TIME_ZONE,
      input.plan ?? null,
      input.taxRate ?? '0',
      JSON.stringify(input.invoiceDetails ?? {}),
      now.toISOString(),
    ],
  );
  return toCustomer(onlyRow(rows));
}

function toCustomer(row: CustomerRow): Customer {
  return {
    id: row.id,
    name: row.name ?? row.id,
    currency: row.currency ?? DEFAULT_CURRENCY,
    timeZone: row.timeZone ?? DEFAULT_TIME_ZONE,
    plan: row.planId,
    taxRate: row.taxRate ?? '0',
    invoiceDetails: row.invoiceDetails ?? {},
    status: row.updatedAt === null ? 'unassigned' : 'assigned',
    firstSeenAt: toInstant(row.firstSeenAt),
  };
}

interface MeterRow {
  key: string;
  name: string | null;
  unit: string | null;
  aggregation: Meter['aggregation'];
  firstSeenAt: string;
  [column: string]: unknown;
}

const METER = 'key, name, unit, aggregation, first_seen_at AS "firstSeenAt"';

export async function listMeters(postgres: Postgres, page: { after: string; rows: number }): Promise<Meter[]> {
  const { rows } = await postgres.query<MeterRow>(`SELECT ${METER} FROM meters WHERE key > $1 ORDER BY key LIMIT $2`, [
    page.after,
    page.rows,
  ]);
  return rows.map(toMeter);
}

/** The meters among `keys` that are known. */
export async function findMeters(postgres: Queryable, keys: readonly string[]): Promise<Meter[]> {
  const { rows } = await postgres.query<MeterRow>(`SELECT ${METER} FROM meters WHERE key = ANY($1) ORDER BY key`, [keys]);
  return rows.map(toMeter);
}

export async function putMeter(postgres: Postgres, key: string, input: MeterInput, now: Date): Promise<Meter> {
  const { rows } = await postgres.query<MeterRow>(
    `INSERT INTO meters (key, name, unit, aggregation, first_seen_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
     ON CONFLICT (key) DO UPDATE SET name = excluded.name, unit = excluded.unit, aggregation = excluded.aggregation, updated_at = excluded.updated_at
     RETURNING ${METER}`,
    [key, input.name ?? null, input.unit ?? null, input.aggregation ?? 'sum', now.toISOString()],
  );
  return toMeter(onlyRow(rows));
}

function toMeter(row: MeterRow): Meter {
  return {
    key: row.key,
    name: row.name ?? row.key,
    unit: row.unit ?? '',
    aggregation: row.aggregation,
    firstSeenAt: toInstant(row.firstSeenAt),
  };
}

function onlyRow<Row>(rows: readonly Row[]): Row {
  const row = rows[0];
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
