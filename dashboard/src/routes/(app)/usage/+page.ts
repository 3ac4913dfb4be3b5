import { loadCustomerNames, type CustomerNames } from '#lib/names.ts';
import { outcome, type Outcome } from '#lib/outcome.ts';
import type { Session } from '#lib/types.ts';
import { loadExtent } from '#lib/usage/extent.ts';
import { loadUsage } from '#lib/usage/load.ts';
import { needsExtent, readUsageView } from '#lib/usage/view.ts';
import type { PageLoad } from './$types.js';

/** Names change rarely: asked for once by each reader, not at each change of the range. */
let names: { of: string | undefined; outcome: Promise<Outcome<CustomerNames>> } | undefined;

function namesFor(session: Session | null): Promise<Outcome<CustomerNames>> {
  if (names !== undefined && names.of === session?.name) return names.outcome;
  const asked = outcome(loadCustomerNames(session)).then((answer) => {
    if (!answer.ok) names = undefined;
    return answer;
  });
  names = { of: session?.name, outcome: asked };
  return asked;
}

export const load: PageLoad = async ({ url, depends, parent }) => {
  depends('tallyline:usage');
  const known = outcome(loadExtent());
  const [first, { session }] = await Promise.all([needsExtent(url.searchParams) ? known : null, parent()]);
  const own = session?.customer ?? null;
  const extent = first?.ok === true ? first.value : null;
  const now = Date.now();
  const view = readUsageView(url.searchParams, extent, now, own);
  // Looked at again when rows come in: the hour may have changed meanwhile.
  const viewAt = (moment: number) => readUsageView(url.searchParams, extent, moment, own);
  return { view, viewAt, extent: known, figures: outcome(loadUsage(view)), names: namesFor(session) };
};
