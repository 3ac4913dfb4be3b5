/** `/v1/sessions`: where people are signed in; and a new link for an administrator who is locked out. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { writeAudit } from '../../platform/access/audit.ts';
import type { Caller } from '../../platform/access/caller.ts';
import { ADMIN, READERS } from '../../platform/access/roles.ts';
import { listSessions, takeSession, type Whose } from '../../platform/access/session-list.ts';
import { createSignInLink } from '../../platform/access/sign-in-links.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import { publicUrlOf } from '../../platform/http/public-url.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { BrowserSessionList, BrowserSessionsQuery, SignInLink } from '../../schemas/http/users.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['session'];

export function registerSessions(server: HttpServer, { postgres, clock }: Platform): void {
  server.get('/v1/sessions', {
    config: { access: READERS },
    schema: {
      operationId: 'listSessions',
      summary: 'Where you are signed in, newest first; for administrators also where others are',
      tags,
      querystring: BrowserSessionsQuery,
      response: { 200: BrowserSessionList },
    },
    handler: (request) => {
      const { user, ...page } = request.query;
      const caller = callerOf(request);
      const whose = askedFor(caller, user);
      const current = caller.means === 'session' ? caller.sessionId : undefined;
      return pageByNumber('session', page, async (at) => {
        const rows = whose === undefined ? [] : await listSessions(postgres, clock.now(), { whose, ...at });
        return rows.map((session) => ({ ...session, isCurrent: session.id === current }));
      });
    },
  });

  server.delete('/v1/sessions/:id', {
    config: { access: READERS },
    schema: {
      operationId: 'endSession',
      summary: "End a session: one of your own, or, for administrators, anybody's",
      tags,
      params: NumberParams,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const caller = callerOf(request);
      const by = actorOf(request);
      await postgres.transaction(async (transaction) => {
        const whose = caller.role === 'admin' ? 'everybody' : ownOf(caller);
        const ended = whose && (await takeSession(transaction, { whose, id }));
        if (ended === undefined) throw new ProblemError('not_found', `There is no session ${id}; GET /v1/sessions lists them.`);
        const subject = ended.user === null ? ended.name : `user/${ended.user}`;
        await writeAudit(transaction, {
          at: clock.now(),
          by,
          what: 'session.ended',
          subject,
          details: { session: id, address: ended.address },
        });
      });
      return reply.status(204).send(null);
    },
  });
}

/** The way back for an administrator who is locked out: whoever can read the key of the installation. */
export function registerSignInLinks(
  server: HttpServer,
  { postgres, clock }: Platform,
  { publicUrl }: { publicUrl?: string | undefined },
): void {
  server.post('/v1/sign-in-links', {
    config: { access: ADMIN },
    schema: {
      operationId: 'createSignInLink',
      summary: 'A link that signs in as administrator, once, within 24 hours; with the admin key only',
      tags,
      response: { 201: SignInLink },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      if (caller.means !== 'key' || caller.keyId !== null)
        throw new ProblemError(
          'forbidden',
          `This takes the admin key of the installation (TALLYLINE_ADMIN_KEY); ${caller.name} is signed in otherwise.`,
        );
      const by = actorOf(request);
      const base = publicUrlOf(request, publicUrl);
      const { token, expiresAt } = await postgres.transaction(async (transaction) => {
        const now = clock.now();
        await writeAudit(transaction, { at: now, by, what: 'sign-in-link.created', subject: 'admin' });
        return createSignInLink(transaction, now);
      });
      return reply.status(201).send({ url: `${base}/sign-in?token=${token}`, expiresAt });
    },
  });
}

/** Undefined for keys, which have no sessions. Throws `not_found` where it is none of the caller's business. */
function askedFor(caller: Caller, user: string | undefined): Whose | undefined {
  const own = ownOf(caller);
  if (user === undefined) return own;
  if (caller.role === 'admin') return user === 'all' ? 'everybody' : { userId: user };
  if (typeof own === 'object' && own.userId === user) return own;
  throw new ProblemError('not_found', `There is no user ${user}.`);
}

function ownOf(caller: Caller): Exclude<Whose, 'everybody'> | undefined {
  if (caller.means !== 'session') return undefined;
  return caller.userId === null ? 'link admin' : { userId: caller.userId };
}
