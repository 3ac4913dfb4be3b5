/** Whose usage an import has brought, and which stored invoices bill it. */
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { toInstant } from '../../core/instant-text.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Aggregation } from '../../schemas/http/customers.ts';
import type { ImportCustomer } from '../../schemas/http/import-customers.ts';
import { findMetersOtherThanSums } from './meters.ts';

interface UsageRow {
  customer: string;
  name: string;
  meter: string;
  events: string;
  total: string;
  largest: string;
  from: string;
  to: string;
  [column: string]: unknown;
}

interface InvoiceRow {
  id: string;
  number: string | null;
  status: 'draft' | 'final';
  customer: string;
  month: string;
  events: string;
  billed: string;
  [column: string]: unknown;
}

/** By id, after `after`. One pass over the rows of the import, which lie together; another over those of the customers found. */
export async function listImportCustomers(
  postgres: Queryable,
  _scope: EveryCustomer,
  importId: string,
  page: { after: string; customers: number },
): Promise<ImportCustomer[]> {
  const { rows } = await postgres.query<UsageRow>(
    `SELECT u.customer, coalesce(c.name, u.customer) AS name, u.meter, u.events::text AS events, u.total::text AS total, u.largest::text AS largest, u."from", u."to"
       FROM (SELECT customer, meter, count(*) AS events, sum(quantity) AS total, max(quantity) AS largest, min(time) AS "from", max(time) AS "to",
                    dense_rank() OVER (ORDER BY customer) AS place
               FROM usage_records WHERE import_id = $1::bigint AND customer > $2 GROUP BY customer, meter) AS u
       LEFT JOIN customers c ON c.id = u.customer
      WHERE u.place <= $3 ORDER BY u.customer, u.meter`,
    [importId, page.after, page.customers],
  );
  const aggregations = new Map((await findMetersOtherThanSums(postgres, undefined)).map(({ key, aggregation }) => [key, aggregation]));
  const customers = [...Map.groupBy(rows, ({ customer }) => customer)].map(([id, own]) => toCustomer(id, own, aggregations));
  const invoices = await findInvoicesOf(postgres, importId, customers);
  return customers.map((customer) => ({ ...customer, invoices: invoices.get(customer.id) ?? [] }));
}

function toCustomer(id: string, rows: readonly UsageRow[], aggregations: ReadonlyMap<string, Aggregation>): ImportCustomer {
  const instants = (part: 'from' | 'to') => rows.map((row) => toInstant(row[part])).sort();
  return {
    id,
    name: rows[0]?.name ?? id,
    events: rows.reduce((sum, { events }) => sum + Number(events), 0),
    from: instants('from')[0] ?? '',
    to: instants('to').at(-1) ?? '',
    quantities: rows.map((row) => {
      const aggregation = aggregations.get(row.meter) ?? 'sum';
      return { meter: row.meter, aggregation, quantity: quantityOf(row, aggregation), events: Number(row.events) };
    }),
    invoices: [],
  };
}

function quantityOf({ events, total, largest }: UsageRow, aggregation: Aggregation): string | null {
  if (aggregation === 'unique' || aggregation === 'latest') return null;
  const text = { sum: total, count: events, max: largest }[aggregation];
  return formatDecimal(toScaled(text, QUANTITY_SCALE), QUANTITY_SCALE);
}

/** A row is billed by a final invoice if it had come when that became final: all rows of a customer stand in one partition of an epoch. */
async function findInvoicesOf(
  postgres: Queryable,
  importId: string,
  customers: readonly ImportCustomer[],
): Promise<Map<string, ImportCustomer['invoices']>> {
  const { rows } = await postgres.query<InvoiceRow>(
    `SELECT i.invoice_id::text AS id, i.number, i.status, i.customer, i.month, used.events::text AS events, used.billed::text AS billed
       FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS c (id, first, last)
       JOIN invoices i ON i.customer = c.id AND i.status <> 'void' AND i.period_from <= c.last AND i.period_to > c.first
      CROSS JOIN LATERAL (
        SELECT count(*) AS events,
               count(*) FILTER (WHERE i.status = 'draft' OR (r.epoch, r."offset") < (i.as_of_epoch, i.as_of_offset)) AS billed
          FROM usage_records r
         WHERE r.customer = i.customer AND r.import_id = $1::bigint AND r.time >= greatest(i.period_from, c.first) AND r.time < i.period_to AND r.time <= c.last) AS used
      WHERE used.events > 0 ORDER BY i.customer, i.period_from, i.invoice_id`,
    [importId, customers.map(({ id }) => id), customers.map(({ from }) => from), customers.map(({ to }) => to)],
  );
  const byCustomer = Map.groupBy(rows, ({ customer }) => customer);
  return new Map(
    [...byCustomer].map(([customer, own]) => [
      customer,
      own.map(({ id, number, status, month, events, billed }) => ({
        id,
        number,
        status,
        month,
        events: Number(events),
        billed: Number(billed),
      })),
    ]),
  );
}
