/**
 * How often somebody may call, counted in this process over a minute. What staff and machines do is not counted: usage comes at thousands of
 * calls a second with one key. Counted are calls with credentials that are none, which cost a look into the database each; calls that need no
 * credentials; and what is called on behalf of those outside.
 */
import { createHash } from 'node:crypto';
import rateLimit, { type RateLimitPluginOptions } from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEMS, ProblemError } from '../../core/errors.ts';
import { isApi } from '../access/declared.ts';
import type { HttpServer } from './http-server.ts';
import { sessionToken } from './session-cookie.ts';

/** Calls within a minute. */
export interface RateLimits {
  /** Of one address, with a key, link or session that is not valid: a script with an old key in a loop, or somebody who guesses. */
  refusedPerAddress: number;
  /** Of one address, without credentials: signing in. An office has one address. */
  publicPerAddress: number;
  /** Of one customer's key or session. A page takes some ten. */
  perCustomer: number;
  /** Of one link to an invoice, by whoever holds it. */
  perLink: number;
}

export const RATE_LIMITS: RateLimits = { refusedPerAddress: 1_000, publicPerAddress: 600, perCustomer: 3_000, perLink: 600 };

const WINDOW_MS = 60_000;
/** Addresses and callers that are remembered, the latest, some 200 bytes each. */
const REMEMBERED_MAX = 10_000;

type Limiter = ReturnType<HttpServer['createRateLimit']>;
type Authenticate = (request: FastifyRequest) => Promise<void>;

/** An `onRequest` hook: `authenticate` behind the limits. IPv6 addresses count by their network of 64 bits, which is what one subscriber has. */
export async function createLimitedAuthentication(
  server: HttpServer,
  authenticate: Authenticate,
  limits: RateLimits,
): Promise<(request: FastifyRequest, reply: FastifyReply) => Promise<void>> {
  await server.register(rateLimit, { global: false, timeWindow: WINDOW_MS, cache: REMEMBERED_MAX } satisfies RateLimitPluginOptions);
  const refused = server.createRateLimit({ max: limits.refusedPerAddress });
  const open = server.createRateLimit({ max: limits.publicPerAddress });
  const byCaller = (request: FastifyRequest) => request.caller?.name ?? '';
  const customers = server.createRateLimit({ max: limits.perCustomer, keyGenerator: byCaller });
  const links = server.createRateLimit({ max: limits.perLink, keyGenerator: byCaller });
  const valid = new Recent(REMEMBERED_MAX);

  return async (request, reply) => {
    if (isPublicCall(request)) return count(open, request, reply);
    const credential = credentialOf(request);
    // Behind one address there may be others, whose keys are known to be good.
    if (credential !== undefined && !valid.has(credential)) await requireRoom(refused, request, reply);
    try {
      await authenticate(request);
    } catch (error) {
      if (credential !== undefined && isUnauthenticated(error)) {
        valid.delete(credential);
        await refused(request);
      }
      throw error;
    }
    if (credential !== undefined && request.caller !== null) valid.add(credential);
    if (request.caller?.role === 'customer') await count(customers, request, reply);
    if (request.caller?.role === 'link') await count(links, request, reply);
  };
}

async function count(limiter: Limiter, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const state = await limiter(request);
  if (!state.isAllowed && state.isExceeded) throw tooMany(reply, state.ttlInSeconds);
}

/** Looks without counting. */
async function requireRoom(limiter: Limiter, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const state = await limiter(request, { increment: false });
  if (!state.isAllowed && state.remaining === 0) throw tooMany(reply, state.ttlInSeconds);
}

function tooMany(reply: FastifyReply, seconds: number): ProblemError {
  void reply.header('retry-after', String(Math.max(1, seconds)));
  return new ProblemError('too_many_requests', `That was too often. Try again in ${Math.max(1, seconds)} seconds.`);
}

function isPublicCall(request: FastifyRequest): boolean {
  return request.routeOptions.config?.access === 'public' && isApi(request.routeOptions.url ?? '');
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof ProblemError && PROBLEMS[error.code].status === 401;
}

/** What the caller shows, not readable. */
function credentialOf(request: FastifyRequest): string | undefined {
  const shown = request.headers.authorization ?? sessionToken(request);
  return shown === undefined || shown === '' ? undefined : createHash('sha256').update(shown).digest('base64');
}

/** The latest of what was added. */
class Recent {
  readonly #names = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  add(name: string): void {
    this.#names.delete(name);
    this.#names.add(name);
    if (this.#names.size <= this.#max) return;
    const [oldest] = this.#names;
    if (oldest !== undefined) this.#names.delete(oldest);
  }

  delete(name: string): void {
    this.#names.delete(name);
  }
}
