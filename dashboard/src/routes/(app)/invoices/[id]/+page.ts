import { isCustomer } from '#lib/access/roles.ts';
import { outcome } from '#lib/outcome.ts';
import { loadStoredInvoice } from '#lib/invoice/stored.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ params, depends, parent }) => {
  depends('tallyline:invoice');
  return { id: params.id, stored: outcome(parent().then(({ session }) => loadStoredInvoice(params.id, !isCustomer(session)))) };
};
