/** Puts the platform together: the one place that knows which drivers stand behind the ports. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { openChdb } from './clickhouse/chdb.ts';
import { migrateClickHouse } from './clickhouse/migrate.ts';
import { systemClock } from './clock.ts';
import { openDataDirectory, type DataDirectory } from './data-directory.ts';
import { openEmbeddedLog } from './event-log/embedded-log.ts';
import { openDirectoryFileStore } from './file-store/directory.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Platform } from './platform.ts';
import { startEmbeddedPostgres } from './postgres/embedded-server.ts';
import { migratePostgres } from './postgres/migrate.ts';
import { connectPostgres } from './postgres/pg-driver.ts';

/** Events per partition that the log holds before publishing waits for the consumers: some 500 MB of disk at the most. */
const BACKLOG_EVENTS_MAX = 1_000_000;
/** Two per partition, the publisher, and the API's readers. */
const POOL_SIZE = 16;

/** Postgres may have to recover minutes of WAL after a crash; the others only open files. */
const START_CAP_MS = { data: 5_000, postgres: 960_000, store: 120_000 };
const STOP_CAP_MS = { postgres: 45_000, store: 20_000 };

export interface Assembled {
  platform: Platform;
  data: DataDirectory;
  /** Rejects when a store that we started ends by itself. */
  broken: Promise<never>;
}

/** Starts the stores in order, each a phase of the lifecycle, and migrates them. */
export async function assemble(config: Config, lifecycle: Lifecycle, logger: Logger): Promise<Assembled> {
  const clock = systemClock;
  const data = await lifecycle.start(
    'data directory',
    () => openDataDirectory(config.dataDirectory, { clock }),
    (opened) => opened.close(),
    {
      startCapMs: START_CAP_MS.data,
      stopCapMs: START_CAP_MS.data,
    },
  );
  const server = await lifecycle.start(
    'Postgres',
    () =>
      startEmbeddedPostgres({
        dataDirectory: join(config.dataDirectory, 'postgres'),
        systemDirectory: config.systemDirectory,
        clock,
        logger,
      }),
    (started) => started.stop(),
    { startCapMs: START_CAP_MS.postgres, stopCapMs: STOP_CAP_MS.postgres },
  );
  const store = { startCapMs: START_CAP_MS.store, stopCapMs: STOP_CAP_MS.store };
  const postgres = await lifecycle.start(
    'Postgres connections',
    async () => connectPostgres({ connection: server.connection, poolSize: POOL_SIZE, logger, applicationName: 'tallyline' }),
    (connected) => connected.close(),
    store,
  );
  await migratePostgres(postgres);
  const clickhouse = await lifecycle.start(
    'ClickHouse',
    () => openChdb({ directory: join(config.dataDirectory, 'clickhouse'), logger }),
    (opened) => opened.close(),
    store,
  );
  await migrateClickHouse({ clickhouse, logger });
  const files = await openDirectoryFileStore({ root: join(config.dataDirectory, 'files'), alone: true });
  const log = await lifecycle.start(
    'event log',
    () => openEmbeddedLog({ postgres, partitions: config.partitions, backlogEventsMax: BACKLOG_EVENTS_MAX, clock, logger }),
    (opened) => opened.close(),
    store,
  );
  const platform: Platform = { log, postgres, clickhouse, files, clock, logger, instance: randomUUID(), alone: true };
  return { platform, data, broken: server.died };
}
