/**
 * In the browser, in place of the package `devalue` (3 KB gzip). SvelteKit writes data of server loads and of pages' history entries with
 * it, so that these may hold dates, cycles and classes. Here nothing is loaded on a server and pages keep their state in the URL.
 */
export function stringify(value: unknown): string {
  return JSON.stringify({ value });
}

export function parse(text: string): unknown {
  return (JSON.parse(text) as { value?: unknown }).value;
}

export function unflatten(): never {
  throw new Error('No page of this dashboard loads on a server.');
}

export function uneval(): never {
  return unflatten();
}
