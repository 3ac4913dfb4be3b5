import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { Import, List, Pipeline } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

const PAGE_ROWS = 50;

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:imports');
  const get = (name: string) => url.searchParams.get(name);
  const filter = { status: get('status'), name: get('name') };
  const cursor = get('cursor');
  return {
    cursor,
    filter,
    imports: outcome(call<List<Import>>('/v1/imports', { query: { limit: PAGE_ROWS, cursor, ...filter } })),
    pipeline: outcome(call<Pipeline>('/v1/pipeline')),
  };
};
