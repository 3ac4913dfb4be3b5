/** Bodies that come too slowly, or are of no more use: how long they are waited for, and what becomes of what is left of them. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../../core/errors.ts';
import { dropRest } from './drop-rest.ts';
import type { HttpServer } from './http-server.ts';
import { sendProblem } from './problems.ts';

/** A JSON body arrives at once; one that trickles in holds a connection on purpose. */
const BODY_TIMEOUT_MS = 30_000;
/** Several times the largest JSON body that any route takes; what is larger is no mistake of a few rows too many. */
const DROPPED_BYTES_MAX = 16_777_216;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Uploads and streams: the handler reads the body, which has limits and a pace of its own and lasts as long as it lasts. */
    streamsBody?: boolean;
  }
}

export function limitBodies(server: HttpServer, { bodyTimeoutMs = BODY_TIMEOUT_MS }: { bodyTimeoutMs?: number | undefined } = {}): void {
  server.addHook('onRequest', async (request, reply) => {
    if (streamsBody(request) || !hasUnreadBody(request)) return;
    const timer = setTimeout(() => refuseSlowBody(request, reply, bodyTimeoutMs), bodyTimeoutMs);
    const stop = () => clearTimeout(timer);
    request.raw.once('end', stop).once('close', stop);
  });
  server.addHook('onSend', async (request, reply) => {
    if (!hasUnreadBody(request) || reply.getHeader('connection') === 'close') return;
    // Nobody reads on, and what is left would be let in for as long as somebody sends it. A handler that was let in to read a stream sees to
    // the rest itself.
    if (!streamsBody(request)) dropRest(request.raw, { bytesMax: DROPPED_BYTES_MAX });
    else if (request.caller === null) dropRest(request.raw);
  });
}

function refuseSlowBody(request: FastifyRequest, reply: FastifyReply, bodyTimeoutMs: number): void {
  if (!reply.sent)
    sendProblem(new ProblemError('request_timeout', `The body took longer than ${bodyTimeoutMs / 1_000} seconds.`), request, reply);
  else request.raw.destroy();
}

/** For routes that read their bodies themselves, before they are registered. */
export function registerBodyStreams(scope: HttpServer): void {
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, streamsBody: true };
  });
}

function streamsBody(request: FastifyRequest): boolean {
  return request.routeOptions.config?.streamsBody === true;
}

function hasUnreadBody({ raw }: FastifyRequest): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = raw.headers;
  return !raw.complete && (encoding !== undefined || (length !== undefined && length !== '0'));
}
