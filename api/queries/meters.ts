/** Meters: rows appear when usage first names them, and are filled in by people. */
import { toInstant } from '../../core/instant-text.ts';
import type { Scope } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Meter, MeterInput } from '../../schemas/http/customers.ts';
import { inInvoiceScope, invoiceScopeValues } from './invoice-scope.ts';
import { readMeterExtents } from './usage.ts';

interface MeterRow {
  key: string;
  name: string | null;
  unit: string | null;
  aggregation: Meter['aggregation'];
  property: string | null;
  firstSeenAt: string;
  [column: string]: unknown;
}

const METER = 'key, name, unit, aggregation, property, first_seen_at AS "firstSeenAt"';

type Stores = Pick<Platform, 'postgres' | 'clickhouse'>;

/** Customers hear of those that they have used, or that an invoice of theirs names. */
export async function listMeters(stores: Stores, scope: Scope, page: { after: string; rows: number }): Promise<Meter[]> {
  const { rows } = await stores.postgres.query<MeterRow>(
    `SELECT ${METER} FROM meters WHERE key > $1 AND ($3::text[] IS NULL OR key = ANY($3::text[])) ORDER BY key LIMIT $2`,
    [page.after, page.rows, await keysWithin(stores, scope)],
  );
  return rows.map(toMeter);
}

export async function findMeter(stores: Stores, scope: Scope, key: string): Promise<Meter | undefined> {
  const keys = await keysWithin(stores, scope);
  return keys === null || keys.includes(key) ? (await findMeters(stores.postgres, [key]))[0] : undefined;
}

/** Null: all of them. */
async function keysWithin({ postgres, clickhouse }: Stores, scope: Scope): Promise<string[] | null> {
  if (scope.customer === undefined) return null;
  const used = await readMeterExtents(clickhouse, scope);
  const { rows } = await postgres.query<{ meter: string }>(
    `SELECT DISTINCT c.meter FROM invoice_charges c JOIN invoices i ON i.invoice_id = c.invoice_id
      WHERE c.meter IS NOT NULL AND ${inInvoiceScope('i', 1)}`,
    invoiceScopeValues(scope),
  );
  return [...used.map(({ meter_key }) => meter_key), ...rows.map(({ meter }) => meter)];
}

/** The meters among `keys` that are known. */
export async function findMeters(postgres: Queryable, keys: readonly string[]): Promise<Meter[]> {
  if (keys.length === 0) return [];
  const { rows } = await postgres.query<MeterRow>(`SELECT ${METER} FROM meters WHERE key = ANY($1) ORDER BY key`, [keys]);
  return rows.map(toMeter);
}

/** The meters that are more than a sum of quantities; with `key`, that one if it is. */
export async function findMetersOtherThanSums(postgres: Queryable, key: string | undefined): Promise<Meter[]> {
  const { rows } = await postgres.query<MeterRow>(
    `SELECT ${METER} FROM meters WHERE aggregation <> 'sum' AND ($1::text IS NULL OR key = $1) ORDER BY key`,
    [key ?? null],
  );
  return rows.map(toMeter);
}

export async function putMeter(postgres: Queryable, key: string, input: MeterInput, now: Date): Promise<Meter> {
  const { rows } = await postgres.query<MeterRow>(
    `INSERT INTO meters (key, name, unit, aggregation, property, first_seen_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
     ON CONFLICT (key) DO UPDATE SET name = excluded.name, unit = excluded.unit, aggregation = excluded.aggregation, property = excluded.property,
       updated_at = excluded.updated_at
     RETURNING ${METER}`,
    [key, input.name ?? null, input.unit ?? null, input.aggregation ?? 'sum', input.property ?? null, now.toISOString()],
  );
  if (rows[0] === undefined) throw new Error('the statement returned no row');
  return toMeter(rows[0]);
}

function toMeter(row: MeterRow): Meter {
  return {
    key: row.key,
    name: row.name ?? row.key,
    unit: row.unit ?? '',
    aggregation: row.aggregation,
    property: row.property,
    firstSeenAt: toInstant(row.firstSeenAt),
  };
}
