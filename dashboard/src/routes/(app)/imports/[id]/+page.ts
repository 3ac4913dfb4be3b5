import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { Import } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ params, depends }) => {
  depends('tallyline:import');
  return { id: params.id, found: await outcome(call<Import>(`/v1/imports/${encodeURIComponent(params.id)}`)) };
};
