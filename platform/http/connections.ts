/** What a connection may ask of the server before a route is known, and what is said to one that does not speak HTTP. */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { PROBLEMS, ProblemError, type ProblemCode } from '../../core/errors.ts';
import type { HttpServer } from './http-server.ts';
import { problemBody } from './problems.ts';

/** The request line and all headers: the longest path that routes take is 3,600 characters, cursors 2,000, session and key under 200. */
const HEADER_BYTES_MAX = 16_384;
/** Browsers send some 20, proxies add a few. */
const HEADERS_MAX = 100;
/** Headers arrive with the connection; one that trickles them in holds it on purpose. */
const HEADERS_TIMEOUT_MS = 15_000;
/** How late the end of that time may be noticed. */
const CHECK_EVERY_MS = 2_500;
/** An idle one takes some 10 KB. More come from no installation of this size: people share a gateway, which has a few hundred. */
const CONNECTIONS_MAX = 4_096;

/** For node:http. Requests of one connection are not counted: a script that sends usage all day uses one. */
export const CONNECTION_OPTIONS = {
  maxHeaderSize: HEADER_BYTES_MAX,
  headersTimeout: HEADERS_TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_EVERY_MS,
} as const;

/** RFC 9112, 3.2. Empty: of HTTP/1.0, and where an address has no host. Names are written in ASCII. */
const HOST = /^([\w.-]*|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/** The host stands in links to this installation: what is none must not come so far. Throws `invalid_request`. */
function requireOneHost({ raw: { rawHeaders } }: FastifyRequest): void {
  const hosts = rawHeaders.filter((_, n) => n % 2 === 1 && rawHeaders[n - 1]?.toLowerCase() === 'host');
  if (hosts.length <= 1 && hosts.every((host) => HOST.test(host))) return;
  throw new ProblemError('invalid_request', 'The request must have one Host header, with a name or an address and perhaps a port.');
}

export function limitConnections(server: HttpServer): void {
  server.server.maxConnections = CONNECTIONS_MAX;
  // Node drops what is over its limit without a word: one more than we allow tells us that there were too many.
  server.server.maxHeadersCount = HEADERS_MAX + 1;
  server.addHook('onRequest', async (request) => {
    // Names and values by turns.
    if (request.raw.rawHeaders.length > 2 * HEADERS_MAX)
      throw new ProblemError('headers_too_large', `The request has more than ${HEADERS_MAX} headers.`);
    requireOneHost(request);
  });
}

/** Codes of Node's parser and timers → ours. */
const CODES: Readonly<Record<string, { code: ProblemCode; detail: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'headers_too_large', detail: `Address and headers have more than ${HEADER_BYTES_MAX} bytes.` },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request_timeout', detail: `The headers took longer than ${HEADERS_TIMEOUT_MS / 1_000} seconds.` },
};

/** Node's `clientError`: there is no request to answer, only bytes that are none. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { code, detail } = CODES[error.code ?? ''] ?? { code: 'invalid_request', detail: 'This is not an HTTP request.' };
  const { status } = PROBLEMS[code];
  const body = JSON.stringify(problemBody(new ProblemError(code, detail), randomUUID()));
  // An answer that has begun must not get another one in its middle.
  if (socket.writable && !hasBegunToAnswer(socket)) {
    socket.write(
      [
        `HTTP/1.1 ${status} ${PROBLEMS[code].title}`,
        'content-type: application/problem+json; charset=utf-8',
        `content-length: ${Buffer.byteLength(body)}`,
        'connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  }
  socket.destroySoon();
}

/** As Node's own handler asks it. */
function hasBegunToAnswer(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: { headersSent?: boolean } | null };
  return answer?.headersSent === true;
}
