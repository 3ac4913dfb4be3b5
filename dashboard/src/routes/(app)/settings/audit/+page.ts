import { readAuditFilter } from '#lib/access/audit-filter.ts';
import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { AuditEntry, List } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:audit');
  const filter = readAuditFilter(url.searchParams);
  const query = { ...filter, limit: 100, cursor: url.searchParams.get('cursor') };
  return { filter, entries: outcome(call<List<AuditEntry>>('/v1/audit', { query })) };
};
