import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { List, User } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ url, depends }) => {
  depends('tallyline:people');
  const cursor = url.searchParams.get('cursor');
  return { open: url.searchParams.get('open') || null, users: outcome(call<List<User>>('/v1/users', { query: { limit: 500, cursor } })) };
};
