import { call } from '#lib/api.ts';
import { loadCustomerNames } from '#lib/names.ts';
import { outcome } from '#lib/outcome.ts';
import { readPipelineView } from '#lib/pipeline/view.ts';
import type { DeadLetter, List, Reconciliation, ReconciliationGrid } from '#lib/types.ts';
import { loadExtent } from '#lib/usage/extent.ts';
import { isoOf } from '#lib/zone.ts';
import type { PageLoad } from './$types.js';

const LETTERS = 20;
/** As many as the API lists, and as many as stand on a screen. */
const ROWS_LONG = 100;
const ROWS = 11;

export const load: PageLoad = async ({ url, depends }) => {
  depends('tallyline:pipeline');
  const cursor = url.searchParams.get('letters');
  const letters = outcome(call<List<DeadLetter>>('/v1/dead-letters', { query: { limit: LETTERS, cursor } }));
  const names = outcome(loadCustomerNames());
  // Which time is shown, where the address names none, depends on what differs and on when there was usage.
  const [found, extent] = await Promise.all([outcome(call<Reconciliation>('/v1/reconciliation')), outcome(loadExtent())]);
  const known = { found: found.ok ? found.value : undefined, extent: extent.ok ? extent.value : null };
  const view = readPipelineView(url.searchParams, known, Date.now());
  const { from, to, step, isLong } = view;
  const query = { from: isoOf(from), to: isoOf(to), step, customers: isLong ? ROWS_LONG : ROWS };
  return {
    cursor,
    view,
    found,
    letters,
    names,
    grid: outcome(call<ReconciliationGrid>('/v1/reconciliation/grid', { query })),
  };
};
