/** A Postgres server that can be killed with all its processes, and started again where it was: on the same data and port. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import pino from 'pino';
import { systemClock } from '../../platform/clock.ts';
import { findBinaries } from '../../platform/postgres/embedded-binaries.ts';
import { locateCluster } from '../../platform/postgres/embedded-location.ts';
import { startPostmaster, stopOrphan } from '../../platform/postgres/embedded-postmaster.ts';
import type { Postmaster } from '../../platform/postgres/embedded-postmaster.ts';
import { startEmbeddedPostgres } from '../../platform/postgres/embedded-server.ts';
import { processStartedAt } from '../../platform/process-identity.ts';
import { eventually } from './eventually.ts';

const run = promisify(execFile);
const logger = pino({ level: 'silent' });
/** Of minutes of WAL, on a machine that is busy with others. */
const RECOVERY_MS = 300_000;

export interface PostgresServer {
  /** Empty, not migrated. */
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** SIGKILL for every process of the server, as when the machine goes down. */
  kill(): Promise<void>;
  /** Starts the killed server; returns when it has recovered. */
  restart(): Promise<void>;
  /** Ends it, running or not, and removes its data. */
  close(): Promise<void>;
}

/** With the settings of production, fsync included. */
export async function startPostgresServer(): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'tallyline-test-postgres-'));
  // Where tests run as root, Postgres runs as another user and passes through here.
  await chmod(directory, 0o755);
  const place = { dataDirectory: join(directory, 'postgres'), systemDirectory: join(directory, 'system') };
  const first = await startEmbeddedPostgres({ ...place, logger });
  const { user, password, port, database } = first.connection;
  const url = `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  let running: Pick<Postmaster, 'stop'> | undefined = first;

  return {
    url,
    port,
    directory: first.location,
    async kill() {
      running = undefined;
      await killServer(first.location);
    },
    async restart() {
      const location = await locateCluster({ ...place, binaries: await findBinaries() });
      await stopOrphan(location.directory, systemClock, logger);
      running = await startPostmaster({ ...location, port, logFile: join(directory, 'postgres.log'), logger });
      await eventually('Postgres has recovered', () => answers(url), RECOVERY_MS);
    },
    async close() {
      await running?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The postmaster first: it would start the others anew. */
async function killServer(directory: string): Promise<void> {
  const postmaster = Number((await readFile(join(directory, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=']);
  const children = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid = 0, parent]) => (parent === postmaster ? [pid] : []));
  for (const pid of [postmaster, ...children]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // Gone by itself, since the postmaster was.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  for (const pid of [postmaster, ...children]) {
    await eventually(`process ${pid} is gone`, async () => (await processStartedAt(pid)) === undefined);
  }
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
