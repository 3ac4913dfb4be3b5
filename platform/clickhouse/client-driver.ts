/**
 * Driver of the ClickHouse port over `@clickhouse/client`. The engine behind the client, a server or chdb in this
 * process, makes no difference here.
 *
 * Every setting stands in the SETTINGS clause of its statement. The client's own `clickhouse_settings` must not be used:
 * through chdb's connection they become a `SET` that stays, and a token that stays silently drops the next insert.
 */
import { addAbortSignal, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ClickHouseClient } from '@clickhouse/client';
import { INSERT_ROWS_MAX, PAGE_ROWS_MAX, PageTooLargeError } from './clickhouse.ts';
import type { ClickHouse, ClickHouseInsert, ClickHouseQuery } from './clickhouse.ts';
import { ClickHouseDamagedError, isDamage } from './damage.ts';
import { withDeadline } from './deadline.ts';
import { createTurns } from './turns.ts';

export interface ClickHouseDriverOptions {
  client: ClickHouseClient;
  /** Queries that may run at once; the others wait. Likewise inserts: each holds its block and its sorted copy in memory. */
  queriesAtOnce: number;
  insertsAtOnce: number;
  /** How long a query or an insert may take, and a command, answer included. Absent where nobody can fall silent: in this process. */
  timeouts?: { requestMs: number; commandMs: number };
  /** Releases what the client does not own; called once, when the client has been closed. */
  afterClose?: () => void;
}

/** Memory of one query. Grouping and sorting go to disk at half of it, so that only a query that joins or returns too much fails. */
const QUERY_MEMORY_BYTES_MAX = 400_000_000;

/** A page comes from buckets or from a range of keys in well under a second; what takes this long holds up everyone behind it. */
const QUERY_SECONDS_MAX = 60;

/** Calls that may wait for a turn. Far more than the connections of a busy dashboard; reached only when the store hangs. */
const WAITING_MAX = 1_000;

/** Of the text of an insert, handed to the connection at a time: the whole of it compressed or encoded at once would double its memory. */
const PIECE_CHARACTERS = 1_000_000;

const RESULT_TOO_LARGE = 'TOO_MANY_ROWS_OR_BYTES';

const QUERY_SETTINGS = [
  'output_format_json_quote_decimals = 1',
  'output_format_json_quote_64bit_integers = 1',
  `max_result_rows = ${PAGE_ROWS_MAX}`,
  "result_overflow_mode = 'throw'",
  `max_memory_usage = ${QUERY_MEMORY_BYTES_MAX}`,
  `max_bytes_before_external_group_by = ${QUERY_MEMORY_BYTES_MAX / 2}`,
  `max_bytes_before_external_sort = ${QUERY_MEMORY_BYTES_MAX / 2}`,
  `max_execution_time = ${QUERY_SECONDS_MAX}`,
].join(', ');

/**
 * One insert = one block = one part, which is what makes it all or nothing. A block ends at any of these limits, and the
 * defaults cut at 65,409 rows (max_block_size), at 1 MB per thread when parsing in parallel, and at 268 MB.
 * `best_effort` reads `2024-01-01T00:00:00.000000Z` as well as the format with a space, at the same speed.
 */
const INSERT_SETTINGS = [
  'insert_deduplicate = 1',
  'async_insert = 0',
  'input_format_parallel_parsing = 0',
  'max_insert_threads = 1',
  `max_block_size = ${2 * INSERT_ROWS_MAX}`,
  `max_insert_block_size = ${2 * INSERT_ROWS_MAX}`,
  `min_insert_block_size_rows = ${2 * INSERT_ROWS_MAX}`,
  'min_insert_block_size_bytes = 0',
  'max_insert_block_size_bytes = 0',
  "date_time_input_format = 'best_effort'",
].join(', ');

const TOKEN = /^[\w.:-]{1,200}$/;
const NAME = /^\w+$/;
const TABLE = /^\w+(\.\w+)?$/;

