/** `/v1/session`: how a browser comes in, who it is, and how it leaves. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { Session, SignIn } from '../../schemas/http/access.ts';
import { PasswordChange, SignInWays } from '../../schemas/http/users.ts';
import { writeAudit } from '../access/audit.ts';
import { changePassword, noteOpened, signInByPassword } from '../access/password-sign-in.ts';
import { createPasswords } from '../access/passwords.ts';
import { EVERYBODY, READERS } from '../access/roles.ts';
import { endSession, LINK_ADMIN, openSession } from '../access/sessions.ts';
import { spendSignInLink } from '../access/sign-in-links.ts';
import type { Platform } from '../platform.ts';
import { actorOf, callerOf, originOf } from './authenticate.ts';
import type { HttpServer } from './http-server.ts';
import { registerOpenIdSignIn } from './openid-sign-in.ts';
import { registerPasswords } from './passwords.ts';
import { isHttps } from './public-url.ts';
import { createSessionCookie, sessionToken } from './session-cookie.ts';
import type { SignInContext, SignInMeans } from './sign-in-context.ts';

const tags = ['session'];

export function registerSignIn(server: HttpServer, platform: Platform, means: SignInMeans): void {
  const isSecure = isHttps(means.publicUrl);
  const door = { postgres: platform.postgres, clock: platform.clock, passwords: createPasswords() };
  const context: SignInContext = { ...means, platform, door, cookie: createSessionCookie({ isSecure }), isSecure };
  registerSession(server, context);
  registerOwnPassword(server, context);
  registerPasswords(server, context);
  registerOpenIdSignIn(server, context);
}

function registerSession(server: HttpServer, context: SignInContext): void {
  const { platform, cookie, door, mailer, openId } = context;

  server.get('/v1/sign-in', {
    config: { access: 'public' },
    schema: { operationId: 'getSignInWays', summary: 'In which ways one can sign in', tags, response: { 200: SignInWays } },
    handler: async () => ({
      password: true,
      openId: openId === undefined ? null : { name: openId.name },
      resetByMail: mailer !== undefined,
    }),
  });

  server.post('/v1/session', {
    config: { access: 'public' },
    schema: {
      operationId: 'signIn',
      summary: 'Sign in with an e-mail address and a password, or with a one-time link',
      description: 'After ten wrong passwords for one address in 15 minutes, all are refused until those are over (429).',
      tags,
      body: SignIn,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      const { body } = request;
      const who = { origin: originOf(request), replaces: sessionToken(request) };
      const token = 'token' in body ? await signInByLink(platform, request, body.token) : await signInByPassword(door, { ...body, ...who });
      return cookie.set(reply, token).status(204).send(null);
    },
  });

  server.get('/v1/session', {
    config: { access: EVERYBODY },
    schema: { operationId: 'getSession', summary: 'Who is signed in', tags, response: { 200: Session } },
    handler: async (request) => {
      const caller = callerOf(request);
      return {
        name: caller.name,
        role: caller.role,
        customer: 'customer' in caller ? caller.customer : null,
        invoice: 'invoice' in caller ? caller.invoice : null,
        expiresAt: caller.means === 'session' ? caller.expiresAt : null,
      };
    },
  });

  server.delete('/v1/session', {
    config: { access: EVERYBODY },
    schema: { operationId: 'signOut', summary: 'Sign out', tags, response: { 204: Type.Null() } },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      if (caller.means === 'session') await signOut(platform, request, caller);
      return cookie.clear(reply).status(204).send(null);
    },
  });
}

function registerOwnPassword(server: HttpServer, { door, cookie }: SignInContext): void {
  server.put('/v1/session/password', {
    config: { access: READERS },
    schema: {
      operationId: 'changePassword',
      summary: 'Change your own password; all your other sessions end',
      tags,
      body: PasswordChange,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      if (caller.means !== 'session' || caller.userId === null)
        throw new ProblemError('conflict', `${caller.name} is no person with a password. Sign in as one.`);
      const who = { userId: caller.userId, email: caller.name, origin: originOf(request) };
      const token = await changePassword(door, { ...request.body, ...who });
      return cookie.set(reply, token).status(204).send(null);
    },
  });
}

/** The token of a new session. */
function signInByLink({ postgres, clock }: Platform, request: FastifyRequest, link: string): Promise<string> {
  return postgres.transaction(async (transaction) => {
    const now = clock.now();
    if (!(await spendSignInLink(transaction, now, link)))
      throw new ProblemError(
        'sign_in_link_invalid',
        'This link was used before or has expired (it works once, for 24 hours). Get a new one with the command "sign-in-link".',
      );
    const origin = originOf(request);
    const token = await openSession(transaction, now, { userId: null, origin, replaces: sessionToken(request) });
    await noteOpened(transaction, now, { userId: null, name: LINK_ADMIN, address: origin.address, by: 'link' });
    return token;
  });
}

async function signOut(
  { postgres, clock }: Platform,
  request: FastifyRequest,
  { sessionId, userId }: { sessionId: string; userId: string | null },
): Promise<void> {
  const by = actorOf(request);
  await postgres.transaction(async (transaction) => {
    await endSession(transaction, sessionId);
    await writeAudit(transaction, {
      at: clock.now(),
      by,
      what: 'session.ended',
      subject: userId === null ? by.name : `user/${userId}`,
      details: { by: 'sign-out' },
    });
  });
}
