/**
 * Brings ClickHouse to the schema of this code: the numbered files of `schemas/clickhouse`, in order, each once.
 *
 * ClickHouse has no transactions for DDL, so every statement of a file must be repeatable (IF NOT EXISTS): a file that
 * broke off is run again from its beginning. Statements are separated by a line `-- statement`, and never parsed.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Postgres } from '../postgres/postgres.ts';
import type { ClickHouse } from './clickhouse.ts';
import { requireRoom } from './room.ts';

const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../schemas/clickhouse', import.meta.url));
/** Any number that nothing else in the database locks; "TalC" in ASCII. */
const MIGRATION_LOCK = 0x54616c43;
const FILE_NAME = /^(\d{4})_\w+\.sql$/;
const SEPARATOR = /^-- statement$/m;

export interface MigrateOptions {
  clickhouse: ClickHouse;
  logger: Logger;
  /** The numbered files; the project's own by default. */
  directory?: string;
}

/** The database cannot be brought to this code's schema; the message is for the person who starts it. */
export class ClickHouseMigrationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ClickHouseMigrationError';
  }
}

interface Migration {
  version: number;
  name: string;
  checksum: string;
  statements: string[];
}

interface AppliedMigration {
  version: number;
  name: string;
  checksum: string;
}

/** Safe to run at every start. Throws `ClickHouseMigrationError` when the database is newer than this code or a file has changed. */
export async function migrateClickHouse({ clickhouse, logger, directory = MIGRATIONS_DIRECTORY }: MigrateOptions): Promise<void> {
  const migrations = await readMigrations(directory);
  const applied = await readApplied(clickhouse);
  check(migrations, applied);
  for (const migration of migrations) {
    if (applied.has(migration.version)) continue;
    await requireRoom(clickhouse);
    for (const statement of migration.statements) await clickhouse.command(statement);
    await record(clickhouse, migration);
    logger.info({ migration: migration.name }, 'ClickHouse schema migrated');
  }
}

/**
 * The same for any number of processes at once: one works, the others wait, held by a lock in Postgres. ClickHouse has none, and of two
 * that make the same table at the same time one may fail.
 */
export async function migrateInTurn(postgres: Postgres, options: MigrateOptions): Promise<void> {
  await postgres.transaction(async (transaction) => {
    await transaction.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await migrateClickHouse(options);
  });
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const migrations = await Promise.all(names.map((name) => readMigration(directory, name)));
  migrations.forEach(({ version, name }, at) => {
    if (version !== at + 1) throw new ClickHouseMigrationError(`ClickHouse migrations are numbered 0001, 0002, …: ${name} is out of order`);
  });
  return migrations;
}

async function readMigration(directory: string, name: string): Promise<Migration> {
  const number = FILE_NAME.exec(name)?.[1];
  if (number === undefined) throw new ClickHouseMigrationError(`${name} is no name of a ClickHouse migration: NNNN_words.sql is`);
  // Git may check files out with CRLF; that is no other migration.
  const sql = (await readFile(join(directory, name), 'utf8')).replaceAll('\r\n', '\n');
  return {
    version: Number(number),
    name,
    checksum: createHash('sha256').update(sql).digest('hex'),
    statements: sql.split(SEPARATOR),
  };
}

/** What has been applied, by version. Makes the database and the ledger when they are absent. */
async function readApplied(clickhouse: ClickHouse): Promise<Map<number, AppliedMigration>> {
  const ledger = `SELECT name FROM system.tables WHERE database = 'tallyline' AND name = 'schema_migrations'`;
  if ((await clickhouse.query({ name: 'migrations_ledger', sql: ledger })).length === 0) await createLedger(clickhouse);
  const rows = await clickhouse.query<AppliedMigration>({
    name: 'applied_migrations',
    sql: 'SELECT version, name, checksum FROM tallyline.schema_migrations ORDER BY version',
  });
  return new Map(rows.map((row) => [row.version, row]));
}

async function createLedger(clickhouse: ClickHouse): Promise<void> {
  await requireRoom(clickhouse);
  // Atomic: rebuilding exchanges tables, which chdb's default database cannot do.
  await clickhouse.command('CREATE DATABASE IF NOT EXISTS tallyline ENGINE = Atomic');
  await clickhouse.command(
    `CREATE TABLE IF NOT EXISTS tallyline.schema_migrations
     (
         version    UInt32 COMMENT 'Number of the file',
         name       String COMMENT 'Name of the file',
         checksum   String COMMENT 'SHA-256 of the file, hexadecimal',
         applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
     )
     ENGINE = MergeTree
     ORDER BY version
     SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, min_rows_to_fsync_after_merge = 1, fsync_part_directory = 1
     COMMENT 'Files of schemas/clickhouse that were applied'`,
  );
}

function check(migrations: readonly Migration[], applied: ReadonlyMap<number, AppliedMigration>): void {
  const known = new Map(migrations.map((migration) => [migration.version, migration]));
  for (const { version, name, checksum } of applied.values()) {
    const migration = known.get(version);
    if (migration === undefined) {
      throw new ClickHouseMigrationError(
        `ClickHouse has the migration ${name}, which this version of Tallyline does not know: a newer version has used it. ` +
          'Start that version, or restore a backup made before it.',
      );
    }
    if (migration.checksum !== checksum) {
      throw new ClickHouseMigrationError(
        `The ClickHouse migration ${migration.name} has changed since it was applied (as ${name}). ` +
          'An applied migration is never edited: restore the file, and put the change into a new one.',
      );
    }
  }
}

async function record(clickhouse: ClickHouse, { version, name, checksum }: Migration): Promise<void> {
  await clickhouse.insert({
    table: 'tallyline.schema_migrations',
    columns: ['version', 'name', 'checksum'],
    tsv: `${version}\t${name}\t${checksum}\n`,
    rows: 1,
    // Two processes that migrate at once leave one row.
    token: `migration:${version}:${checksum}`,
  });
}
