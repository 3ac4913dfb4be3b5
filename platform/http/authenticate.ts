/** Who is calling. Everything under `/v1` needs the admin key or a session, unless a route says that it is public. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../../core/errors.ts';
import type { Clock } from '../clock.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { findSession } from './sessions.ts';

export const SESSION_COOKIE = 'tallyline_session';

export interface Caller {
  /** Who, for `createdBy` and as the scope of an `Idempotency-Key`. */
  name: string;
  role: 'admin';
  means: 'key' | 'session';
  /** End of the session; null for a key. */
  expiresAt: string | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route under `/v1` that is not public. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** Reachable without signing in. */
    public?: boolean;
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** An `onRequest` hook. */
export function createAuthentication(options: {
  adminKey: string;
  postgres: Postgres;
  clock: Clock;
}): (request: FastifyRequest) => Promise<void> {
  const adminKeyHash = sha256(options.adminKey);
  return async (request) => {
    if (!isProtected(request)) return;
    const bearer = bearerToken(request.headers.authorization);
    if (bearer !== undefined) {
      // Hashes are of equal length, and comparing them takes the same time wherever they differ.
      if (!timingSafeEqual(sha256(bearer), adminKeyHash)) throw new ProblemError('unauthenticated', 'The API key is not valid.');
      request.caller = { name: 'admin key', role: 'admin', means: 'key', expiresAt: null };
      return;
    }
    const token = request.cookies[SESSION_COOKIE];
    const session = token === undefined || token === '' ? undefined : await findSession(options.postgres, options.clock, token);
    if (session === undefined) {
      throw new ProblemError(
        'unauthenticated',
        'Send "Authorization: Bearer <admin key>", or open the sign-in link that the server prints when it starts.',
      );
    }
    if (!SAFE_METHODS.has(request.method) && !isSameOrigin(request)) {
      throw new ProblemError('forbidden', 'A change signed in by cookie must come from this site itself. Scripts use the admin key.');
    }
    request.caller = { name: 'admin', role: 'admin', means: 'session', expiresAt: session.expiresAt };
  };
}

/** The caller of a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error(`${request.url} has no caller: the route is public`);
  return request.caller;
}

/** By the route that matched, because a path can be written in several ways; by the path where none did. */
function isProtected(request: FastifyRequest): boolean {
  if (request.routeOptions.config?.public === true) return false;
  const path = request.url.split('?', 1)[0] ?? '';
  return [request.routeOptions.url ?? '', path].some((name) => name === '/v1' || name.startsWith('/v1/'));
}

/** Browsers send at least one of the two with every request that changes something, and pages cannot forge them. */
function isSameOrigin(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const origin = request.headers.origin;
  if (origin === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === request.headers.host;
}

function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = /^Bearer +([^ ]+) *$/i.exec(header)?.[1];
  if (token === undefined) throw new ProblemError('unauthenticated', 'The Authorization header is not "Bearer <admin key>".');
  return token;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
