/**
 * An installation with two customers, each with all that a customer can have, and with every kind of caller. Whatever belongs to the one
 * is named after a tree, so that it is found wherever it turns up: alder and birch.
 */
import { apiRoutes } from '../../../api/app.ts';
import { readAddedEffect } from '../../../api/billing/added-usage.ts';
import { carryOutRun } from '../../../api/billing/runs.ts';
import { startConsumers } from '../../../consumers/consumers.ts';
import { ingestRoutes, startIngest } from '../../../ingest/app.ts';
import { readLines, readRecordAt } from '../../../ingest/csv/line-index.ts';
import { signInvoiceLink } from '../../../platform/access/invoice-links.ts';
import { WHOLE_INSTALLATION } from '../../../platform/access/scope.ts';
import { hashToken, newToken } from '../../../platform/access/tokens.ts';
import type { Clock } from '../../../platform/clock.ts';
import { createHttpServer } from '../../../platform/http/server.ts';
import type { Platform } from '../../../platform/platform.ts';
import { ABOUT } from '../about.ts';
import { ADMIN_KEY } from '../api.ts';
import { openTestStores } from '../consumers.ts';
import type { Answer, CallAs, CallerName, Request, World } from './call.ts';
import { fillWorld } from './fill.ts';

/** Usage of the future is refused, by the clock of the database: all of this is in the past. */
const NOW = '2025-12-05T12:00:00Z';

export async function openWorld(): Promise<World> {
  const stores = await openTestStores();
  const pipeline = await stores.open(2);
  const clock: Clock = { now: () => new Date(NOW), monotonicMs: () => performance.now() };
  const { platform: real } = pipeline;
  const platform: Platform = { ...real, clickhouse: real.clickhouse, clock };
  const publisher = await startIngest(real, { leaseSeconds: 60 });
  const consumers = await startConsumers(real);
  const server = await createHttpServer({ platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined });
  await server.register(
    ingestRoutes(real, publisher, { leaseSeconds: 60 }, (added) => readAddedEffect(platform, WHOLE_INSTALLATION, added)),
  );
  await server.register(apiRoutes(platform, { readLines, readRecordAt }, ABOUT));
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const keys = new Map<CallerName, string>([['admin', ADMIN_KEY]]);
  const callAs: CallAs = (caller, request) => send(url, keys.get(caller), request);
  for (const role of ['analyst', 'ingest'] as const) keys.set(role, await addKey(platform, { name: role, role, customer: null }));
  for (const customer of ['alder', 'birch'] as const)
    keys.set(customer, await addKey(platform, { name: `of ${customer}`, role: 'customer', customer }));
  const filled = await fillWorld(callAs, {
    append: (payload) => pipeline.append([payload]),
    bill: async () => {
      while (await carryOutRun(platform, new AbortController().signal));
    },
  });
  keys.set('link', await addLink(platform, filled.alder.invoice));
  return {
    ...filled,
    platform,
    callAs,
    operations: operationsOf(server.swagger() as Document),
    async close() {
      await server.close();
      await publisher.stop();
      await consumers.stop();
      await pipeline.close();
      await stores.close();
    },
  };
}

async function send(url: string, key: string | undefined, { method = 'GET', path, body, headers }: Request): Promise<Answer> {
  const isText = typeof body === 'string';
  const giveUp = new AbortController();
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    signal: giveUp.signal,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': isText ? 'text/csv' : 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  });
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/event-stream')) return { status: response.status, type, bytes: Buffer.from(await response.arrayBuffer()) };
  const first = await response.body?.getReader().read();
  giveUp.abort();
  return { status: response.status, type, bytes: Buffer.from(first?.value ?? []) };
}

async function addKey({ postgres }: Platform, key: { name: string; role: string; customer: string | null }): Promise<string> {
  const token = newToken('tallyline_');
  await postgres.query(
    `INSERT INTO api_keys (name, prefix, key_hash, role, customer, created_at, created_by) VALUES ($1, $2, $3, $4, $5, now(), 'test')`,
    [key.name, token.slice(0, 14), hashToken(token), key.role, key.customer],
  );
  return token;
}

async function addLink({ postgres }: Platform, invoice: string): Promise<string> {
  const expiresAt = new Date(Date.parse(NOW) + 86_400_000).toISOString();
  const { rows } = await postgres.query<{ id: string }>(
    `INSERT INTO invoice_links (invoice_id, created_at, created_by, expires_at) VALUES ($1, now(), 'test', $2) RETURNING link_id::text AS id`,
    [invoice, expiresAt],
  );
  return signInvoiceLink(postgres, { id: rows[0]?.id ?? '', expiresAt });
}

interface Document {
  paths?: Record<string, Record<string, { 'x-roles'?: readonly string[] }>>;
}

/** Those that must say who may call them. */
function operationsOf({ paths = {} }: Document): Map<string, readonly string[]> {
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        path.startsWith('/v1') ? [[`${method.toUpperCase()} ${path}`, operation['x-roles'] ?? []] as const] : [],
      ),
    ),
  );
}
