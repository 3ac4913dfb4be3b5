/**
 * Who is calling, and whether they may. Every route under `/v1` declares its roles; a caller shows a key, a signed link to an invoice, or the
 * cookie of a session.
 */
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../../core/errors.ts';
import { useKey } from '../access/api-keys.ts';
import { noteRefusedKey } from '../access/audit.ts';
import type { Actor, Caller } from '../access/caller.ts';
import { isApi } from '../access/declared.ts';
import { LINK_PREFIX, openInvoiceLink } from '../access/invoice-links.ts';
import { findSession, type Origin } from '../access/sessions.ts';
import { createSecretCheck } from '../access/tokens.ts';
import type { Clock } from '../clock.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { sessionToken } from './session-cookie.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route under `/v1` that is not public. */
    caller: Caller | null;
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

interface Doorkeeper {
  isAdminKey: (token: string) => boolean;
  postgres: Postgres;
  clock: Clock;
}

/** An `onRequest` hook. */
export function createAuthentication({
  adminKey,
  postgres,
  clock,
}: {
  adminKey: string;
  postgres: Postgres;
  clock: Clock;
}): (request: FastifyRequest) => Promise<void> {
  const door: Doorkeeper = { isAdminKey: createSecretCheck(adminKey), postgres, clock };
  return async (request) => {
    if (!isProtected(request)) return;
    const bearer = bearerToken(request.headers.authorization);
    const caller = bearer === undefined ? await callerBySession(door, request) : await callerByToken(door, request, bearer);
    requireAccess(request, caller);
    request.caller = caller;
  };
}

async function callerByToken(door: Doorkeeper, { ip: address }: FastifyRequest, token: string): Promise<Caller> {
  const { isAdminKey, postgres, clock } = door;
  if (isAdminKey(token)) return { name: 'admin key', address, means: 'key', keyId: null, role: 'admin' };
  if (token.startsWith(LINK_PREFIX)) {
    const linked = await openInvoiceLink(postgres, clock, token);
    if (linked === undefined)
      throw new ProblemError('invoice_link_invalid', 'This link has expired or was taken back. Ask whoever sent it for a new one.');
    const { linkId, invoice, customer } = linked;
    return { name: `link ${linkId}`, address, means: 'link', linkId, role: 'link', customer, invoice };
  }
  const answer = await useKey(postgres, clock, { key: token, address });
  if (answer.ok) {
    const { keyId, name, standing } = answer.key;
    return { name, address, means: 'key', keyId, ...standing };
  }
  await noteRefusedKey(postgres, clock, { address, answer });
  throw new ProblemError(
    'unauthenticated',
    answer.why === 'unknown'
      ? 'The API key is not valid.'
      : `The API key "${answer.name}" ${answer.why === 'expired' ? 'has expired' : 'was revoked'}; an administrator can make a new one.`,
  );
}

async function callerBySession({ postgres, clock }: Doorkeeper, request: FastifyRequest): Promise<Caller> {
  const token = sessionToken(request);
  const session = token === undefined ? undefined : await findSession(postgres, clock, token);
  if (session === undefined) throw new ProblemError('unauthenticated', 'Send "Authorization: Bearer <API key>", or sign in.');
  if (!SAFE_METHODS.has(request.method) && !isSameOrigin(request)) {
    throw new ProblemError('forbidden', 'A change signed in by cookie must come from this site itself. Scripts use an API key.');
  }
  const { sessionId, userId, name, standing, expiresAt } = session;
  return { name, address: request.ip, means: 'session', sessionId, userId, expiresAt, ...standing };
}

/** What is not for customers does not exist for them; staff and machines are told what they lack. */
function requireAccess(request: FastifyRequest, { name, role }: Caller): void {
  const access = request.routeOptions.config?.access;
  // No route matched: signed in, they may hear that there is none.
  if (access === undefined || access === 'public' || access.includes(role)) return;
  if (role === 'customer' || role === 'link') throw new ProblemError('not_found', `There is nothing at ${pathOf(request)}.`);
  const needed = access.filter((one) => one !== 'customer' && one !== 'link').join(' or ');
  throw new ProblemError('forbidden', `This is for the role ${needed}; ${name} has the role ${role}.`);
}

/** The caller of a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error(`${request.url} has no caller: the route is public`);
  return request.caller;
}

/** The same, as the audit log names them. */
export function actorOf(request: FastifyRequest): Actor {
  const { name, address } = callerOf(request);
  return { name, address };
}

/** Where a browser that signs in is, and what it calls itself. */
export function originOf({ ip, headers }: FastifyRequest): Origin {
  return { address: ip, userAgent: headers['user-agent'] ?? '' };
}

/** By the route that matched, because a path can be written in several ways; by the path where none did. */
function isProtected(request: FastifyRequest): boolean {
  if (request.routeOptions.config?.access === 'public') return false;
  return isApi(request.routeOptions.url ?? '') || isApi(pathOf(request));
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

/** Browsers send at least one of the two with every request that changes something, and pages cannot forge them. */
export function isSameOrigin(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const origin = request.headers.origin;
  if (origin === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === request.headers.host;
}

function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = /^Bearer +([^ ]+) *$/i.exec(header)?.[1];
  if (token === undefined) throw new ProblemError('unauthenticated', 'The Authorization header is not "Bearer <API key>".');
  return token;
}
