import { outcome } from '#lib/outcome.ts';
import { loadAgreement, loadStoredInvoice } from '#lib/invoice/stored.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ params, depends }) => {
  depends('tallyline:invoice');
  const stored = outcome(loadStoredInvoice(params.id));
  // The comparison of both stores takes longer, and the document does not wait for it.
  const agreement = stored.then((result) => (result.ok ? outcome(loadAgreement(result.value.invoice)) : null));
  return { id: params.id, stored, agreement };
};
