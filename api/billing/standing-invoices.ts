/** Which of a customer's invoices says what time was billed, and on what terms. */
import type { IssuedInvoice } from '../queries/invoices.ts';

/**
 * One per month, by month: the final one or, where all are void, the last that was. A void one whose month was billed anew has nothing to
 * say any more, whatever its period was: the customer may have moved between the two, and its hours must not fall due beside the other's.
 * `issued`: of one customer; drafts among them count for nothing.
 */
export function standingInvoices<Issued extends Pick<IssuedInvoice, 'id' | 'status' | 'month'>>(issued: readonly Issued[]): Issued[] {
  const byMonth = new Map<string, Issued>();
  for (const invoice of issued) {
    if (invoice.status === 'draft') continue;
    const known = byMonth.get(invoice.month);
    if (known === undefined || takesThePlaceOf(invoice, known)) byMonth.set(invoice.month, invoice);
  }
  return [...byMonth.values()].sort((a, b) => (a.month < b.month ? -1 : 1));
}

/** Of a month at most one is not void; ids rise with time. */
function takesThePlaceOf(invoice: Pick<IssuedInvoice, 'id' | 'status'>, known: Pick<IssuedInvoice, 'id' | 'status'>): boolean {
  if (known.status === 'final') return false;
  return invoice.status === 'final' || BigInt(invoice.id) > BigInt(known.id);
}
