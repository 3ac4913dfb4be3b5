/** Postgres for work whose every statement is short: one that is not answered is not waited for. */
import type { Postgres } from './postgres.ts';

/** Queries give up after so long, unless they say otherwise. Transactions and listening are as they were. */
export function withQueryTimeout(postgres: Postgres, timeoutMs: number): Postgres {
  return { ...postgres, query: (sql, values, options) => postgres.query(sql, values, { timeoutMs, ...options }) };
}
