/** The stores behind everything, in words: what each holds, and what follows when it does not answer. */
import { call, problemOf } from '../api.ts';
import type { PipelineStores } from '../types.ts';

type StoreState = PipelineStores['stores'][number];

export const STORE_NAMES: Readonly<Record<string, string>> = {
  postgres: 'Postgres',
  clickhouse: 'ClickHouse',
  'event log': 'The event log',
  'file store': 'The file store',
};

const HOLDS: Readonly<Record<string, string>> = {
  postgres: 'every record, and all that is set up',
  clickhouse: 'the same usage, added up',
  'event log': 'what came in, in its order',
  'file store': 'the files as they were uploaded',
};

const CONSEQUENCES: Readonly<Record<string, string>> = {
  postgres: 'Nothing can be shown, imported or billed until it is back; nothing that was acknowledged is lost.',
  clickhouse: 'Files are still taken in; usage, invoices and comparisons wait until it is back.',
  'event log': 'What is uploaded has to wait; nothing that was acknowledged is lost.',
  'file store': 'The numbers are not touched by that; files cannot be uploaded, nor shown line by line, until it is back.',
};

export function holdsOf(name: string): string {
  return HOLDS[name] ?? '';
}

export function consequenceOf(name: string): string {
  return CONSEQUENCES[name] ?? 'It is tried again and again.';
}

interface Health {
  checks: { name: string; ok: boolean; message?: string }[];
}

/** Who is signed in is in Postgres: while that is away, only `/health/ready` still answers, without saying since when. */
export async function loadStores(now: () => number = Date.now): Promise<StoreState[]> {
  try {
    return (await call<PipelineStores>('/v1/pipeline/stores')).stores;
  } catch (error) {
    const response = await fetch('/health/ready', { headers: { accept: 'application/json' } }).catch(() => undefined);
    if (response === undefined) throw error;
    const text = await response.text();
    return storesOfHealth(text, new Date(now()).toISOString()) ?? Promise.reject(problemOf(response.status, text));
  }
}

/** Undefined where nothing is wrong with any store: then it was something else that failed. */
export function storesOfHealth(text: string, now: string): StoreState[] | undefined {
  let health: Partial<Health>;
  try {
    health = JSON.parse(text) as Partial<Health>;
  } catch {
    return undefined;
  }
  if (health.checks?.some(({ ok }) => !ok) !== true) return undefined;
  return health.checks.map(({ name, ok, message }) => ({ name, ok, since: now, message: message ?? null, freeBytes: null }));
}

/** A store keeps its `since` while only `/health/ready` tells of it, and has told the same before. */
export function keepSince(before: readonly StoreState[], now: readonly StoreState[]): StoreState[] {
  return now.map((store) => {
    const known = before.find(({ name }) => name === store.name);
    return known?.ok === store.ok && known.since < store.since ? { ...store, since: known.since } : store;
  });
}
