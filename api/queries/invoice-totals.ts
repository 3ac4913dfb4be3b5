/** What invoices and credit notes come to, by currency and status: the foot of a list of any length. */
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { DocumentTotal } from '../../schemas/http/invoice-life.ts';
import type { InvoiceFilter } from './invoices.ts';

/** In one statement, so that all of it is of one moment. Drafts count as they were worked out last. */
export async function sumInvoices(postgres: Queryable, { customer, status, month }: InvoiceFilter): Promise<DocumentTotal[]> {
  const { rows } = await postgres.query<DocumentTotal & { [column: string]: unknown }>(
    `WITH listed AS (
       SELECT invoice_id, status, currency, (snapshot->>'total')::numeric AS total FROM invoices
        WHERE ($1::text IS NULL OR customer = $1::text) AND ($2::text IS NULL OR status = $2::text) AND ($3::text IS NULL OR month = $3::text))
     SELECT 'invoice' AS kind, status, currency, count(*)::integer AS documents, sum(total)::text AS total FROM listed GROUP BY status, currency
      UNION ALL
     SELECT 'credit_note', l.status, l.currency, count(*)::integer, sum((n.content->>'total')::numeric)::text
       FROM credit_notes n JOIN listed l ON l.invoice_id = n.invoice_id GROUP BY l.status, l.currency
      ORDER BY currency, kind DESC, status`,
    [customer ?? null, status ?? null, month ?? null],
  );
  return rows;
}
