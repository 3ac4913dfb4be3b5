/** The HTTP server with the api role on real stores, called through `inject`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { apiRoutes } from '../../api/app.ts';
import { readLines, readRecordAt } from '../../ingest/csv/line-index.ts';
import type { OpenId } from '../../platform/access/openid.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { openEmbeddedLog } from '../../platform/event-log/embedded-log.ts';
import { openDirectoryFileStore } from '../../platform/file-store/directory.ts';
import { createHttpServer, type HttpServer } from '../../platform/http/server.ts';
import type { Mailer } from '../../platform/mail/mailer.ts';
import type { Platform } from '../../platform/platform.ts';
import { connectPostgres } from '../../platform/postgres/pg-driver.ts';
import { ABOUT } from './about.ts';
import { openTestClickHouse } from './clickhouse.ts';
import { openTestPostgres } from './postgres.ts';

export const ADMIN_KEY = 'a-key-of-the-tests-only';

export interface TestEvent {
  customer: string;
  meter: string;
  /** RFC 3339, UTC. */
  time: string;
  quantity: string;
  id?: string;
  importId?: number;
  line?: number;
  properties?: string;
}

export interface TestApi {
  readonly platform: Platform;
  readonly server: HttpServer;
  /** Another process on the same stores: its own server, and its own connections to Postgres. Listening, until the API is closed. */
  replica(): Promise<{ url: string; server: HttpServer }>;
  /** A call with the admin key. */
  get(url: string): Promise<{ status: number; body: unknown; text: string; headers: Record<string, unknown> }>;
  send(method: 'POST' | 'PUT' | 'DELETE', url: string, body?: object): Promise<{ status: number; body: unknown; text: string }>;
  /** Puts events into both stores, at consecutive offsets of partition 0. */
  fill(events: readonly TestEvent[]): Promise<void>;
  close(): Promise<void>;
}

export interface TestApiOptions {
  dashboardDirectory?: string;
  clock?: Clock;
  logger?: Logger;
  publicUrl?: string;
  mailer?: Mailer;
  openId?: OpenId;
}

export async function openTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const { dashboardDirectory, clock = systemClock, logger = pino({ level: 'silent' }), publicUrl, mailer, openId } = options;
  const directory = await mkdtemp(join(tmpdir(), 'tallyline-api-'));
  const [database, engine] = await Promise.all([openTestPostgres(), openTestClickHouse()]);
  const files = await openDirectoryFileStore({ root: directory, alone: true });
  const log = await openEmbeddedLog({
    postgres: database.postgres,
    partitions: 2,
    backlogEventsMax: 1_000_000,
    clock: systemClock,
    logger,
  });
  const platform: Platform = {
    log,
    postgres: database.postgres,
    clickhouse: engine.clickhouse,
    files,
    clock,
    logger,
    instance: 'test',
    alone: true,
  };
  // The engine is loaded in this very process: one turn of its loop that takes seconds would have the first calls turned away.
  const pressureLimits = { eventLoopDelayMs: 60_000 };
  const server = await createHttpServer({ platform, adminKey: ADMIN_KEY, dashboardDirectory, publicUrl, mailer, openId, pressureLimits });
  await server.register(apiRoutes(platform, { readLines, readRecordAt }, ABOUT, { publicUrl, mailer }));
  await server.ready();
  let nextOffset = 0;
  const replicas: (() => Promise<void>)[] = [];

  const call = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) => {
    const response = await server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      ...(payload === undefined ? {} : { payload }),
    });
    const isJson = String(response.headers['content-type']).includes('json');
    return {
      status: response.statusCode,
      text: response.body,
      body: isJson ? (response.json() as unknown) : undefined,
      headers: response.headers as Record<string, unknown>,
    };
  };

  return {
    platform,
    server,
    get: (url) => call('GET', url),
    send: call,
    async replica() {
      const postgres = connectPostgres({ connection: database.connection, poolSize: 4, applicationName: 'tallyline-replica', logger });
      const another = { ...platform, postgres };
      const opened = await createHttpServer({
        platform: another,
        adminKey: ADMIN_KEY,
        dashboardDirectory,
        publicUrl,
        mailer,
        pressureLimits,
      });
      await opened.register(apiRoutes(another, { readLines, readRecordAt }, ABOUT, { publicUrl, mailer }));
      replicas.push(async () => {
        await opened.close();
        await postgres.close();
      });
      return { url: await opened.listen({ host: '127.0.0.1', port: 0 }), server: opened };
    },
    async fill(events) {
      const first = nextOffset;
      nextOffset += events.length;
      await fillStores(platform, events, first);
    },
    async close() {
      for (const close of replicas) await close();
      await server.close();
      await log.close();
      await Promise.all([database.close(), engine.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function fillStores({ postgres, clickhouse }: Platform, events: readonly TestEvent[], firstOffset: number): Promise<void> {
  for (const [i, event] of events.entries()) {
    await postgres.query(
      `INSERT INTO usage_records (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, 0, $9, 0)`,
      [
        event.customer,
        event.id ?? `e${firstOffset + i}`,
        event.meter,
        event.time,
        event.quantity,
        event.properties ?? '{}',
        event.importId ?? 1,
        event.line ?? i + 2,
        firstOffset + i,
      ],
    );
    await postgres.query('INSERT INTO customers (id) VALUES ($1) ON CONFLICT DO NOTHING', [event.customer]);
    await postgres.query('INSERT INTO meters (key) VALUES ($1) ON CONFLICT DO NOTHING', [event.meter]);
  }
  const months = Map.groupBy(
    events.map((event, i) => ({ event, offset: firstOffset + i })),
    ({ event }) => event.time.slice(0, 7),
  );
  for (const [month, rows] of months) {
    const tsv = rows
      .map(({ event, offset }) => `${event.customer}\t${event.meter}\t${event.time}\t${event.quantity}\t1\t0\t${offset}\t0\n`)
      .join('');
    await clickhouse.insert({
      table: 'tallyline.usage_events',
      columns: ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'],
      tsv,
      rows: rows.length,
      token: `test:${firstOffset}:${month}`,
    });
  }
}
