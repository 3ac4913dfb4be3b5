/** Stored invoices as lists show them. */
import { toInstant } from '../../core/instant-text.ts';
import { customerWithin, type Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { inInvoiceScope, invoiceScopeValues } from './invoice-scope.ts';

export interface InvoiceFilter {
  customer: string | undefined;
  status: string | undefined;
  month: string | undefined;
}

/** Newest first. */
export async function listInvoices(
  postgres: Queryable,
  scope: Scope,
  { customer, status, month }: InvoiceFilter,
  page: { before: string | undefined; rows: number },
): Promise<InvoiceSummary[]> {
  const { rows } = await postgres.query<SummaryRow>(
    `SELECT invoice_id::text AS id, number, status, customer, month, content_hash AS "contentHash", finalized_at AS "finalizedAt",
            snapshot - '{lines,segments,discounts,minimums,tax,adjustments}'::text[] AS snapshot
       FROM invoices i
      WHERE ($1::text IS NULL OR customer = $1::text) AND ($2::text IS NULL OR status = $2::text) AND ($3::text IS NULL OR month = $3::text)
        AND ($4::bigint IS NULL OR invoice_id < $4::bigint) AND ${inInvoiceScope('i', 6)}
      ORDER BY invoice_id DESC LIMIT $5`,
    [customerWithin(scope, customer) ?? null, status ?? null, month ?? null, page.before ?? null, page.rows, ...invoiceScopeValues(scope)],
  );
  return rows.map(({ snapshot, finalizedAt, ...row }) => ({
    ...row,
    customerName: snapshot.customerName,
    plan: snapshot.plan,
    currency: snapshot.currency,
    period: snapshot.period,
    asOf: snapshot.asOf,
    subtotal: snapshot.subtotal,
    total: snapshot.total,
    finalizedAt: toInstant(finalizedAt),
  }));
}

interface SummaryRow extends Pick<InvoiceSummary, 'id' | 'number' | 'status' | 'customer' | 'month' | 'contentHash' | 'finalizedAt'> {
  snapshot: Invoice;
  [column: string]: unknown;
}
