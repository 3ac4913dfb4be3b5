/**
 * Port: Postgres, the system of record. Raw rows, offsets, imports, customers and plans.
 *
 * A lost or refused connection is a `StoreUnavailableError`, or an error with the code of the system or of Postgres.
 * Hot paths take a client and speak SQL; everything else goes through drizzle. Clients are opened only by drivers.
 * Every driver passes `test/contract/postgres.contract.ts`.
 */
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PoolClient, QueryResultRow } from 'pg';
import type * as tables from '../../schemas/postgres/tables.ts';

export type Db = NodePgDatabase<typeof tables>;

/** A client inside a transaction, with COPY beside the usual `query`. */
export interface Transaction {
  readonly client: PoolClient;
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number }>;
  /** Runs `COPY … FROM STDIN` and feeds it the chunks (text format), with backpressure. */
  copyFrom(sql: string, chunks: Iterable<string | Buffer>): Promise<void>;
}

/** What only asks: the pool, or a transaction, which sees its own changes. */
export type Queryable = Pick<Transaction, 'query'>;

export interface Postgres {
  readonly db: Db;
  /** With a timeout it gives up after so long, and gives the connection up with it; the statement may then still be carried out. */
  query<Row extends QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
    options?: { timeoutMs?: number },
  ): Promise<{ rows: Row[]; rowCount: number }>;
  /** READ COMMITTED. Commits when `work` returns, rolls back when it throws. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Calls back for each NOTIFY on the channel; also once after the connection was lost and made again, with payload ''
   *  (something may have been missed). Answers a function that stops listening. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
