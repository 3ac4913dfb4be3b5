/** Driver of the Postgres port: node-postgres (pg 8) with drizzle on the same pool. Embedded and remote servers alike. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { ClientBase, ClientConfig, CustomTypesConfig, PoolClient, QueryConfig, QueryResultRow } from 'pg';
import { from as copyFromStream } from 'pg-copy-streams';
import type { Logger } from 'pino';
import * as tables from '../../schemas/postgres/tables.ts';
import { Notifications } from './pg-notifications.ts';
import { StoreUnavailableError } from '../store-unavailable.ts';
import type { Postgres, Transaction } from './postgres.ts';

/** Where a server is. Either the parts or a connection string; its parts win over the string. */
export interface PostgresConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

export interface PostgresOptions {
  connection: PostgresConnection | { connectionString: string };
  /** Connections of this process, besides the one that listens. At least 2: migrations hold a lock on one and work on another. */
  poolSize: number;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  logger: Logger;
  /** See `ANSWER_MS`. */
  answerMs?: { statement: number; commit: number };
}

/** Waiting for a free or new connection. A batch holds a connection for a second or two; ten times that is a fault worth an error. */
const CONNECT_TIMEOUT_MS = 30_000;

/** How long a connection may be silent before the system asks whether its other end is still there. */
const KEEP_ALIVE_MS = 10_000;

/** An idle connection costs the server a process of some 10 MB; work that comes in bursts finds it again within a minute. */
const IDLE_TIMEOUT_MS = 60_000;

/**
 * An answer that has not come by then never will: it was lost, and its connection lives on in silence. The largest undo and the slowest
 * index are done in less, and BEGIN, COMMIT and ROLLBACK are short whatever went before.
 */
const ANSWER_MS = { statement: 1_800_000, commit: 60_000 };

/** Rows of a few bytes are joined up to this length, and larger texts cut: one message and one system call a row would cost more than the row. */
const COPY_CHUNK_LENGTH = 65_536;

const OID = {
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  dateArray: 1182,
  timestampArray: 1115,
  timestamptzArray: 1185,
  textArray: 1009,
};

/**
 * Opens the pool. Nothing is connected before the first query.
 *
 * Beyond pg's defaults (int8 and numeric arrive as strings), times arrive as Postgres writes them, in UTC, to the
 * microsecond: `2024-01-01 00:00:00.123456+00`. The server knows no statement timeout; here an answer is waited for as `ANSWER_MS` says.
 */
export function connectPostgres(options: PostgresOptions): Postgres {
  const { logger, answerMs = ANSWER_MS } = options;
  const settings: ClientConfig = {
    ...options.connection,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    // Else the first question whether the server is still there comes after two hours.
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    query_timeout: answerMs.statement,
    types: textTimes,
  };
  const pool = new pg.Pool({
    ...settings,
    max: options.poolSize,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    onConnect: setUpSession,
  });
  pool.on('error', (error) =>
    logger.warn({ err: error }, 'an idle Postgres connection was lost; the pool makes another when it is needed'),
  );
  // Between two queries of a transaction nobody listens for errors of its connection, and an unheard one ends the process.
  // Whoever holds the client learns of the loss from its next query.
  pool.on('connect', (client) => client.on('error', (error) => logger.debug({ err: error }, 'a Postgres connection was lost')));

  const notifications = new Notifications({ createClient: () => new pg.Client(settings), logger });
  let closing: Promise<void> | undefined;

  return {
    db: drizzle(pool, { schema: tables }),
    query: (sql, values, { timeoutMs } = {}) =>
      timeoutMs === undefined ? runQuery(pool, sql, values) : inTime(timeoutMs, runQuery(pool, sql, values, timeoutMs)),
    transaction: (work) => runTransaction(pool, answerMs.commit, work),
    listen: (channel, onNotify) => notifications.listen(channel, onNotify),
    close: () => {
      closing ??= notifications.close().then(() => pool.end());
      return closing;
    },
  };
}

