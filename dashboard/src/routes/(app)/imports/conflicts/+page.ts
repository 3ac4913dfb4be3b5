import { loadConflicts, readConflictQuery } from '#lib/conflicts/load.ts';
import { outcome } from '#lib/outcome.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:conflicts');
  const query = readConflictQuery(url.searchParams);
  return { query, conflicts: outcome(loadConflicts(query)) };
};