/** Queries are checked for their own page limit; a query must not have a SETTINGS or FORMAT clause of its own. */
export function createClickHouse(options: ClickHouseDriverOptions): ClickHouse {
  const { client, timeouts } = options;
  const queries = createTurns({ name: 'ClickHouse (queries)', atOnce: options.queriesAtOnce, waitingMax: WAITING_MAX });
  const inserts = createTurns({ name: 'ClickHouse (inserts)', atOnce: options.insertsAtOnce, waitingMax: WAITING_MAX });
  // A mutation may take minutes: it must not stand in the way of queries, and two at once gain nothing.
  const commands = createTurns({ name: 'ClickHouse (commands)', atOnce: 1, waitingMax: WAITING_MAX });
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    await Promise.all([queries.close(), inserts.close(), commands.close()]);
    await client.close();
    options.afterClose?.();
  }

  return {
    query: (query) => queries.take(() => runQuery(client, query, timeouts?.requestMs)),
    async insert(insert) {
      if (insert.rows === 0) return;
      checkInsert(insert);
      await inserts.take(() => runInsert(client, insert, timeouts?.requestMs));
    },
    async command(sql) {
      await commands.take(() => runCommand(client, sql, timeouts?.commandMs));
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

async function runQuery<Row>(client: ClickHouseClient, { name, sql, params }: ClickHouseQuery, limitMs?: number): Promise<Row[]> {
  if (!NAME.test(name)) throw new Error(`${JSON.stringify(name)} is no name for a query: letters, digits and _ only`);
  // The newline ends a comment that the SQL may end with.
  const query = `${sql}\nSETTINGS log_comment = '${name}', ${QUERY_SETTINGS}`;
  try {
    return await withDeadline(limitMs, (signal) => readRows<Row>(client, query, params, signal));
  } catch (error) {
    if (typeOf(error) === RESULT_TOO_LARGE) throw new PageTooLargeError(name, { cause: error });
    throw failure(`ClickHouse query ${name} failed`, error);
  }
}

function checkInsert({ table, columns, tsv, rows, token }: ClickHouseInsert): void {
  if (!TOKEN.test(token)) throw new Error(`${JSON.stringify(token)} is no insert token: 1 to 200 letters, digits and . _ : - only`);
  if (!TABLE.test(table)) throw new Error(`${JSON.stringify(table)} is no table`);
  if (columns.length === 0 || !columns.every((column) => NAME.test(column))) throw new Error(`${columns.join()} are no columns`);
  if (rows > INSERT_ROWS_MAX)
    throw new Error(`${rows} rows are more than one insert may have (${INSERT_ROWS_MAX}): more may become two blocks`);
  if (!tsv.endsWith('\n')) throw new Error('the last row does not end in a newline');
  // chdb's connection takes a body of white space for none at all, and reports success.
  if (!/\S/.test(tsv)) throw new Error('rows of empty cells alone cannot be inserted');
}

async function readRows<Row>(
  client: ClickHouseClient,
  query: string,
  params: ClickHouseQuery['params'],
  signal?: AbortSignal,
): Promise<Row[]> {
  const result = await client.query({
    query,
    format: 'JSONEachRow',
    ...(params === undefined ? {} : { query_params: params }),
    ...(signal === undefined ? {} : { abort_signal: signal }),
  });
  // The client lets go of the signal when the answer begins.
  const giveUp = () => result.close();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    return await result.json<Row>();
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

async function runInsert(client: ClickHouseClient, { table, columns, tsv, token }: ClickHouseInsert, limitMs?: number): Promise<void> {
  const query = `INSERT INTO ${table} (${columns.join(', ')}) SETTINGS insert_deduplication_token = '${token}', ${INSERT_SETTINGS} FORMAT TabSeparated`;
  try {
    // The rows go beside the statement, not inside it: the client trims statements, and would cut an empty last cell.
    await execute(client, { query, values: Readable.from(piecesOf(tsv)) }, limitMs);
  } catch (error) {
    throw new Error(`ClickHouse insert ${token} into ${table} failed: ${messageOf(error)}`, { cause: error });
  }
}

/** Cut after newlines, and so never inside a character. */
function* piecesOf(tsv: string): Generator<string> {
  for (let start = 0; start < tsv.length;) {
    const newline = tsv.indexOf('\n', start + PIECE_CHARACTERS);
    const end = newline === -1 ? tsv.length : newline + 1;
    yield tsv.slice(start, end);
    start = end;
  }
}

async function runCommand(client: ClickHouseClient, sql: string, limitMs?: number): Promise<void> {
  try {
    await execute(client, { query: sql }, limitMs);
  } catch (error) {
    throw isDamage(typeOf(error)) ? failure('a ClickHouse command failed', error) : error;
  }
}

/** Once only, ever: whether to try again is for the caller, who alone knows what a doubt means. */
async function execute(client: ClickHouseClient, statement: { query: string; values?: Readable }, limitMs?: number): Promise<void> {
  await withDeadline(limitMs, async (signal) => {
    const { stream } = await client.exec({ ...statement, ...(signal === undefined ? {} : { abort_signal: signal }) });
    // A server reports what goes wrong after the first byte of its answer in the answer.
    const answer = await text(signal === undefined ? stream : addAbortSignal(signal, stream));
    if (answer.includes('DB::Exception')) throw new Error(answer.trim());
  });
}

function failure(what: string, error: unknown): Error {
  const Kind = isDamage(typeOf(error)) ? ClickHouseDamagedError : Error;
  return new Kind(`${what}: ${messageOf(error)}`, { cause: error });
}

/** By its property: chdb brings a ClickHouseError class of its own. */
function typeOf(error: unknown): unknown {
  return error instanceof Error && 'type' in error ? error.type : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