/** The pool waits for the promise before it hands the client out, though its type says nothing of it. */
function setUpSession(client: ClientBase): unknown {
  return client.query("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'");
}

const textTimes: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === OID.timestamptz || oid === OID.timestamp || oid === OID.date) return (text: string) => text;
    if (oid === OID.timestamptzArray || oid === OID.timestampArray || oid === OID.dateArray)
      return pg.types.getTypeParser(OID.textArray, 'text');
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
  }) as typeof pg.types.getTypeParser,
};

/** pg reads `query_timeout` from a single query too, though its types do not tell. The pool drops a connection that was given up. */
async function runQuery<Row extends QueryResultRow>(
  runner: pg.Pool | PoolClient,
  sql: string,
  values?: readonly unknown[],
  timeoutMs?: number,
): Promise<{ rows: Row[]; rowCount: number }> {
  const query: QueryConfig & { query_timeout?: number } = {
    text: sql,
    ...(values === undefined ? {} : { values: [...values] }),
    ...(timeoutMs === undefined ? {} : { query_timeout: timeoutMs }),
  };
  const result = await runner.query<Row>(query).catch(throwTyped);
  return { rows: result.rows, rowCount: result.rowCount ?? 0 };
}

/** The time of a query begins when it has a connection; this one counts the wait for the connection too. */
async function inTime<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new StoreUnavailableError('postgres', `no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What pg throws for a connection that was lost, timed out or never made is a plain error, some with the code of the socket, some
 * with nothing but words. The server's word on a statement has a class of its own, and so have mistakes in a call.
 */
function throwTyped(error: unknown): never {
  const isPlain = error instanceof Error && !(error instanceof pg.DatabaseError) && Object.getPrototypeOf(error) === Error.prototype;
  if (!isPlain || 'code' in error) throw error;
  throw new StoreUnavailableError('postgres', error.message, { cause: error });
}

async function runTransaction<T>(pool: pg.Pool, commitMs: number, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch(throwTyped);
  const short = (sql: string) => client.query({ text: sql, query_timeout: commitMs } as QueryConfig).catch(throwTyped);
  let broken: Error | undefined;
  try {
    await short('BEGIN ISOLATION LEVEL READ COMMITTED');
    const result = await work({
      client,
      query: (sql, values) => runQuery(client, sql, values),
      copyFrom: (sql, chunks) => copyFrom(client, sql, chunks),
    });
    const { command } = await short('COMMIT');
    // COMMIT after a failed statement is a rollback that reports success.
    if (command !== 'COMMIT')
      throw new Error('the transaction was rolled back: a statement in it had failed, and the error was not passed on');
    return result;
  } catch (error) {
    // On a connection that has fallen silent nothing more is said: the server ends the transaction with it.
    if (error instanceof StoreUnavailableError) broken = error;
    else await short('ROLLBACK').catch((rollbackError: Error) => (broken = rollbackError));
    throw error;
  } finally {
    // A client in an unknown state must not serve anyone else.
    client.release(broken);
  }
}

async function copyFrom(client: PoolClient, sql: string, chunks: Iterable<string | Buffer>): Promise<void> {
  await pipeline(Readable.from(joinChunks(chunks)), client.query(copyFromStream(sql)));
}

function* joinChunks(chunks: Iterable<string | Buffer>): Generator<Buffer> {
  let joined = '';
  for (const chunk of chunks) {
    if (typeof chunk !== 'string') {
      if (joined !== '') yield Buffer.from(joined);
      joined = '';
      yield* piecesOf(chunk);
      continue;
    }
    joined += chunk;
    if (joined.length < COPY_CHUNK_LENGTH) continue;
    yield Buffer.from(joined);
    joined = '';
  }
  if (joined !== '') yield Buffer.from(joined);
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += COPY_CHUNK_LENGTH) yield bytes.subarray(at, at + COPY_CHUNK_LENGTH);
}
