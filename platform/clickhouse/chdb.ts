/**
 * ClickHouse inside this process: chdb, the real engine as a library, behind the same client as a server.
 *
 * One process per data directory, and one data directory per process (the engine locks it). Queries and inserts run on
 * threads of libuv's pool, so the event loop goes on; the engine installs no signal handlers.
 */
import { mkdirSync } from 'node:fs';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseClientConfigOptions } from '@clickhouse/client';
import type { Logger } from 'pino';
import type { ClickHouse } from './clickhouse.ts';
import { createClickHouse } from './client-driver.ts';

/** Caches are sized for servers with tens of gigabytes by default, and pools for as many cores. Here they share one process. */
export const ENGINE_ARGUMENTS = [
  // Text without a zone means UTC, whatever the machine's zone.
  '--timezone=UTC',
  // Marks of the columns that queries touch: some 50 KB per million rows and column.
  '--mark_cache_size=33554432',
  '--index_mark_cache_size=8388608',
  '--uncompressed_cache_size=0',
  // Merges: one at a time keeps up with any rate of parts that imports make, and leaves a core to them.
  '--background_pool_size=2',
  '--background_common_pool_size=2',
  '--background_move_pool_size=1',
  '--background_fetches_pool_size=1',
  '--background_schedule_pool_size=2',
  // A DELETE rewrites the parts it touches one by one, and where there are more of them than the pool has places, by default each
  // further one waits for up to 1.1 s although a place is free again within milliseconds: 16 small parts took 1.5 to 2 s, now 0.15 s.
  '--background_processing_pool_thread_sleep_seconds_if_nothing_to_do=0.01',
  '--background_processing_pool_task_sleep_seconds_when_no_work_random_part=0.02',
] as const;

/** Each insert at work occupies one of libuv's (by default four) threads, and so does each query; files and DNS need the rest. */
const INSERTS_AT_ONCE = 1;
/** chdb runs queries with parameters one at a time in any case: their parameters are shared by the whole process. */
const QUERIES_AT_ONCE = 1;

/**
 * Opens the engine on a directory, which is made when absent. Throws with a sentence for the operator when chdb is not
 * installed, or when the directory is in use by another process. Run `migrateClickHouse` before use.
 */
export async function openChdb({ directory, logger }: { directory: string; logger: Logger }): Promise<ClickHouse> {
  const { Session, createChdbConnection } = await loadChdb();
  mkdirSync(directory, { recursive: true });
  // The connection takes no engine arguments; but the first session on a directory starts the engine, and all others share it.
  const session = openEngine(() => new Session(directory, { connectionArgs: ENGINE_ARGUMENTS }), directory);
  // createClient accepts a connection in place of a URL; its types do not say so yet.
  const config = { connection: createChdbConnection({ path: directory }), log: { level: ClickHouseLogLevel.OFF } };
  const client = createClient(config as unknown as ClickHouseClientConfigOptions);
  logger.debug({ directory }, 'embedded ClickHouse is open');
  return createClickHouse({ client, queriesAtOnce: QUERIES_AT_ONCE, insertsAtOnce: INSERTS_AT_ONCE, afterClose: () => session.close() });
}

async function loadChdb() {
  try {
    const { Session } = await import('chdb');
    const { createChdbConnection } = await import('chdb/connection');
    return { Session, createChdbConnection };
  } catch (error) {
    throw new Error(
      'Embedded ClickHouse needs the optional package chdb, which is not installed or does not run on this platform ' +
        '(Linux with glibc, or macOS). Install it with `npm install --include=optional`, or use a ClickHouse server.',
      { cause: error },
    );
  }
}

function openEngine<T>(open: () => T, directory: string): T {
  try {
    return open();
  } catch (error) {
    throw new Error(
      `The ClickHouse data in ${directory} cannot be opened. Either another process has it open (stop that one first), ` +
        'or this process may not write there, or a newer version has written it.',
      { cause: error },
    );
  }
}
