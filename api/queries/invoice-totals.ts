/** What invoices and credit notes come to, by currency and status: the foot of a list of any length. */
import { customerWithin, type Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { DocumentTotal } from '../../schemas/http/invoice-life.ts';
import { inInvoiceScope, invoiceScopeValues } from './invoice-scope.ts';
import type { InvoiceFilter } from './invoice-list.ts';

/** In one statement, so that all of it is of one moment. Drafts count as they were worked out last. */
export async function sumInvoices(postgres: Queryable, scope: Scope, { customer, status, month }: InvoiceFilter): Promise<DocumentTotal[]> {
  const { rows } = await postgres.query<DocumentTotal & { [column: string]: unknown }>(
    `WITH listed AS (
       SELECT invoice_id, status, currency, (snapshot->>'total')::numeric AS total FROM invoices i
        WHERE ($1::text IS NULL OR customer = $1::text) AND ($2::text IS NULL OR status = $2::text) AND ($3::text IS NULL OR month = $3::text)
          AND ${inInvoiceScope('i', 4)})
     SELECT 'invoice' AS kind, status, currency, count(*)::integer AS documents, sum(total)::text AS total FROM listed GROUP BY status, currency
      UNION ALL
     SELECT 'credit_note', l.status, l.currency, count(*)::integer, sum((n.content->>'total')::numeric)::text
       FROM credit_notes n JOIN listed l ON l.invoice_id = n.invoice_id GROUP BY l.status, l.currency
      ORDER BY currency, kind DESC, status`,
    [customerWithin(scope, customer) ?? null, status ?? null, month ?? null, ...invoiceScopeValues(scope)],
  );
  return rows;
}
