/**
 * Parts of a table that ClickHouse can no longer read. On a disk that gets full in the middle of a merge the engine (tried with 26.7)
 * puts a part with empty files in the place of sound ones and reports success; at its next start it sets such a part aside, rows and
 * all. Postgres has every row, so the answer to damage is a rebuild, and nobody has to ask for it.
 */
import type { Logger } from 'pino';
import type { Postgres } from '../postgres/postgres.ts';
import { StoreUnavailableError } from '../store-unavailable.ts';
import type { ClickHouse } from './clickhouse.ts';

/** Names of ClickHouse's errors (`SELECT name FROM system.errors`) that say that the files of a part are not what they should be. */
const DAMAGES: readonly unknown[] = [
  'ATTEMPT_TO_READ_AFTER_EOF',
  'BAD_SIZE_OF_FILE_IN_DATA_PART',
  'CANNOT_DECOMPRESS',
  'CANNOT_READ_ALL_DATA',
  'CHECKSUM_DOESNT_MATCH',
  'CORRUPTED_DATA',
  'EXPECTED_END_OF_FILE',
  'FILE_DOESNT_EXIST',
  'NO_FILE_IN_DATA_PART',
  'UNEXPECTED_FILE_IN_DATA_PART',
  'UNKNOWN_CODEC',
];

/** A table has to be rebuilt before it can be read again. */
export class ClickHouseDamagedError extends StoreUnavailableError {
  constructor(message: string, options?: ErrorOptions) {
    super('clickhouse', `${message}. It will be rebuilt from Postgres`, options);
    this.name = 'ClickHouseDamagedError';
  }
}

/** What a rebuild is asked for with. */
export interface Stores {
  postgres: Postgres;
  logger: Logger;
}

/** `type`: the property that the client gives to ClickHouse's errors. */
export function isDamage(type: unknown): boolean {
  return DAMAGES.includes(type);
}

/** The same store; whoever meets damage in it gets a rebuild started, and the error. */
export function mendDamage(clickhouse: ClickHouse, stores: Stores): ClickHouse {
  async function watch<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof ClickHouseDamagedError) await requestMending(stores, error);
      throw error;
    }
  }
  return {
    query: (query) => watch(clickhouse.query(query)),
    insert: (insert) => clickhouse.insert(insert),
    command: (sql) => watch(clickhouse.command(sql)),
    close: () => clickhouse.close(),
  };
}

/** Throws `ClickHouseDamagedError` when ClickHouse has set parts aside that it could not read, and asks for the rebuild. */
export async function requireAllParts(clickhouse: ClickHouse, stores: Stores): Promise<void> {
  const [lost] = await clickhouse.query<{ parts: string; names: string }>({
    name: 'lost_parts',
    sql: `SELECT count() AS parts, arrayStringConcat(groupArray(3)(name), ', ') AS names FROM system.detached_parts
          WHERE database = 'tallyline' AND table = 'usage_events' AND startsWith(ifNull(reason, ''), 'broken')`,
  });
  if (lost === undefined || lost.parts === '0') return;
  await reportDamage(`${lost.parts} parts could not be read and were set aside (${lost.names})`, stores);
}

/**
 * Reads every file of every part and compares checksums: minutes per terabyte. Throws `ClickHouseDamagedError` at the first that is not
 * as it was written, and asks for the rebuild. Otherwise damage is noticed by whoever needs the damaged columns, perhaps much later.
 */
export async function checkParts(clickhouse: ClickHouse, stores: Stores, signal: AbortSignal): Promise<void> {
  const parts = await clickhouse.query<{ name: string }>({
    name: 'parts',
    sql: `SELECT name FROM system.parts WHERE database = 'tallyline' AND table = 'usage_events' AND active ORDER BY name`,
  });
  for (const { name } of parts) {
    if (signal.aborted) return;
    const checked = await checkPart(clickhouse, name);
    if (checked?.is_passed === 0) await reportDamage(`part ${name} is damaged (${checked.message})`, stores);
  }
}

/** Undefined: it has been merged since, and is no longer used. */
async function checkPart(clickhouse: ClickHouse, name: string): Promise<{ is_passed: number; message: string } | undefined> {
  try {
    const [checked] = await clickhouse.query<{ is_passed: number; message: string }>({
      name: 'check_part',
      sql: `CHECK TABLE tallyline.usage_events PART '${name}'`,
    });
    return checked;
  } catch (error) {
    if (error instanceof Error && error.message.includes('NO_SUCH_DATA_PART')) return undefined;
    throw error;
  }
}

async function reportDamage(message: string, stores: Stores): Promise<never> {
  const error = new ClickHouseDamagedError(message);
  await requestMending(stores, error);
  throw error;
}

/**
 * Unless one is under way. After one there is a pause as long as it took, so that a failing disk does not get Postgres read without
 * end; queries that began before it find the old damage for a moment longer.
 */
async function requestMending({ postgres, logger }: Stores, cause: Error): Promise<void> {
  const { rowCount } = await postgres.query(
    `INSERT INTO clickhouse_rebuilds (requested_by) SELECT 'damage' WHERE NOT EXISTS (
       SELECT FROM clickhouse_rebuilds
        WHERE finished_at IS NULL OR finished_at + greatest(finished_at - started_at, interval '10 seconds') > now())`,
  );
  if (rowCount === 0) return;
  logger.error({ err: cause }, 'ClickHouse is damaged, rebuilding it from Postgres');
  await postgres.query(`SELECT pg_notify('rebuild', '')`);
}
