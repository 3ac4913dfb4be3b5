import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { ApiKey, List } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:keys');
  return { keys: outcome(call<List<ApiKey>>('/v1/api-keys', { query: { limit: 500, cursor: url.searchParams.get('cursor') } })) };
};
