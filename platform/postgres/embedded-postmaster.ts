/** The postmaster, PostgreSQL's main process: started, watched and stopped as a child of this process. */
import { execFile, spawn } from 'node:child_process';
import { open, readFile, readlink, realpath, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { processStartedAt } from '../process-identity.ts';
import type { Account } from './embedded-account.ts';
import { PROGRAM_ENVIRONMENT } from './embedded-binaries.ts';
import type { Binaries } from './embedded-binaries.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';

const run = promisify(execFile);

export interface Postmaster {
  /** Settles when the process has ended, with how. */
  readonly ended: Promise<string>;
  /** The end of what it has written to its log since it was started. */
  lastWords(): Promise<string>;
  /** Fast shutdown: running statements are ended, everything committed is kept. */
  stop(): Promise<void>;
}

/** A fast shutdown writes at most the 256 MB of shared buffers; slower than this, crash recovery at the next start is the better way. */
const STOP_FAST_MS = 30_000;
/** An immediate shutdown writes nothing. */
const STOP_IMMEDIATE_MS = 10_000;
const POLL_MS = 50;

/** Written by Postgres: the postmaster's number, its cluster, its shared memory key. */
const PID_FILE = 'postmaster.pid';
/** Larger than any number a system gives to a process. */
const NOBODYS_PID = 2_147_483_647;

/** The log holds warnings and errors only; 10 MB are months. */
const LOG_BYTES_MAX = 10_000_000;
const LAST_WORDS_BYTES = 2_000;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // A socket path may be 107 bytes at most; a data directory's path may be longer.
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // CPU is what runs out, not disk; lz4 is not built in, and pglz costs more than it saves.
  wal_compression: 'off',
  shared_buffers: '256MB',
  // Checkpoints bring full page images; fewer of them make a long import about a third lighter in WAL.
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  // Our pools hold some 20; the rest is for psql and a second process with other roles.
  max_connections: '50',
  // Compiling costs more than the queries here take.
  jit: 'off',
  log_min_messages: 'warning',
  // Statements and details quote rows, and rows are the customers'.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_line_prefix: '%m [%p] ',
  log_timezone: 'UTC',
  timezone: 'UTC',
} as const;

export interface PostmasterOptions {
  binaries: Binaries;
  account: Account | undefined;
  directory: string;
  port: number;
  logFile: string;
  logger: Logger;
}

/** Starts the process. It does not yet accept connections. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const { account, logFile, logger } = options;
  const logStart = await prepareLog(logFile);
  const log = await open(logFile, 'a', 0o600);
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(options.binaries.postgres, ['-D', options.directory, '-p', String(options.port), ...settings], {
    cwd: '/',
    // A process group of its own: Ctrl-C in the terminal reaches this process only, which stops Postgres last.
    detached: true,
    env: PROGRAM_ENVIRONMENT,
    stdio: ['ignore', log.fd, log.fd],
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.once('error', (error) => resolve(error.message));
  });
  const hasEnded = async (withinMs: number) => (await Promise.race([ended, delay(withinMs, undefined, { ref: false })])) !== undefined;
  await log.close();

  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    child.kill('SIGINT');
    if (await hasEnded(STOP_FAST_MS)) return;
    logger.warn({ waitedMs: STOP_FAST_MS }, 'Postgres does not shut down in order; stopping it at once, the next start will recover');
    child.kill('SIGQUIT');
    if (!(await hasEnded(STOP_IMMEDIATE_MS))) throw new EmbeddedPostgresError(`Postgres (process ${child.pid}) does not stop`);
  }
  return {
    ended,
    lastWords: () => readFrom(logFile, logStart),
    stop: () => (stopping ??= stop()),
  };
}

/**
 * Stops a postmaster that works on this directory although the process that had started it is gone (SIGKILL, power of
 * the OOM killer). Call only while holding the lock of the data directory: whoever runs there has no owner any more.
 */
export async function stopOrphan(directory: string, clock: Clock, logger: Logger): Promise<void> {
  const pid = await readPostmasterPid(directory);
  if (pid === undefined) return;
  const startedAt = await processStartedAt(pid);
  if (startedAt === undefined || !(await isPostgresOn(directory, pid))) return disownPid(directory);
  const isGone = async () => (await processStartedAt(pid)) !== startedAt;
  logger.warn({ pid }, 'Postgres is still running from a start that did not end in order; stopping it first');
  for (const [signal, capMs] of [
    ['SIGINT', STOP_FAST_MS],
    ['SIGQUIT', STOP_IMMEDIATE_MS],
  ] as const) {
    if (await isGone()) return;
    process.kill(pid, signal);
    const until = clock.monotonicMs() + capMs;
    while (clock.monotonicMs() < until) {
      if (await isGone()) return;
      await delay(POLL_MS);
    }
  }
  throw new EmbeddedPostgresError(
    `Postgres is still running on ${directory} as process ${pid} and does not stop. Stop that process, then start again.`,
  );
}

/**
 * The number in a stale postmaster.pid now belongs to another program (usual in containers, where numbers begin anew), or still to
 * the dead postmaster, whose parent has not taken notice yet: Postgres would refuse to start. The file itself must stay: by its shared memory key Postgres sees whether children of
 * the old postmaster still live.
 */
async function disownPid(directory: string): Promise<void> {
  const file = join(directory, PID_FILE);
  const lines = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, [NOBODYS_PID, ...lines.slice(1)].join('\n'));
}

async function readPostmasterPid(directory: string): Promise<number | undefined> {
  const text = await readFile(join(directory, PID_FILE), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

async function isPostgresOn(directory: string, pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    // The postmaster's working directory is its cluster.
    const [name, cwd, cluster] = await Promise.all([
      readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
      realpath(directory),
    ]);
    return name.trim() === 'postgres' && cwd === cluster;
  }
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes('postgres') && stdout.includes(directory);
}

/** Empties the log when it has grown too long; answers where the next entry will stand. */
async function prepareLog(logFile: string): Promise<number> {
  const bytes = await stat(logFile).then(
    (stats) => stats.size,
    () => 0,
  );
  if (bytes <= LOG_BYTES_MAX) return bytes;
  await truncate(logFile);
  return 0;
}

async function readFrom(logFile: string, start: number): Promise<string> {
  const text = (await readFile(logFile)).subarray(start).subarray(-LAST_WORDS_BYTES).toString('utf8');
  return text.trim();
}
