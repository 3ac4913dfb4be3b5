/** Sending files to a running Tallyline, as scripts do. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import type { Usage } from '../../schemas/http/usage.ts';
import type { Tallyline } from './tallyline.ts';

export const SAMPLES = fileURLToPath(new URL('../../ingest/samples/', import.meta.url));

export async function sample(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(SAMPLES + name));
}

export interface ImportOptions {
  name?: string;
  mapping?: Mapping;
  wait?: boolean;
  headers?: Record<string, string>;
}

export function importPath({ name = 'usage.csv', mapping, wait = true }: ImportOptions): string {
  const query = new URLSearchParams({ name, wait: String(wait) });
  if (mapping) query.set('mapping', JSON.stringify(mapping));
  return `/v1/imports?${query}`;
}

/** Uploads and waits until both stores have it. */
export function importFile(tallyline: Tallyline, body: string | Uint8Array<ArrayBuffer>, options: ImportOptions = {}): Promise<Import> {
  return tallyline.json<Import>(importPath(options), { method: 'POST', body, headers: { 'content-type': 'text/csv', ...options.headers } });
}

export async function usageTotals(tallyline: Tallyline, query: Record<string, string> = {}): Promise<Record<string, string>> {
  const search = new URLSearchParams({ from: '2000-01-01T00:00:00Z', to: '2030-01-01T00:00:00Z', grain: 'month', ...query });
  const usage = await tallyline.json<Usage>(`/v1/usage?${search}`);
  return Object.fromEntries(usage.total.map(({ meter, quantity }) => [meter, quantity]));
}
