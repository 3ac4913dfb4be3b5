/**
 * The HTTP server that all roles share: limits, sign-in, problems, health, the OpenAPI document, the dashboard's files.
 * Roles add their routes as plugins: `await server.register(apiRoutes(…))`. An upload route has no body schema and
 * sets its own content type parsers and body limit inside its plugin; it may take as long as it takes.
 */
import { randomUUID } from 'node:crypto';
import fastifyCookie from '@fastify/cookie';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import { ProblemError } from '../../core/errors.ts';
import type { Platform } from '../platform.ts';
import { createStoreChecks } from '../store-check.ts';
import { createAuthentication } from './authenticate.ts';
import { registerEventStreams } from './event-stream.ts';
import { registerExpectContinue } from './expect-continue.ts';
import { registerHealth } from './health.ts';
import type { HttpServer } from './http-server.ts';
import { methodsAt, rememberRoutes, type RouteTable } from './methods.ts';
import { registerOpenApi } from './openapi.ts';
import { handleError, sendProblem } from './problems.ts';
import { registerSignIn } from './sign-in.ts';
import { type Fallback, noSuchPath, registerDashboard } from './static.ts';
import { createValidatorCompiler } from './validation.ts';

/** JSON bodies: a plan of a thousand prices is some 200 KB. Routes with larger ones say so. */
const BODY_BYTES_MAX = 1_048_576;
/** A JSON body arrives at once; one that trickles in holds a connection on purpose. */
const BODY_TIMEOUT_MS = 30_000;
/** Headers arrive with the connection; same reason. */
const HEADERS_TIMEOUT_MS = 15_000;
/** A customer of 300 characters, each up to four bytes, each byte written `%xx`. */
const PARAMETER_LENGTH_MAX = 300 * 4 * 3;

export type { HttpServer } from './http-server.ts';

export interface HttpServerOptions {
  platform: Platform;
  adminKey: string;
  /** The built dashboard; undefined where the role is not run here. */
  dashboardDirectory: string | undefined;
  /** Where browsers reach this installation: with https, the session cookie is sent over nothing else. */
  publicUrl?: string | undefined;
}

/** Everything but the roles' own routes; not yet listening. */
export async function createHttpServer({ platform, adminKey, dashboardDirectory, publicUrl }: HttpServerOptions): Promise<HttpServer> {
  const { server, routes } = await createBareServer(platform.logger);
  server.decorateRequest('caller', null);
  await server.register(fastifyCookie);
  server.addHook('onRequest', createAuthentication({ adminKey, postgres: platform.postgres, clock: platform.clock }));
  server.addHook('onRequest', limitBodyTime);
  registerExpectContinue(server);
  registerEventStreams(server);
  await registerOpenApi(server);
  const { postgres, clickhouse, files, log } = createStoreChecks(platform);
  registerHealth(server, [postgres, clickhouse, files, log]);
  registerSignIn(server, platform, { isSecure: publicUrl !== undefined && new URL(publicUrl).protocol === 'https:' });
  await serveFallback(server, routes, dashboardDirectory);
  return server;
}

/** The dashboard and nothing else: files, which need neither stores nor a key. */
export async function createDashboardServer(options: { logger: Logger; dashboardDirectory: string }): Promise<HttpServer> {
  const { server, routes } = await createBareServer(options.logger);
  registerHealth(server, []);
  await serveFallback(server, routes, options.dashboardDirectory);
  return server;
}

async function createBareServer(logger: Logger): Promise<{ server: HttpServer; routes: RouteTable }> {
  const server: HttpServer = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    // Paths are logged without their query below: a sign-in link has its token there.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    bodyLimit: BODY_BYTES_MAX,
    // Uploads last as long as they last; JSON bodies get a limit below.
    requestTimeout: 0,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    // Nothing here asks for the caller's address or protocol: whether there is TLS in front is said by the public URL.
    trustProxy: false,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
  }).withTypeProvider<TypeBoxTypeProvider>();

  server.setValidatorCompiler(createValidatorCompiler());
  server.setErrorHandler(handleError);
  server.addHook('onSend', setHeaders);
  server.addHook('onResponse', logResponse);
  return { server, routes: rememberRoutes(server) };
}

async function serveFallback(server: HttpServer, routes: RouteTable, dashboardDirectory: string | undefined): Promise<void> {
  const fallback = dashboardDirectory === undefined ? noSuchPath : await registerDashboard(server, dashboardDirectory);
  server.setNotFoundHandler((request, reply) => answerNotFound(request, reply, methodsAt(routes, request.url), fallback));
}

function answerNotFound(request: FastifyRequest, reply: FastifyReply, methods: readonly string[], fallback: Fallback): FastifyReply {
  if (methods.length === 0 || methods.includes(request.method)) return fallback(request, reply);
  void reply.header('allow', methods.join(', '));
  return sendProblem(
    new ProblemError('method_not_allowed', `${request.method} is not possible here; ${methods.join(', ')} is.`),
    request,
    reply,
  );
}

async function limitBodyTime(request: FastifyRequest): Promise<void> {
  // Only bodies with a schema are read as a whole before the handler runs; an upload is read by it.
  if (request.routeOptions.schema?.body === undefined || request.raw.complete) return;
  const timer = setTimeout(() => request.raw.destroy(), BODY_TIMEOUT_MS);
  const stop = () => clearTimeout(timer);
  request.raw.once('end', stop).once('close', stop);
}

async function setHeaders(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  void reply.header('x-request-id', request.id);
  void reply.header('x-content-type-options', 'nosniff');
  void reply.header('x-frame-options', 'DENY');
  // The address of the sign-in page holds a token.
  void reply.header('referrer-policy', 'no-referrer');
  // Answers about usage belong to who asked; neither a proxy nor the browser's cache may hand them on.
  if (request.url.startsWith('/v1') && !reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
}

async function logResponse(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  request.log.debug(
    {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    },
    'request',
  );
}
