/** Work that is quicker when it may hope that all keys are free: tried within a savepoint, as a key that is taken ends it. */
import type { Transaction } from '../../platform/postgres/postgres.ts';

const UNIQUE_VIOLATION = '23505';

/** The unique keys that may turn out to be taken, by their names in Postgres. */
export const IDENTITY_KEY = 'usage_records_identity';
export const WITNESS_KEY = 'witnesses_customer_id_import_id_line_meter_pk';
export const CONFLICT_KEY = 'conflicts_delivery';

/** What `work` answers; undefined, with all of it undone, where it meets a taken key of these. It must not answer undefined itself. */
export async function unlessTaken<T>(transaction: Transaction, keys: readonly string[], work: () => Promise<T>): Promise<T | undefined> {
  await transaction.query('SAVEPOINT hopeful');
  try {
    const result = await work();
    await transaction.query('RELEASE SAVEPOINT hopeful');
    return result;
  } catch (error) {
    const { code, constraint } = error as { code?: unknown; constraint?: unknown };
    if (code !== UNIQUE_VIOLATION || typeof constraint !== 'string' || !keys.includes(constraint)) throw error;
    await transaction.query('ROLLBACK TO SAVEPOINT hopeful; RELEASE SAVEPOINT hopeful');
    return undefined;
  }
}
