/** `/v1/users`: who may come in, as what. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { writeAudit } from '../../platform/access/audit.ts';
import { ADMIN } from '../../platform/access/roles.ts';
import { endSessionsOf } from '../../platform/access/sessions.ts';
import { createUserLink, dropUserLinks } from '../../platform/access/user-links.ts';
import { findUser, insertUser, listUsers, requireAnotherAdmin, updateUser, type UserState } from '../../platform/access/users.ts';
import { actorOf } from '../../platform/http/authenticate.ts';
import { publicUrlOf } from '../../platform/http/public-url.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Mailer } from '../../platform/mail/mailer.ts';
import { sendUserLink } from '../../platform/mail/send-link.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { InvitedUser, User, UserChange, UserInput, UserLink, UserList, UsersQuery } from '../../schemas/http/users.ts';
import { fieldProblem } from '../field-problem.ts';
import { requireCustomerOfRole } from '../user-checks.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['users'];

/** What links to this installation are made with; without a mailer they are shown only. */
export interface LinkMeans {
  /** Where browsers reach this; undefined: where the request came to. No slash at the end. */
  publicUrl?: string | undefined;
  mailer?: Mailer | undefined;
}

export function registerUsers(server: HttpServer, platform: Platform, means: LinkMeans): void {
  registerReading(server, platform);
  registerInviting(server, platform, means);
  registerChanging(server, platform);
}

function registerReading(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/users', {
    config: { access: ADMIN },
    schema: {
      operationId: 'listUsers',
      summary: 'People, newest first',
      tags,
      querystring: UsersQuery,
      response: { 200: UserList },
    },
    handler: ({ query }) => pageByNumber('user', query, (at) => listUsers(postgres, at)),
  });

  server.get('/v1/users/:id', {
    config: { access: ADMIN },
    schema: { operationId: 'getUser', summary: 'One user', tags, params: NumberParams, response: { 200: User } },
    handler: async ({ params: { id } }) => (await findUser(postgres, id)) ?? noSuchUser(id),
  });
}

function registerInviting(server: HttpServer, { postgres, clock }: Platform, { publicUrl, mailer }: LinkMeans): void {
  server.post('/v1/users', {
    config: { access: ADMIN },
    schema: {
      operationId: 'inviteUser',
      summary: 'Invite somebody',
      description:
        'Answers the link with which they choose a password, once, within seven days; it is mailed too where a mail server is set up.',
      tags,
      body: UserInput,
      response: { 201: InvitedUser },
    },
    handler: async (request, reply) => {
      const by = actorOf(request);
      const base = publicUrlOf(request, publicUrl);
      const { customer = null, ...input } = request.body;
      const { user, made } = await postgres.transaction(async (transaction) => {
        const now = clock.now();
        await requireCustomerOfRole(transaction, { role: input.role, customer });
        const invited = await insertUser(transaction, now, { ...input, customer, createdBy: by.name });
        if (invited === undefined)
          throw fieldProblem(
            'conflict',
            'email',
            `${input.email} is a user already; GET /v1/users lists them, and POST /v1/users/{id}/links makes a new link`,
          );
        const details = { email: invited.email, name: invited.name, role: invited.role, customer: invited.customer };
        await writeAudit(transaction, { at: now, by, what: 'user.invited', subject: `user/${invited.id}`, details });
        return { user: invited, made: await createUserLink(transaction, now, { userId: invited.id, createdBy: by.name }) };
      });
      const link = await sendUserLink(mailer, { user, link: made, publicUrl: base, createdBy: by.name });
      return reply.status(201).send({ user, link });
    },
  });

  server.post('/v1/users/:id/links', {
    config: { access: ADMIN },
    schema: {
      operationId: 'createUserLink',
      summary: 'A new link to choose a password; those before it end',
      description:
        'An invitation (seven days) while there is no password, else a reset (24 hours). Mailed too where a mail server is set up.',
      tags,
      params: NumberParams,
      response: { 201: UserLink },
    },
    handler: async (request, reply) => {
      const by = actorOf(request);
      const base = publicUrlOf(request, publicUrl);
      const { id } = request.params;
      const { user, made } = await postgres.transaction(async (transaction) => {
        const now = clock.now();
        const found = (await findUser(transaction, id, { lock: true })) ?? noSuchUser(id);
        if (found.status === 'disabled') throw new ProblemError('conflict', `${found.email} is disabled. Enable them before.`);
        const link = await createUserLink(transaction, now, { userId: id, createdBy: by.name });
        await writeAudit(transaction, {
          at: now,
          by,
          what: 'password.link-created',
          subject: `user/${id}`,
          details: { purpose: link.purpose },
        });
        return { user: found, made: link };
      });
      const link = await sendUserLink(mailer, { user, link: made, publicUrl: base, createdBy: by.name });
      return reply.status(201).send(link);
    },
  });
}

