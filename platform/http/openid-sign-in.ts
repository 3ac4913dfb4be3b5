/** `/v1/oidc`: to the identity provider and back. What is remembered meanwhile is in a cookie that only this installation can open. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { OpenIdStartQuery } from '../../schemas/http/users.ts';
import { readInstallationSecret } from '../access/installation-secret.ts';
import { type OpenId, type OpenIdChecks, OpenIdError } from '../access/openid.ts';
import { localPath, signInByIdentity } from '../access/openid-sign-in.ts';
import { openSealed, type Seal, sealText } from '../access/sealed.ts';
import { originOf } from './authenticate.ts';
import type { HttpServer } from './http-server.ts';
import { sessionToken } from './session-cookie.ts';
import type { SignInContext } from './sign-in-context.ts';

const COOKIE = 'tallyline_openid';
/** Finding the second factor takes a while. */
const SIGN_IN_MS_MAX = 10 * 60 * 1000;
const tags = ['session'];

interface Journey extends OpenIdChecks {
  /** Local path to go to. */
  to: string;
  /** Milliseconds since 1970. */
  expiresAtMs: number;
}

export function registerOpenIdSignIn(server: HttpServer, context: SignInContext): void {
  const { platform, openId, cookie, isSecure } = context;
  const attributes = { path: '/v1/oidc', httpOnly: true, sameSite: 'lax', secure: isSecure } as const;
  const provider = (): OpenId => {
    if (openId === undefined) throw new ProblemError('not_found', 'No identity provider is set up here (TALLYLINE_OIDC_ISSUER).');
    return openId;
  };

  server.get('/v1/oidc/start', {
    config: { access: 'public' },
    schema: {
      operationId: 'startOpenId',
      summary: 'To the page of the identity provider',
      tags,
      querystring: OpenIdStartQuery,
      response: { 302: Type.Null() },
    },
    handler: async (request, reply) => {
      const to = localPath(request.query.to);
      try {
        const { url, checks } = await provider().begin();
        const journey: Journey = { ...checks, to, expiresAtMs: platform.clock.now().getTime() + SIGN_IN_MS_MAX };
        const sealed = sealText(await readSeal(context), JSON.stringify(journey));
        return await reply.setCookie(COOKIE, sealed, { ...attributes, maxAge: SIGN_IN_MS_MAX / 1000 }).redirect(url, 302);
      } catch (error) {
        return refuse(request, reply, error);
      }
    },
  });

  server.get('/v1/oidc/callback', {
    config: { access: 'public' },
    schema: {
      operationId: 'finishOpenId',
      summary: 'Where the identity provider sends people back to',
      description: 'Goes on to where the person wanted, or to `/sign-in?problem=…`.',
      tags,
      // Providers add what they like.
      querystring: Type.Object({}, { additionalProperties: true }),
      response: { 302: Type.Null() },
    },
    handler: async (request, reply) => {
      // Whatever comes of it: one answer of the provider is looked at once.
      void reply.clearCookie(COOKIE, attributes);
      try {
        const journey = await readJourney(context, request.cookies[COOKIE]);
        const query = new URLSearchParams(request.url.split('?').slice(1).join('?'));
        const identity = await provider().complete(query, journey);
        const token = await signInByIdentity(context.door, { identity, origin: originOf(request), replaces: sessionToken(request) });
        return await cookie.set(reply, token).redirect(journey.to, 302);
      } catch (error) {
        return refuse(request, reply, error);
      }
    },
  });
}

async function readSeal({ platform }: SignInContext): Promise<Seal> {
  return { secret: await readInstallationSecret(platform.postgres, 'openid'), purpose: 'openid journey' };
}

async function readJourney(context: SignInContext, sealed: string | undefined): Promise<Journey> {
  const opened = sealed === undefined ? undefined : openSealed(await readSeal(context), sealed);
  const journey = opened === undefined ? undefined : (JSON.parse(opened) as Journey);
  if (journey === undefined || journey.expiresAtMs <= context.platform.clock.now().getTime()) throw new OpenIdError('sign_in_expired');
  return journey;
}

/** The person is a browser that was sent here: it gets a page that says so, and the log the reason. */
function refuse(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof OpenIdError)) throw error;
  if (error.cause !== undefined)
    request.log.warn({ problem: error.problem, why: reasonOf(error.cause) }, 'nobody came in through the identity provider');
  return reply.redirect(`/sign-in?problem=${error.problem}`, 302);
}

/** Names of errors only: their causes hold requests and answers, with the secret and the tokens. */
function reasonOf(cause: unknown): string {
  const names: string[] = [];
  for (let current = cause; current instanceof Error && names.length < 4; current = current.cause) {
    const code = 'error' in current ? current.error : 'code' in current ? current.code : undefined;
    names.push([current.name, typeof code === 'string' ? code : undefined, current.message].filter(Boolean).join(' '));
  }
  return names.join(' < ');
}
