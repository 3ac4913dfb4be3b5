/** The cookie that names the session of a browser. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_LIFETIME_SECONDS } from '../access/sessions.ts';

export const SESSION_COOKIE = 'tallyline_session';

export interface SessionCookie {
  set(reply: FastifyReply, token: string): FastifyReply;
  clear(reply: FastifyReply): FastifyReply;
}

/**
 * `isSecure`: browsers reach this over https, and are to send the cookie over nothing else. Where nobody said so, the word of a proxy that is
 * trusted (`X-Forwarded-Proto`) does.
 */
export function createSessionCookie({ isSecure }: { isSecure: boolean }): SessionCookie {
  const attributesFor = ({ request }: FastifyReply) =>
    ({ path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure || request.protocol === 'https' }) as const;
  return {
    set: (reply, token) => reply.setCookie(SESSION_COOKIE, token, { ...attributesFor(reply), maxAge: SESSION_LIFETIME_SECONDS }),
    clear: (reply) => reply.clearCookie(SESSION_COOKIE, attributesFor(reply)),
  };
}

/** The token that the browser has, valid or not: whoever signs in again leaves that session. */
export function sessionToken(request: FastifyRequest): string | undefined {
  return request.cookies[SESSION_COOKIE] || undefined;
}
