/**
 * ClickHouse as a server, over HTTP.
 *
 * Nothing is ever sent twice by itself: the client has no retries, and when the answer to an insert is lost, the insert fails,
 * although its rows may be there. What fails for want of a connection carries the code of the connection's error among its causes.
 */
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Logger as ClientLogger } from '@clickhouse/client';
import type { Logger } from 'pino';
import type { ClickHouse } from './clickhouse.ts';
import { createClickHouse } from './client-driver.ts';

/**
 * Where the server is. There is no database among these: every statement names its own, and the server refuses every request,
 * CREATE DATABASE included, that names one in its address before it exists.
 */
export interface ClickHouseServer {
  /** `http://` or `https://`, host and port: 8123 or 8443 as a rule. */
  url: string;
  username: string;
  password: string;
}

export interface ConnectClickHouseOptions extends ClickHouseServer {
  /** How long a query or an insert may take, answer included, before it fails. */
  requestTimeoutMs: number;
  logger: Logger;
}

/** Enough that a slow report does not hold up the pages; more would only make queries wait inside the server, for its cores. */
const QUERIES_AT_ONCE = 8;
/** Inserts of one partition follow one another, so there are few at once; each is up to 120 MB of text, and a block in the server's memory. */
const INSERTS_AT_ONCE = 4;
/** `createClickHouse` runs one command at a time. */
const COMMANDS_AT_ONCE = 1;

/** A mutation that rewrites the months of a large table. The connection is silent for as long as that takes. */
const COMMAND_TIMEOUT_MS = 3_600_000;

/**
 * The server closes connections that were idle for 10 s (3 s before version 23.11), and a request that meets this moment fails.
 * The client must be well ahead of it: 2.5 s is what its documentation advises where the server's limit is not known.
 */
const IDLE_SOCKET_MS = 2_500;

/** Half the time of gzip's quickest, and two thirds of its size, on rows of usage. */
const REQUEST_COMPRESSION = { codec: 'zstd', level: 1 } as const;

/** Opens no connection yet: the first call does. Run `migrateClickHouse` before use. */
export function connectClickHouse({ url, username, password, requestTimeoutMs, logger }: ConnectClickHouseOptions): ClickHouse {
  const client = createClient({
    url,
    username,
    password,
    application: 'tallyline',
    max_open_connections: QUERIES_AT_ONCE + INSERTS_AT_ONCE + COMMANDS_AT_ONCE,
    // None of the client's own, which has no code to know it by and cannot tell commands from queries: each call has its deadline.
    request_timeout: 0,
    keep_alive: {
      enabled: true,
      idle_socket_ttl: IDLE_SOCKET_MS,
      // Timers run late where the event loop is busy; so the age of a socket is looked at again before it is used.
      eagerly_destroy_stale_sockets: true,
    },
    compression: { request: REQUEST_COMPRESSION, response: { codec: 'zstd' } },
    // Thousands of customers in one query are too long for an address.
    use_multipart_params_auto: true,
    // A parameter of the request, not a setting: the answer begins when the statement has ended, and so its status is the outcome.
    // Otherwise an error in the middle stands in the rows, after a status of success.
    clickhouse_settings: { wait_end_of_query: 1 },
    log: { level: ClickHouseLogLevel.WARN, LoggerClass: clientLogger(logger) },
  });
  return createClickHouse({
    client,
    queriesAtOnce: QUERIES_AT_ONCE,
    insertsAtOnce: INSERTS_AT_ONCE,
    timeouts: { requestMs: requestTimeoutMs, commandMs: COMMAND_TIMEOUT_MS },
  });
}

/** The client makes its own instance. Of errors it logs only what it throws as well, and who catches that logs it. */
function clientLogger(logger: Logger): new () => ClientLogger {
  const write =
    (level: 'trace' | 'debug' | 'info' | 'warn') =>
    ({ module, message, args }: { module?: string; message: string; args?: Record<string, unknown> }) =>
      logger[level]({ module, ...args }, `ClickHouse client: ${message}`);
  return class implements ClientLogger {
    trace = write('trace');
    debug = write('debug');
    info = write('info');
    warn = write('warn');
    error = write('debug');
  };
}
