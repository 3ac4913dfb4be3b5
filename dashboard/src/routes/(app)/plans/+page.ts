import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { List, ListedPlan } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

const PAGE_ROWS = 200;

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:plans');
  const cursor = url.searchParams.get('cursor');
  return { plans: outcome(call<List<ListedPlan>>('/v1/plans', { query: { limit: PAGE_ROWS, cursor } })) };
};
