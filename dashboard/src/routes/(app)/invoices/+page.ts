import { redirect } from '@sveltejs/kit';
import { isCustomer } from '#lib/access/roles.ts';
import { call } from '#lib/api.ts';
import { readInvoiceFilter, previewAddressOf } from '#lib/invoices/filter.ts';
import { loadInvoiceLists } from '#lib/invoices/load.ts';
import { readOnly, readRunPlace } from '#lib/invoices/run-address.ts';
import { loadCustomerNames } from '#lib/names.ts';
import { outcome } from '#lib/outcome.ts';
import type { BillingRun, List } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

/** As many as say what was done lately. */
const RUNS_SHOWN = 8;

function readRuns(cursor: string | null): Promise<List<BillingRun>> {
  return call<List<BillingRun>>('/v1/billing-runs', { query: { limit: RUNS_SHOWN, cursor } });
}

export const load: PageLoad = ({ url, depends, parent }) => {
  const preview = previewAddressOf(url);
  if (preview !== null) redirect(307, preview);
  depends('tallyline:invoices');
  const { searchParams } = url;
  const filter = readInvoiceFilter(searchParams);
  const runs = searchParams.get('runs');
  const cursors = { invoices: searchParams.get('cursor'), notes: searchParams.get('notes') };
  return {
    filter,
    cursors,
    place: readRunPlace(searchParams.get('run')),
    only: readOnly(searchParams.get('only')),
    lists: outcome(loadInvoiceLists(filter, cursors)),
    names: outcome(parent().then(({ session }) => loadCustomerNames(session))),
    olderRuns: runs !== null,
    runs: outcome(parent().then(({ session }) => (isCustomer(session) ? null : readRuns(runs)))),
  };
};
