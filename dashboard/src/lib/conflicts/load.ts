/** A page of conflicts, with the names of the files that they stand in. */
import { call } from '../api.ts';
import { loadCustomerNames, type CustomerNames } from '../names.ts';
import { outcome } from '../outcome.ts';
import type { Conflict, Import, List } from '../types.ts';

/** Each is compared by a person: more would not be read. */
const PAGE_CONFLICTS = 20;

export interface ConflictQuery {
  status: 'open' | 'resolved';
  customer: string | null;
  import: string | null;
  cursor: string | null;
}

export interface ConflictPage extends List<Conflict> {
  /** By import id; one that could not be asked for is missing. */
  files: ReadonlyMap<string, string>;
  names: CustomerNames;
}

export function readConflictQuery(parameters: { get(name: string): string | null }): ConflictQuery {
  return {
    status: parameters.get('status') === 'resolved' ? 'resolved' : 'open',
    customer: parameters.get('customer') || null,
    import: /^\d{1,18}$/.test(parameters.get('import') ?? '') ? parameters.get('import') : null,
    cursor: parameters.get('cursor'),
  };
}

export async function loadConflicts(query: ConflictQuery): Promise<ConflictPage> {
  const page = await call<List<Conflict>>('/v1/conflicts', { query: { ...query, limit: PAGE_CONFLICTS } });
  const versions = page.items.flatMap((item) => (item.first === null ? [item.this] : [item.first, item.this]));
  const ids = [...new Set(versions.map(({ importId }) => importId))];
  const [names, ...imports] = await Promise.all([
    outcome(loadCustomerNames()),
    ...ids.map((id) => outcome(call<Import>(`/v1/imports/${id}`))),
  ]);
  return {
    ...page,
    files: new Map(imports.flatMap((found) => (found.ok ? [[found.value.id, found.value.name] as const] : []))),
    names: names.ok ? names.value : new Map(),
  };
}
