/** Puts the platform together: the one place that knows the mode, and which drivers stand behind the ports. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config, Servers } from '../config.ts';
import { openChdb } from './clickhouse/chdb.ts';
import type { ClickHouse } from './clickhouse/clickhouse.ts';
import { mendDamage } from './clickhouse/damage.ts';
import { connectClickHouse } from './clickhouse/http.ts';
import { migrateInTurn } from './clickhouse/migrate.ts';
import { systemClock } from './clock.ts';
import { openDataDirectory } from './data-directory.ts';
import { openEmbeddedLog } from './event-log/embedded-log.ts';
import type { EventLog } from './event-log/event-log.ts';
import { openDirectoryFileStore } from './file-store/directory.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Platform } from './platform.ts';
import { startEmbeddedPostgres } from './postgres/embedded-server.ts';
import { migratePostgres } from './postgres/migrate.ts';
import { connectPostgres, type PostgresOptions } from './postgres/pg-driver.ts';
import type { Postgres } from './postgres/postgres.ts';

/** Events per partition that the embedded log holds before publishing waits for the consumers: some 500 MB of disk at the most. */
const BACKLOG_EVENTS_MAX = 1_000_000;
/** Two per partition, the publisher, and the API's readers. */
const POOL_SIZE = 16;
/** More than the 60 s that the server itself allows a query, so that its own answer arrives. */
const CLICKHOUSE_TIMEOUT_MS = 90_000;

/** Postgres may have to recover minutes of WAL after a crash; the others only open files or connections. */
const DATA_PHASE = { startCapMs: 5_000, stopCapMs: 5_000 };
const POSTGRES_PHASE = { startCapMs: 960_000, stopCapMs: 45_000 };
const STORE_PHASE = { startCapMs: 120_000, stopCapMs: 20_000 };

export interface Assembled {
  platform: Platform;
  adminKey: string;
  /** Rejects when a store that we started ends by itself. */
  broken: Promise<never>;
}

/** Starts or connects the stores in order, each a phase of the lifecycle, and migrates them. */
export function assemble(config: Config, lifecycle: Lifecycle, logger: Logger): Promise<Assembled> {
  return config.servers === undefined
    ? assembleEmbedded(config, lifecycle, logger)
    : assembleDistributed(config, config.servers, lifecycle, logger);
}

async function assembleEmbedded(config: Config, lifecycle: Lifecycle, logger: Logger): Promise<Assembled> {
  const clock = systemClock;
  const { dataDirectory, systemDirectory, partitions } = config;
  const data = await lifecycle.start(
    'data directory',
    () => openDataDirectory(dataDirectory, { clock }),
    (opened) => opened.close(),
    DATA_PHASE,
  );
  const server = await lifecycle.start(
    'Postgres',
    () => startEmbeddedPostgres({ dataDirectory: join(dataDirectory, 'postgres'), systemDirectory, clock, logger }),
    (started) => started.stop(),
    POSTGRES_PHASE,
  );
  const postgres = await openPostgres(server.connection, lifecycle, logger);
  const clickhouse = await openClickHouse(
    postgres,
    () => openChdb({ directory: join(dataDirectory, 'clickhouse'), logger }),
    lifecycle,
    logger,
  );
  const log = await openLog(
    () => openEmbeddedLog({ postgres, partitions, backlogEventsMax: BACKLOG_EVENTS_MAX, clock, logger }),
    lifecycle,
  );
  const files = await openDirectoryFileStore({ root: join(dataDirectory, 'files'), alone: true });
  const platform: Platform = { log, postgres, clickhouse, files, clock, logger, instance: randomUUID(), alone: true };
  return { platform, adminKey: config.adminKey ?? (await data.adminKey()), broken: server.died };
}

async function assembleDistributed(config: Config, servers: Servers, lifecycle: Lifecycle, logger: Logger): Promise<Assembled> {
  const clock = systemClock;
  const { adminKey, dataDirectory } = config;
  if (adminKey === undefined) throw new Error('distributed mode has no admin key');
  const postgres = await openPostgres({ connectionString: servers.postgresUrl }, lifecycle, logger);
  const clickhouse = await openClickHouse(
    postgres,
    async () => connectClickHouse({ ...servers.clickhouse, requestTimeoutMs: CLICKHOUSE_TIMEOUT_MS, logger }),
    lifecycle,
    logger,
  );
  const { tls, sasl, retentionHours, ...kafka } = servers.kafka;
  // Only here: embedded mode starts without loading a Kafka client.
  const { openKafkaLog } = await import('./event-log/kafka-log.ts');
  const instance = randomUUID();
  const log = await openLog(
    () =>
      openKafkaLog({
        ...kafka,
        clientId: `tallyline-${instance}`,
        retentionMs: retentionHours * 3_600_000,
        ...(tls ? { tls: true } : {}),
        ...(sasl === undefined ? {} : { sasl }),
        clock,
        logger,
      }),
    lifecycle,
  );
  const files = await openDirectoryFileStore({ root: join(dataDirectory, 'files'), alone: false });
  return {
    platform: { log, postgres, clickhouse, files, clock, logger, instance, alone: false },
    adminKey,
    broken: log.broken ?? new Promise(() => undefined),
  };
}

async function openPostgres(connection: PostgresOptions['connection'], lifecycle: Lifecycle, logger: Logger): Promise<Postgres> {
  return lifecycle.start(
    'Postgres connections',
    async () => {
      const postgres = connectPostgres({ connection, poolSize: POOL_SIZE, logger, applicationName: 'tallyline' });
      await migratePostgres(postgres);
      return postgres;
    },
    (connected) => connected.close(),
    STORE_PHASE,
  );
}

async function openClickHouse(
  postgres: Postgres,
  open: () => Promise<ClickHouse>,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<ClickHouse> {
  const clickhouse = await lifecycle.start('ClickHouse', open, (opened) => opened.close(), STORE_PHASE);
  await migrateInTurn(postgres, { clickhouse, logger });
  return mendDamage(clickhouse, { postgres, logger });
}

function openLog(open: () => Promise<EventLog>, lifecycle: Lifecycle): Promise<EventLog> {
  return lifecycle.start('event log', open, (opened) => opened.close(), STORE_PHASE);
}
