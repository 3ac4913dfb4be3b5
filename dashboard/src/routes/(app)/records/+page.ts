import { call } from '#lib/api.ts';
import { loadCustomerNames } from '#lib/names.ts';
import { outcome } from '#lib/outcome.ts';
import { readRecordsView } from '#lib/records/filter.ts';
import type { List, Source, UsageRecord } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ url, depends, parent }) => {
  depends('tallyline:records');
  const view = readRecordsView(url.searchParams);
  const query = { ...view.filter, limit: 100 };
  return {
    view,
    query,
    records: outcome(call<List<UsageRecord>>('/v1/records', { query })),
    names: outcome(parent().then(({ session }) => loadCustomerNames(session))),
    opened: view.record === null ? null : outcome(open(view.record)),
  };
};

async function open(key: string): Promise<{ record: UsageRecord; source: Source }> {
  const path = `/v1/records/${encodeURIComponent(key)}`;
  const [record, source] = await Promise.all([call<UsageRecord>(path), call<Source>(`${path}/source`, { query: { context: 3 } })]);
  return { record, source };
}
