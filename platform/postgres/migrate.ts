/** Brings a database to the schema of this code. */
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import type { Postgres, Transaction } from './postgres.ts';

/** Any number that nothing else in the database locks; "Tall" in ASCII. */
const MIGRATION_LOCK = 0x54616c6c;

/** Names drizzle's migrator uses by default. */
const MIGRATIONS_TABLE = 'drizzle.__drizzle_migrations';

/** The database cannot be brought to this code's schema; the message is for the person who starts it. */
export class MigrationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MigrationError';
  }
}

/**
 * Applies what is missing under `schemas/postgres/migrations`. May be run any number of times, and by several processes
 * at once: an advisory lock lets one work while the others wait. Throws `MigrationError` on a database of a newer version.
 */
export async function migratePostgres(postgres: Postgres): Promise<void> {
  const migrationsFolder = fileURLToPath(new URL('../../schemas/postgres/migrations', import.meta.url));
  const known = new Set(readMigrationFiles({ migrationsFolder }).map(({ hash }) => hash));
  // The migrator opens its own transaction, so the lock is held by another one around it.
  await postgres.transaction(async (transaction) => {
    await transaction.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const unknown = (await readApplied(transaction)).filter((hash) => !known.has(hash));
    if (unknown.length > 0) {
      throw new MigrationError(
        `The database has ${unknown.length === 1 ? 'a migration' : `${unknown.length} migrations`} that this version of Tallyline does not know, ` +
          'so a newer version has used it. Start that version, or restore a backup made before it.',
      );
    }
    await migrate(postgres.db, { migrationsFolder });
  });
}

async function readApplied(transaction: Transaction): Promise<string[]> {
  const { rows: tables } = await transaction.query<{ name: string | null }>('SELECT to_regclass($1)::text AS name', [MIGRATIONS_TABLE]);
  if ((tables[0]?.name ?? null) === null) return [];
  const { rows } = await transaction.query<{ hash: string }>(`SELECT hash FROM ${MIGRATIONS_TABLE}`);
  return rows.map(({ hash }) => hash);
}
