import { loadInvoiceView } from '#lib/invoice/load.ts';
import { outcome } from '#lib/outcome.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ url, depends, parent }) => {
  depends('tallyline:invoice');
  const wanted = { customer: url.searchParams.get('customer'), period: url.searchParams.get('period') };
  return { wanted, view: outcome(parent().then(({ session }) => loadInvoiceView(wanted, Date.now(), session))) };
};
