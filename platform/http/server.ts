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
import type { Clock } from '../clock.ts';
import type { Platform } from '../platform.ts';
import { createStoreChecks } from '../store-check.ts';
import { isApi, requireDeclaredAccess } from '../access/declared.ts';
import type { OpenId } from '../access/openid.ts';
import type { Mailer } from '../mail/mailer.ts';
import { limitAnswerTimes } from './answer-times.ts';
import { createAuthentication } from './authenticate.ts';
import { limitBodies } from './bodies.ts';
import { refuseWhileClosing } from './closing.ts';
import { answerClientError, CONNECTION_OPTIONS, limitConnections } from './connections.ts';
import { registerExpectContinue } from './expect-continue.ts';
import { registerHealth } from './health.ts';
import type { HttpServer } from './http-server.ts';
import { methodsAt, rememberRoutes, type RouteTable } from './methods.ts';
import { registerOpenApi } from './openapi.ts';
import { type PressureLimits, registerPressure, usualPressureLimits } from './pressure.ts';
import { handleError, sendProblem } from './problems.ts';
import { isHttps } from './public-url.ts';
import { createLimitedAuthentication, RATE_LIMITS, type RateLimits } from './rate-limits.ts';
import { registerRights } from './rights.ts';
import { registerSecurityHeaders } from './security-headers.ts';
import { registerSignIn } from './sign-in.ts';
import { type Fallback, noSuchPath, registerDashboard } from './static.ts';
import { createValidatorCompiler } from './validation.ts';

/** JSON bodies: a plan of a thousand prices is some 200 KB. Routes with larger ones say so. */
const BODY_BYTES_MAX = 1_048_576;
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
  /** Undefined where no mail server is set up. */
  mailer?: Mailer | undefined;
  /** Undefined where no identity provider is set up. */
  openId?: OpenId | undefined;
  /** Whose `X-Forwarded-For` is believed: addresses, networks, or names of such, as `TALLYLINE_TRUSTED_PROXIES` has them. Nobody's by default. */
  trustedProxies?: readonly string[];
  /** The usual ones where nothing is said; so for the others. */
  rateLimits?: Partial<RateLimits>;
  pressureLimits?: Partial<PressureLimits>;
  /** How long a JSON body may take to arrive. */
  bodyTimeoutMs?: number;
}

/** Everything but the roles' own routes; not yet listening. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { platform, adminKey, dashboardDirectory, publicUrl, mailer, openId } = options;
  const { server, routes } = await createBareServer({ ...options, logger: platform.logger, clock: platform.clock });
  requireDeclaredAccess(server);
  await server.register(fastifyCookie);
  const authenticate = createAuthentication({ adminKey, postgres: platform.postgres, clock: platform.clock });
  server.addHook('onRequest', await createLimitedAuthentication(server, authenticate, { ...RATE_LIMITS, ...options.rateLimits }));
  registerExpectContinue(server);
  registerRights(server, platform);
  await registerOpenApi(server);
  const { postgres, clickhouse, files, log } = createStoreChecks(platform);
  registerHealth(server, [postgres, clickhouse, files, log]);
  registerSignIn(server, platform, { publicUrl, mailer, openId });
  await serveFallback(server, routes, dashboardDirectory);
  return server;
}

/** The dashboard and nothing else: files, which need neither stores nor a key. */
export async function createDashboardServer(options: {
  logger: Logger;
  clock: Clock;
  dashboardDirectory: string;
  publicUrl?: string | undefined;
  trustedProxies?: readonly string[];
}): Promise<HttpServer> {
  const { server, routes } = await createBareServer(options);
  registerHealth(server, []);
  await serveFallback(server, routes, options.dashboardDirectory);
  return server;
}

interface BareServerOptions extends Pick<HttpServerOptions, 'publicUrl' | 'trustedProxies' | 'pressureLimits' | 'bodyTimeoutMs'> {
  logger: Logger;
  clock: Clock;
}

async function createBareServer(options: BareServerOptions): Promise<{ server: HttpServer; routes: RouteTable }> {
  const { publicUrl, trustedProxies = [], bodyTimeoutMs } = options;
  const server: HttpServer = Fastify({
    loggerInstance: options.logger as FastifyBaseLogger,
    // Paths are logged without their query below: a sign-in link has its token there.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    bodyLimit: BODY_BYTES_MAX,
    // Uploads last as long as they last; other bodies get a limit (bodies.ts).
    requestTimeout: 0,
    http: CONNECTION_OPTIONS,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void handleError(error, request, reply),
    return503OnClosing: false,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
  }).withTypeProvider<TypeBoxTypeProvider>();

  server.setValidatorCompiler(createValidatorCompiler());
  server.setErrorHandler(handleError);
  server.decorateRequest('caller', null);
  server.addHook('onRequest', setHeaders);
  refuseWhileClosing(server);
  await registerSecurityHeaders(server, { isHttps: isHttps(publicUrl) });
  limitConnections(server);
  limitAnswerTimes(server);
  await registerPressure(server, { ...usualPressureLimits(), ...options.pressureLimits }, options.clock);
  limitBodies(server, { bodyTimeoutMs });
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

async function setHeaders(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  void reply.header('x-request-id', request.id);
  // Answers about usage belong to who asked; neither a proxy nor the browser's cache may hand them on.
  if (isApi(request.routeOptions.url ?? '') || request.url.startsWith('/v1')) void reply.header('cache-control', 'no-store');
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
