/** Whose invoices a query may touch, as a condition of SQL. */
import type { Scope } from '../../platform/access/scope.ts';

/**
 * Of the invoices `i`: all of them, those of a customer, or the one that a link opens. Drafts are internal: they say what nobody has
 * looked at yet, and a customer has the preview for that. `$first` and the one after it are `invoiceScopeValues`.
 */
export function inInvoiceScope(i: string, first: number): string {
  const [customer, invoice] = [`$${first}::text`, `$${first + 1}::bigint`];
  return `(${customer} IS NULL OR ${i}.customer = ${customer} AND ${i}.status <> 'draft') AND (${invoice} IS NULL OR ${i}.invoice_id = ${invoice})`;
}

export function invoiceScopeValues({ customer, invoice }: Scope): [string | null, string | null] {
  return [customer ?? null, invoice ?? null];
}
