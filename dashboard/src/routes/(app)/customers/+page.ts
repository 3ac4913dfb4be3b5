import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { Customer, List, Plan } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

const PAGE_ROWS = 200;

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:customers');
  const cursor = url.searchParams.get('cursor');
  return {
    cursor,
    open: url.searchParams.get('open'),
    customers: outcome(call<List<Customer>>('/v1/customers', { query: { limit: PAGE_ROWS, cursor } })),
    plans: outcome(call<List<Plan>>('/v1/plans', { query: { limit: 1000 } })),
  };
};