function registerChanging(server: HttpServer, platform: Platform): void {
  server.patch('/v1/users/:id', {
    config: { access: ADMIN },
    schema: {
      operationId: 'changeUser',
      summary: 'Change name, role or customer, disable, or enable again',
      description: 'With another role or customer, or disabled, all their sessions end at once.',
      tags,
      params: NumberParams,
      body: UserChange,
      response: { 200: User },
    },
    handler: async (request) => changeUser(platform, request, request.params.id, request.body),
  });

  server.delete('/v1/users/:id', {
    config: { access: ADMIN },
    schema: {
      operationId: 'disableUser',
      summary: 'Disable somebody; what they did keeps their name',
      tags,
      params: NumberParams,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      await changeUser(platform, request, request.params.id, { disabled: true });
      return reply.status(204).send(null);
    },
  });
}

function changeUser({ postgres, clock }: Platform, request: FastifyRequest, id: string, change: UserChange): Promise<User> {
  const by = actorOf(request);
  return postgres.transaction(async (transaction) => {
    const now = clock.now();
    // Before the row itself, so that all who change administrators lock in one order.
    if (change.disabled === true || (change.role !== undefined && change.role !== 'admin')) await requireAnotherAdmin(transaction, id);
    const user = (await findUser(transaction, id, { lock: true })) ?? noSuchUser(id);
    const was: UserState = { name: user.name, role: user.role, customer: user.customer, isDisabled: user.status === 'disabled' };
    const to = changed(was, change);
    const details = differences(was, to);
    if (Object.keys(details).length === 0) return user;
    if (to.role !== was.role || to.customer !== was.customer) await requireCustomerOfRole(transaction, to);
    const updated = await updateUser(transaction, now, { id, by: by.name, to });
    await endWhatHasChanged(transaction, id, { was, to });
    const what = to.isDisabled && !was.isDisabled ? 'user.disabled' : 'user.changed';
    await writeAudit(transaction, { at: now, by, what, subject: `user/${id}`, details });
    return updated;
  });
}

/** Who becomes something else than a customer has none; who becomes another customer's has to be told whose. */
function changed(was: UserState, { name = was.name, role = was.role, customer, disabled = was.isDisabled }: UserChange): UserState {
  const kept = role === 'customer' ? was.customer : null;
  return { name, role, customer: customer === undefined ? kept : customer, isDisabled: disabled };
}

/** With other rights comes another token: what was taken from a browser before is worth nothing. */
async function endWhatHasChanged(transaction: Transaction, id: string, { was, to }: { was: UserState; to: UserState }): Promise<void> {
  if (to.isDisabled || to.role !== was.role || to.customer !== was.customer) await endSessionsOf(transaction, id);
  if (to.isDisabled) await dropUserLinks(transaction, id);
}

function differences(was: UserState, to: UserState): Record<string, { from: unknown; to: unknown }> {
  const names = ['name', 'role', 'customer', 'isDisabled'] as const;
  return Object.fromEntries(names.filter((name) => was[name] !== to[name]).map((name) => [name, { from: was[name], to: to[name] }]));
}

function noSuchUser(id: string): never {
  throw new ProblemError('not_found', `There is no user ${id}; GET /v1/users lists them.`);
}
