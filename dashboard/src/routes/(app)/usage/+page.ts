import { loadCustomerNames, type CustomerNames } from '#lib/names.ts';
import { outcome, type Outcome } from '#lib/outcome.ts';
import { loadExtent } from '#lib/usage/extent.ts';
import { loadUsage } from '#lib/usage/load.ts';
import { needsExtent, readUsageView } from '#lib/usage/view.ts';
import type { PageLoad } from './$types.js';

/** Names change rarely: asked for once, not at each change of the range. */
let names: Promise<Outcome<CustomerNames>> | undefined;

export const load: PageLoad = async ({ url, depends }) => {
  depends('tallyline:usage');
  const known = outcome(loadExtent());
  names ??= outcome(loadCustomerNames()).then((answer) => {
    if (!answer.ok) names = undefined;
    return answer;
  });
  const first = needsExtent(url.searchParams) ? await known : null;
  const extent = first?.ok === true ? first.value : null;
  const now = Date.now();
  const view = readUsageView(url.searchParams, extent, now);
  // Looked at again when rows come in: the hour may have changed meanwhile.
  const viewAt = (moment: number) => readUsageView(url.searchParams, extent, moment);
  return { view, viewAt, extent: known, figures: outcome(loadUsage(view)), names };
};
