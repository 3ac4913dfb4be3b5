import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { List, Plan, Settings } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ depends }) => {
  depends('tallyline:settings');
  return {
    settings: outcome(call<Settings>('/v1/settings')),
    plans: outcome(call<List<Plan>>('/v1/plans', { query: { limit: 1000 } })),
  };
};
