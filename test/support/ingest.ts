/** The ingest role on a real Postgres, log and file store, with as many replicas as a test needs. No ClickHouse: it has to do without. */
import { once } from 'node:events';
import { createConnection, type AddressInfo, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { readAddedEffect } from '../../api/billing/added-usage.ts';
import { ingestRoutes, type IngestSettings } from '../../ingest/app.ts';
import type { Publisher } from '../../ingest/publisher.ts';
import { WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import { connectClickHouse } from '../../platform/clickhouse/http.ts';
import { systemClock } from '../../platform/clock.ts';
import { openEmbeddedLog } from '../../platform/event-log/embedded-log.ts';
import { openDirectoryFileStore } from '../../platform/file-store/directory.ts';
import { createHttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { connectPostgres } from '../../platform/postgres/pg-driver.ts';
import { openTestPostgres } from './postgres.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export const ADMIN_KEY = 'a-key-of-the-tests-only';
export const CSV = 'id,customer,time,quantity\n';
export const MAPPING = JSON.stringify({
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { const: 'calls' }, quantity: 'quantity' }],
});

/** Rows with the ids [from, from + count). */
export function rowsOf(count: number, from = 0): string {
  return Array.from({ length: count }, (_, n) => `${from + n},c${n % 7},2026-01-0${(n % 9) + 1}T00:00:00Z,1\n`).join('');
}

export interface TestIngest {
  /** Straight to the server. */
  readonly platform: Platform;
  readonly root: string;
  /** Between the replicas and Postgres; between them and the database of the log. */
  readonly proxies: { postgres: TcpProxy; log: TcpProxy };
  /** Another process on the same stores. Through the proxies where asked for. */
  replica(instance: string, options?: { proxied?: boolean; root?: string }): Promise<Platform>;
  /** The HTTP server of a replica, listening. Its publisher is none: what is accepted stays so. */
  serve(platform: Platform, settings?: Partial<IngestSettings>): Promise<string>;
  /** The same, to be closed before the others. */
  serveAlone(platform: Platform): Promise<{ url: string; close(): Promise<void> }>;
  /** Closes all replicas and servers so far, but not `platform`. Each keeps connections for a minute, of which Postgres has 50. */
  closeReplicas(): Promise<void>;
  close(): Promise<void>;
}

const logger = pino({ level: 'silent' });
const NOBODY: Publisher = { wake: () => undefined, stop: () => Promise.resolve() };

export async function openTestIngest(): Promise<TestIngest> {
  const root = await mkdtemp(join(tmpdir(), 'tallyline-ingest-'));
  const server = await openTestPostgres();
  const [main, logs] = [await server.createDatabase(), await server.createDatabase()];
  const proxies = { postgres: await startTcpProxy(main.connection), log: await startTcpProxy(logs.connection) };
  let closing: (() => Promise<unknown>)[] = [];
  // Of no server: whatever needs it fails.
  const clickhouse = connectClickHouse({ url: 'http://127.0.0.1:1', username: '', password: '', requestTimeoutMs: 1_000, logger });

  const replica: TestIngest['replica'] = async (instance, { proxied = false, root: at = root } = {}) => {
    const connect = (database: typeof main, proxy: TcpProxy) =>
      connectPostgres({
        connection: { ...database.connection, host: '127.0.0.1', ...(proxied ? { port: proxy.port } : {}) },
        poolSize: 8,
        applicationName: `tallyline-${instance}`,
        logger,
      });
    const [postgres, logPostgres] = [connect(main, proxies.postgres), connect(logs, proxies.log)];
    const log = await openEmbeddedLog({
      postgres: logPostgres,
      partitions: 2,
      backlogEventsMax: 1_000_000,
      clock: systemClock,
      logger,
    });
    const files = await openDirectoryFileStore({ root: at, alone: false });
    closing.push(async () => {
      await log.close();
      await Promise.all([postgres.close(), logPostgres.close()]);
    });
    return { log, postgres, clickhouse, files, clock: systemClock, logger, instance, alone: false };
  };

  const closeReplicas = async () => {
    const open = closing;
    closing = [];
    for (const close of open) await close();
  };

  const platform = await replica('direct');
  const closePlatform = closing;
  closing = [];
  return {
    platform,
    root,
    proxies,
    replica,
    closeReplicas,
    async serve(platform, settings = {}) {
      const http = await createHttpServer({ platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined });
      const ingest = { leaseSeconds: 60, ...settings };
      await http.register(ingestRoutes(platform, NOBODY, ingest, (added) => readAddedEffect(platform, WHOLE_INSTALLATION, added)));
      closing.unshift(() => http.close());
      return http.listen({ host: '127.0.0.1', port: 0 });
    },
    async serveAlone(platform) {
      const http = await createHttpServer({ platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined });
      await http.register(
        ingestRoutes(platform, NOBODY, { leaseSeconds: 60 }, (added) => readAddedEffect(platform, WHOLE_INSTALLATION, added)),
      );
      return { url: await http.listen({ host: '127.0.0.1', port: 0 }), close: () => http.close() };
    },
    async close() {
      for (const proxy of Object.values(proxies)) proxy.set({ kind: 'none' });
      await closeReplicas();
      for (const close of closePlatform) await close();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
      await clickhouse.close();
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export interface RawUpload {
  readonly socket: Socket;
  /** Everything the server has said so far. */
  answer(): string;
}

/** A request written by hand: its head only. The body is for the test to send, or not. */
export async function beginUpload(url: string, headers: Record<string, string>, query = '', route = 'PUT /v1/imports'): Promise<RawUpload> {
  const { hostname, port } = new URL(url) as URL & AddressInfo;
  const socket = createConnection({ host: hostname, port: Number(port) });
  await once(socket, 'connect');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  // A server that gives up on an upload may reset the connection.
  socket.on('error', () => undefined);
  const lines = Object.entries({ host: hostname, authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv', ...headers });
  socket.write([`${route}?${query} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'));
  return { socket, answer: () => answer };
}
