import { loadCustomerNames } from '#lib/names.ts';
import { outcome } from '#lib/outcome.ts';
import { loadExtent } from '#lib/usage/extent.ts';
import { loadUsage } from '#lib/usage/load.ts';
import { readUsageView } from '#lib/usage/view.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ url, depends }) => {
  depends('tallyline:usage');
  const extent = await outcome(loadExtent());
  const known = extent.ok ? extent.value : null;
  const view = readUsageView(url.searchParams, known, Date.now());
  return {
    view,
    extent: known,
    empty: extent.ok && known === null,
    figures: outcome(loadUsage(view)),
    names: outcome(loadCustomerNames()),
  };
};
