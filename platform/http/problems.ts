/** Turns whatever a handler throws into RFC 9457 `application/problem+json`. What happened inside stays in the log. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEMS, type ProblemCode, ProblemError } from '../../core/errors.ts';
import type { Problem } from '../../schemas/http/common.ts';
import { StoreUnavailableError } from '../store-unavailable.ts';

/** Long enough for a store to restart, short enough that nobody gives up. */
const RETRY_AFTER_SECONDS = 5;

/** Codes with which the system or a store says that it cannot be had at the moment. */
const UNAVAILABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  // The disk: full, over quota, read-only, failing, a network volume that went away.
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'ESTALE',
  // Postgres: shutting down, crashed, starting up, disk full, out of memory, out of connections, a stand-by that takes no writes.
  // https://www.postgresql.org/docs/18/errcodes-appendix.html
  '57P01',
  '57P02',
  '57P03',
  '53100',
  '53200',
  '53300',
  '25006',
]);
/** Postgres class 08, connection exceptions. */
const CONNECTION_CLASS = /^08[0-9A-Z]{3}$/;

/** HTTP status of an error raised by the HTTP layer itself → our code. */
const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

/** The server's error handler. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblemError(error);
  if (PROBLEMS[problem.code].status >= 500) request.log.error({ err: error, requestId: request.id }, problem.code);
  return sendProblem(problem, request, reply);
}

export function sendProblem(problem: ProblemError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = problemBody(problem, request.id);
  if (problem.code === 'unauthenticated') void reply.header('www-authenticate', 'Bearer realm="tallyline"');
  const retryAfterSeconds = problem.retryAfterSeconds ?? (body.status === 503 ? RETRY_AFTER_SECONDS : undefined);
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  // As text: the response schema of the route describes its success, not this.
  return reply.status(body.status).header('content-type', 'application/problem+json; charset=utf-8').serializer(JSON.stringify).send(body);
}

export function problemBody(problem: ProblemError, requestId: string): Problem {
  const { status, title } = PROBLEMS[problem.code];
  return {
    type: `urn:tallyline:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    requestId,
    ...(problem.errors === undefined ? {} : { errors: problem.errors.map((error) => ({ ...error })) }),
    ...(problem.cells === undefined ? {} : { cells: problem.cells.map((cell) => ({ ...cell })) }),
  };
}

/** What the caller is told about any throw. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isConnectionError(error))
    return new ProblemError('store_unavailable', 'A store behind this server does not answer. Try again shortly; /health/ready names it.', {
      cause: error,
    });
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_HANDLER_TIMEOUT')
    return new ProblemError('timed_out', 'The answer took too long, and was given up. Try again, or ask for less at a time.', {
      cause: error,
    });
  const raisedByHttpLayer =
    typeof code === 'string' && code.startsWith('FST_') && statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  if (raisedByHttpLayer)
    return new ProblemError(CODE_OF_STATUS[statusCode] ?? 'invalid_request', `${message ?? 'The request was refused'}.`, { cause: error });
  return new ProblemError('internal', 'The request failed for a reason on our side. The log names it under this requestId.', {
    cause: error,
  });
}

/** By type and code, through the chain of causes: query builders wrap the driver's error. */
export function isConnectionError(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof StoreUnavailableError) return true;
    const code = (current as { code?: unknown }).code;
    if (typeof code === 'string' && (UNAVAILABLE_CODES.has(code) || CONNECTION_CLASS.test(code))) return true;
  }
  return false;
}
