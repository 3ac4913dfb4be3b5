/** The Invoices page's data: one page of each list, what the whole lists come to, and names for the filter. */
import { call } from '../api.ts';
import type { CreditNoteSummary, DocumentTotal, InvoiceSummary, List } from '../types.ts';
import { queryOf, type InvoiceFilter } from './filter.ts';

/** One screen scrolled a few times; older ones are a page further. */
const PAGE_ROWS = 100;

export interface InvoiceLists {
  invoices: List<InvoiceSummary>;
  notes: List<CreditNoteSummary>;
  totals: DocumentTotal[];
}

export interface Cursors {
  invoices: string | null;
  notes: string | null;
}

export async function loadInvoiceLists(filter: InvoiceFilter, cursors: Cursors): Promise<InvoiceLists> {
  const query = queryOf(filter);
  const [invoices, notes, totals] = await Promise.all([
    call<List<InvoiceSummary>>('/v1/invoices', { query: { ...query, limit: PAGE_ROWS, cursor: cursors.invoices } }),
    call<List<CreditNoteSummary>>('/v1/credit-notes', { query: { ...query, limit: PAGE_ROWS, cursor: cursors.notes } }),
    call<{ items: DocumentTotal[] }>('/v1/invoices/totals', { query }),
  ]);
  return { invoices, notes, totals: totals.items };
}

/** Whether both lists are there from their beginning to their end. */
export function isWhole({ invoices, notes }: InvoiceLists, cursors: Cursors): boolean {
  return cursors.invoices === null && cursors.notes === null && invoices.nextCursor === null && notes.nextCursor === null;
}
