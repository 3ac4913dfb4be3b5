import { outcome } from '#lib/outcome.ts';
import { loadStoredInvoice } from '#lib/invoice/stored.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ params, depends }) => {
  depends('tallyline:invoice');
  return { id: params.id, stored: outcome(loadStoredInvoice(params.id)) };
};
