/** `/v1/password`: choosing a password by a link, and asking for one. For people who are not signed in. */
import { Type } from 'typebox';
import { PasswordChoice, PasswordLink, PasswordLinkToken, PasswordReset } from '../../schemas/http/users.ts';
import { takeAttempt } from '../access/attempts.ts';
import { writeAudit } from '../access/audit.ts';
import { choosePassword, linkInvalid } from '../access/password-sign-in.ts';
import { createUserLink, findUserLink } from '../access/user-links.ts';
import { findForReset } from '../access/users.ts';
import { sendUserLink } from '../mail/send-link.ts';
import { originOf } from './authenticate.ts';
import type { HttpServer } from './http-server.ts';
import { sessionToken } from './session-cookie.ts';
import type { SignInContext } from './sign-in-context.ts';

const tags = ['session'];
/** Each holds a connection to the mail server for seconds. Beyond it, a reset is dropped, and can be asked for again. */
const RESETS_AT_ONCE_MAX = 20;

export function registerPasswords(server: HttpServer, context: SignInContext): void {
  registerLinks(server, context);
  registerResets(server, context);
}

function registerLinks(server: HttpServer, { platform, door, cookie }: SignInContext): void {
  server.post('/v1/password/link', {
    config: { access: 'public' },
    schema: {
      operationId: 'readPasswordLink',
      summary: 'Whose password a link chooses; the link is not spent',
      tags,
      body: PasswordLinkToken,
      response: { 200: PasswordLink },
    },
    handler: async ({ body: { token } }) => {
      const link = await findUserLink(platform.postgres, platform.clock.now(), token);
      if (link === undefined) throw linkInvalid();
      return { email: link.email, purpose: link.purpose, expiresAt: link.expiresAt };
    },
  });

  server.post('/v1/password', {
    config: { access: 'public' },
    schema: {
      operationId: 'choosePassword',
      summary: 'Choose a password with a link, and sign in; all other sessions of the user end',
      tags,
      body: PasswordChoice,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      const who = { origin: originOf(request), replaces: sessionToken(request) };
      const token = await choosePassword(door, { ...request.body, ...who });
      return cookie.set(reply, token).status(204).send(null);
    },
  });
}

function registerResets(server: HttpServer, context: SignInContext): void {
  const { postgres, clock, logger } = context.platform;
  const running = new Set<Promise<void>>();
  // The stores close after the server.
  server.addHook('onClose', async () => {
    await Promise.all(running);
  });

  server.post('/v1/password-resets', {
    config: { access: 'public' },
    schema: {
      operationId: 'requestPasswordReset',
      summary: 'Have a link for a new password sent by mail',
      description:
        'Answered alike whether there is such a user or not. Without a mail server (GET /v1/sign-in: `resetByMail`) nothing is sent.',
      tags,
      body: PasswordReset,
      response: { 202: Type.Object({ detail: Type.String() }) },
    },
    handler: async (request, reply) => {
      const { address } = originOf(request);
      await takeAttempt(postgres, clock.now(), { kind: 'mail', email: request.body.email, address });
      if (running.size < RESETS_AT_ONCE_MAX) {
        // Once the answer is out: how long it took tells nothing.
        const work = sendReset(context, { email: request.body.email, address })
          .catch((error: unknown) => logger.error({ err: error }, 'a reset was not sent'))
          .finally(() => running.delete(work));
        running.add(work);
      } else {
        logger.warn({ running: running.size }, 'too many resets at once; one was dropped');
      }
      return reply.status(202).send({ detail: 'If there is a user with this address, a mail is on its way.' });
    },
  });
}

async function sendReset(
  { platform, mailer, publicUrl }: SignInContext,
  { email, address }: { email: string; address: string },
): Promise<void> {
  // The configuration sees to it that whoever sends mails says where the links lead.
  if (mailer === undefined || publicUrl === undefined) return;
  const user = await findForReset(platform.postgres, email);
  if (user === undefined) return;
  const link = await platform.postgres.transaction(async (transaction) => {
    const now = platform.clock.now();
    const made = await createUserLink(transaction, now, { userId: user.id, createdBy: user.email });
    await writeAudit(transaction, {
      at: now,
      // Anybody can ask for it.
      by: { name: 'unknown user', address },
      what: 'password.link-sent',
      subject: `user/${user.id}`,
      details: { purpose: made.purpose },
    });
    return made;
  });
  await sendUserLink(mailer, { user, link, publicUrl, createdBy: undefined });
}
