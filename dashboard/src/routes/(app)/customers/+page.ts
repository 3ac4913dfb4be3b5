import { call } from '#lib/api.ts';
import { listQuery, readCustomersView } from '#lib/customers/view.ts';
import { outcome } from '#lib/outcome.ts';
import type { Customer, CustomerList, InvoiceSummary, List, Plan } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

const PAGE_ROWS = 200;
/** Invoices of one customer: sixteen years of months. */
const INVOICES_MAX = 200;

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:customers');
  const view = readCustomersView(url.searchParams);
  const query = { ...listQuery(view), limit: PAGE_ROWS };
  const { open } = view;
  return {
    view,
    query,
    customers: outcome(call<CustomerList>('/v1/customers', { query })),
    plans: outcome(call<List<Plan>>('/v1/plans', { query: { limit: 1000 } })),
    opened: open === null ? null : outcome(call<Customer>(`/v1/customers/${encodeURIComponent(open)}`)),
    invoices:
      open === null ? null : outcome(call<List<InvoiceSummary>>('/v1/invoices', { query: { customer: open, limit: INVOICES_MAX } })),
  };
};
