import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { DeadLetter, List, Pipeline, Reconciliation } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

const LETTERS = 20;

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:pipeline');
  const cursor = url.searchParams.get('letters');
  return {
    cursor,
    found: outcome(call<Reconciliation>('/v1/reconciliation')),
    pipeline: outcome(call<Pipeline>('/v1/pipeline')),
    letters: outcome(call<List<DeadLetter>>('/v1/dead-letters', { query: { limit: LETTERS, cursor } })),
  };
};
