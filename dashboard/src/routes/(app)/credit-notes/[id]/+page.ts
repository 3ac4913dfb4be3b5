import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { CreditNoteDocument } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ params, depends }) => {
  depends('tallyline:credit-note');
  return { id: params.id, found: outcome(call<CreditNoteDocument>(`/v1/credit-notes/${encodeURIComponent(params.id)}`)) };
};
