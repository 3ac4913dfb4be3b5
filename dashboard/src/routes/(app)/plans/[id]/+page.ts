import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { List, Plan } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

/** `/plans/new` is a plan that does not exist yet. */
const NEW = 'new';

export const load: PageLoad = async ({ params }) => {
  const [plan, meters] = await Promise.all([
    params.id === NEW ? null : outcome(call<Plan>(`/v1/plans/${encodeURIComponent(params.id)}`)),
    outcome(call<List<{ key: string }>>('/v1/meters', { query: { limit: 1000 } })),
  ]);
  return { plan, meters: meters.ok ? meters.value.items.map(({ key }) => key) : [] };
};
