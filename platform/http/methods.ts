/** Which methods a path answers to, for 405 and its `Allow` header. */
import type { HttpServer } from './http-server.ts';

export type RouteTable = Map<string, { pattern: RegExp; methods: Set<string> }>;

/** Notes every route registered from now on. Wildcards are left out: they match everything and mean nothing. */
export function rememberRoutes(server: HttpServer): RouteTable {
  const table: RouteTable = new Map();
  server.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const entry = table.get(url) ?? { pattern: toPattern(url), methods: new Set<string>() };
    for (const name of [method].flat()) entry.methods.add(name);
    table.set(url, entry);
  });
  return table;
}

export function methodsAt(table: RouteTable, url: string): string[] {
  const path = url.split('?', 1)[0] ?? '';
  const methods = [...table.values()].filter(({ pattern }) => pattern.test(path)).flatMap((entry) => [...entry.methods]);
  return [...new Set(methods)].sort();
}

/** `/v1/plans/:id` → one segment for each parameter. */
function toPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${source}$`);
}
