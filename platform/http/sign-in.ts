/** `/v1/session`: a one-time link becomes a session of the browser. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { Session, SignIn } from '../../schemas/http/operations.ts';
import type { Platform } from '../platform.ts';
import { callerOf, SESSION_COOKIE } from './authenticate.ts';
import type { HttpServer } from './http-server.ts';
import { endSession, redeemSignInLink, SESSION_LIFETIME_SECONDS } from './sessions.ts';

export { createSignInLink } from './sessions.ts';

const tags = ['session'];

/** `isSecure`: browsers reach this over https, and are to send the cookie over nothing else. */
export function registerSignIn(server: HttpServer, { postgres, clock }: Platform, { isSecure }: { isSecure: boolean }): void {
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure } as const;

  server.post('/v1/session', {
    config: { public: true },
    schema: {
      operationId: 'signIn',
      summary: 'Sign in with a one-time link',
      tags,
      security: [],
      body: SignIn,
      response: { 200: Session },
    },
    handler: async (request, reply) => {
      const redeemed = await redeemSignInLink(postgres, clock, request.body.token);
      if (redeemed === undefined) {
        throw new ProblemError(
          'sign_in_link_invalid',
          'This link was used before or has expired (it works once, for 24 hours). Restart the server to print a new one.',
        );
      }
      void reply.setCookie(SESSION_COOKIE, redeemed.token, { ...attributes, maxAge: SESSION_LIFETIME_SECONDS });
      return redeemed.session;
    },
  });

  server.get('/v1/session', {
    schema: { operationId: 'getSession', summary: 'Who is signed in', tags, response: { 200: Session } },
    handler: async (request) => {
      const { role, expiresAt } = callerOf(request);
      return { role, expiresAt };
    },
  });

  server.delete('/v1/session', {
    schema: { operationId: 'signOut', summary: 'Sign out', tags, response: { 204: Type.Null() } },
    handler: async (request, reply) => {
      const token = request.cookies[SESSION_COOKIE];
      if (token !== undefined) await endSession(postgres, token);
      return reply.clearCookie(SESSION_COOKIE, attributes).status(204).send(null);
    },
  });
}
