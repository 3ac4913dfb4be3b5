/**
 * The real ClickHouse engine behind as much of ClickHouse's HTTP interface as its Node client speaks, in a process of its own, so that
 * services can share it where no ClickHouse server is installed: `clickhouse-front.ts <FrontOptions as JSON>`.
 *
 * Prints `{"port":n}` when it listens. SIGTERM ends it in order. It also ends, and removes its directory, when its standard input
 * does: then whoever started it is gone. https://clickhouse.com/docs/interfaces/http
 */
import { timingSafeEqual } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import * as zlib from 'node:zlib';
import { Session } from 'chdb';
import { ENGINE_ARGUMENTS } from '../../platform/clickhouse/chdb.ts';
import { bindParameters } from './clickhouse-parameters.ts';

export interface FrontOptions {
  directory: string;
  /** 0 = any free port. */
  port: number;
  username: string;
  password: string;
}

/** The server's defaults: `http_max_uri_size`, `keep_alive_timeout`. */
const URI_BYTES_MAX = 1_048_576;
const KEEP_ALIVE_MS = 10_000;

/** The engine's limit is 256 KiB for a statement, values of parameters not counted; here they stand in the statement. */
const STATEMENT_BYTES_MAX = 16_777_216;

/** Parameters of a request that only speak about the answer; nothing here streams or reports progress. */
const ANSWER_PARAMETERS = new Set([
  'query_id',
  'wait_end_of_query',
  'buffer_size',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'enable_http_compression',
]);
const READ_PARAMETERS = new Set(['query', 'default_format']);

const DECODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};
const ENCODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  zstd: (body) => zlib.zstdCompressSync(body),
  gzip: (body) => zlib.gzipSync(body),
  br: (body) => zlib.brotliCompressSync(body, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
};

/** An answer that is no result, in the words of the server. */
class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, type: string, message: string) {
    super(`Code: ${code}. DB::Exception: ${message}. (${type})`);
    this.status = status;
    this.code = code;
  }
}

async function answer(session: Session, options: FrontOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://front');
  if (request.method === 'GET' && (url.pathname === '/ping' || url.search === '')) {
    response.end('Ok.\n');
    return;
  }
  const queryId = url.searchParams.get('query_id') ?? '';
  response.setHeader('x-clickhouse-query-id', queryId);
  response.setHeader('x-clickhouse-timezone', 'UTC');
  try {
    checkCredentials(request, options);
    const { sql, format } = await readStatement(request, url.searchParams);
    const result = await session.queryAsync(sql, { format });
    response.setHeader('x-clickhouse-format', format);
    response.setHeader('x-clickhouse-summary', summaryOf(result));
    send(request, url.searchParams, response, Buffer.from(result.bytes()));
  } catch (error) {
    if (request.destroyed && !request.complete) return;
    const message = error instanceof Error ? error.message : String(error);
    response.statusCode = error instanceof Refusal ? error.status : 500;
    response.setHeader('x-clickhouse-exception-code', /Code: (\d+)/.exec(message)?.[1] ?? '1002');
    send(request, url.searchParams, response, Buffer.from(`${message}\n`));
  }
}

function checkCredentials(request: IncomingMessage, { username, password }: FrontOptions): void {
  const given = Buffer.from(request.headers.authorization ?? '');
  const expected = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new Refusal(403, 516, 'AUTHENTICATION_FAILED', 'Authentication failed: password is incorrect, or there is no user with such name');
}

/** The statement: from the address, the body, or begun in the one and continued in the other; then the values of its parameters. */
async function readStatement(request: IncomingMessage, search: URLSearchParams): Promise<{ sql: string; format: string }> {
  // A body that breaks off throws here: nothing of it is run.
  const body = await readBody(request);
  const multipart = request.headers['content-type']?.startsWith('multipart/form-data') ?? false;
  const fields = multipart ? await readForm(body, request) : new Map<string, string>();
  for (const [name, value] of search) fields.set(name, value);
  const parameters = new Map<string, string>();
  for (const [name, value] of fields) {
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value);
    // The engine has one session for everyone: what a server would apply to one request would stay for all that follow.
    else if (!READ_PARAMETERS.has(name) && !ANSWER_PARAMETERS.has(name))
      throw new Refusal(
        400,
        115,
        'UNKNOWN_SETTING',
        `${name} cannot be set by the address here: put it into the SETTINGS of the statement`,
      );
  }
  const statement = bindParameters(fields.get('query') ?? '', parameters);
  const rest = multipart ? '' : body.toString('utf8');
  if (statement === '' && rest === '') throw new Refusal(400, 62, 'SYNTAX_ERROR', 'Empty query');
  return {
    // What follows a statement in the address is rows, and has no parameters.
    sql: statement === '' ? bindParameters(rest, parameters) : rest === '' ? statement : `${statement}\n${rest}`,
    format: fields.get('default_format') ?? 'TabSeparated',
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const body = await buffer(request);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const decode = DECODERS[encoding];
  if (decode === undefined) throw new Refusal(400, 48, 'NOT_IMPLEMENTED', `Unknown encoding ${encoding} of the request`);
  return decode(body);
}

async function readForm(body: Buffer, request: IncomingMessage): Promise<Map<string, string>> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': request.headers['content-type'] ?? '' } }).formData();
  return new Map([...form].map(([name, value]) => [name, typeof value === 'string' ? value : '']));
}

function summaryOf({ rowsRead, bytesRead, elapsed }: { rowsRead: number; bytesRead: number; elapsed: number }): string {
  return JSON.stringify({ read_rows: String(rowsRead), read_bytes: String(bytesRead), elapsed_ns: String(Math.round(elapsed * 1e9)) });
}

/** Compressed when the request both asks for it and allows a codec, as the server does. */
function send(request: IncomingMessage, search: URLSearchParams, response: ServerResponse, body: Buffer): void {
  const accepted = String(request.headers['accept-encoding'] ?? '').split(/[\s,;]+/);
  const codec = search.get('enable_http_compression') === '1' ? Object.keys(ENCODERS).find((name) => accepted.includes(name)) : undefined;
  const encode = codec === undefined ? undefined : ENCODERS[codec];
  if (codec === undefined || encode === undefined) {
    response.end(body);
    return;
  }
  response.setHeader('content-encoding', codec);
  response.end(encode(body));
}

async function run(options: FrontOptions): Promise<void> {
  const session = new Session(options.directory, { connectionArgs: [...ENGINE_ARGUMENTS, `--max_query_size=${STATEMENT_BYTES_MAX}`] });
  const running = new Set<Promise<void>>();
  const server = createServer({ maxHeaderSize: URI_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const done = answer(session, options, request, response).finally(() => running.delete(done));
    running.add(done);
  });

  let stopped = false;
  async function stop({ orphaned }: { orphaned: boolean }): Promise<void> {
    if (stopped) return;
    stopped = true;
    process.stdin.destroy();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await Promise.all(running);
    server.closeAllConnections();
    await closed;
    session.close();
    if (orphaned) rmSync(options.directory, { recursive: true, force: true });
  }
  process.once('SIGTERM', () => void stop({ orphaned: false }));
  process.stdin.resume().once('close', () => void stop({ orphaned: true }));

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
}

const [, , options] = process.argv;
if (options !== undefined) await run(JSON.parse(options) as FrontOptions);
