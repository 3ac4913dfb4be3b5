/**
 * Signing in through an identity provider: OpenID Connect, authorization code flow with PKCE, state and nonce. What has to be remembered
 * meanwhile is handed out as text, for the browser to keep (see sealed.ts): a request of a stranger leaves nothing behind here.
 */
import * as oidc from 'openid-client';
import { storableFault } from '../../core/storable-text.ts';
import type { OpenIdProblem } from '../../schemas/http/users.ts';

/** How the provider knows this installation; see config-access.ts. */
export interface OpenIdSettings {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** For the button: `Continue with …`. */
  name: string;
  /** Where the provider sends people back to. */
  redirectUrl: string;
}

/** Who the provider says it is. */
export interface ProvenIdentity {
  issuer: string;
  subject: string;
  email: string | undefined;
  isEmailVerified: boolean;
}

/** What must come back, or be known when it does. */
export interface OpenIdChecks {
  state: string;
  nonce: string;
  verifier: string;
}

export interface OpenId {
  readonly name: string;
  /** The provider's page, and what to keep until the person comes back. */
  begin(): Promise<{ url: string; checks: OpenIdChecks }>;
  /** `query`: of the address that the person came back to. */
  complete(query: URLSearchParams, checks: OpenIdChecks): Promise<ProvenIdentity>;
}

/** Why nobody came in; `cause` is for the log. */
export class OpenIdError extends Error {
  readonly problem: OpenIdProblem;

  constructor(problem: OpenIdProblem, cause?: unknown) {
    super(problem, { cause });
    this.name = 'OpenIdError';
    this.problem = problem;
  }
}

/** A person waits in front of a blank page. */
const ANSWER_SECONDS_MAX = 8;
/** Providers change their endpoints over months; keys are fetched anew where one is unknown. */
const DISCOVERED_FOR_MS = 3_600_000;

export function createOpenId(settings: OpenIdSettings, clock: { monotonicMs(): number }): OpenId {
  const provider = discoverOnce(settings, clock);
  return {
    name: settings.name,
    async begin() {
      const checks = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
      const url = oidc.buildAuthorizationUrl(await provider(), {
        redirect_uri: settings.redirectUrl,
        scope: 'openid email profile',
        code_challenge: await oidc.calculatePKCECodeChallenge(checks.verifier),
        code_challenge_method: 'S256',
        state: checks.state,
        nonce: checks.nonce,
      });
      return { url: url.href, checks };
    },
    async complete(query, checks) {
      if (query.get('state') !== checks.state) throw new OpenIdError('sign_in_expired');
      const client = await provider();
      try {
        return await redeem(client, settings, { query, checks });
      } catch (error) {
        throw new OpenIdError(isUnavailable(error) ? 'provider_unavailable' : 'provider_refused', error);
      }
    },
  };
}

async function redeem(
  client: oidc.Configuration,
  { redirectUrl, issuer }: OpenIdSettings,
  { query, checks }: { query: URLSearchParams; checks: OpenIdChecks },
): Promise<ProvenIdentity> {
  const tokens = await oidc.authorizationCodeGrant(client, new URL(`${redirectUrl}?${query.toString()}`), {
    expectedState: checks.state,
    expectedNonce: checks.nonce,
    pkceCodeVerifier: checks.verifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (claims === undefined) throw new Error('the answer has no ID token');
  // The address may stand in the ID token, or be had with the access token only (OpenID Connect Core, 5.4).
  const person = claims['email'] === undefined ? await oidc.fetchUserInfo(client, tokens.access_token, claims.sub) : claims;
  const identity = {
    issuer: client.serverMetadata().issuer || issuer,
    subject: claims.sub,
    email: typeof person['email'] === 'string' ? person['email'] : undefined,
    isEmailVerified: person['email_verified'] === true,
  };
  const fault = storableFault(identity);
  if (fault) throw new Error(`the ${fault.path} ${fault.message}`);
  return identity;
}

/** Asked for when somebody comes, not at start: Tallyline starts also while the provider is away. */
function discoverOnce(settings: OpenIdSettings, clock: { monotonicMs(): number }): () => Promise<oidc.Configuration> {
  let found: { client: Promise<oidc.Configuration>; atMs: number } | undefined;
  return async () => {
    if (found === undefined || clock.monotonicMs() - found.atMs > DISCOVERED_FOR_MS)
      found = { client: discover(settings), atMs: clock.monotonicMs() };
    try {
      return await found.client;
    } catch (error) {
      // The next one asks again.
      found = undefined;
      throw new OpenIdError('provider_unavailable', error);
    }
  };
}

function discover({ issuer, clientId, clientSecret }: OpenIdSettings): Promise<oidc.Configuration> {
  const url = new URL(issuer);
  // config-access.ts takes http for this machine only.
  const execute = url.protocol === 'http:' ? [oidc.allowInsecureRequests] : [];
  return oidc.discovery(url, clientId, undefined, clientAuthentication(clientSecret), { execute, timeout: ANSWER_SECONDS_MAX });
}

/** In the header, unless the provider says that it takes it in the body only (OpenID Connect Discovery, 3). */
function clientAuthentication(secret: string): oidc.ClientAuth {
  const basic = oidc.ClientSecretBasic(secret);
  const post = oidc.ClientSecretPost(secret);
  return (provider, client, body, headers) => {
    const methods = provider.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    (methods.includes('client_secret_basic') ? basic : post)(provider, client, body, headers);
  };
}

/** No answer, or one of a server in trouble; everything else is a refusal. */
function isUnavailable(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current.name === 'TimeoutError' || current.name === 'AbortError') return true;
    if (current.message === 'fetch failed') return true;
    if (current instanceof oidc.ResponseBodyError || current instanceof oidc.AuthorizationResponseError) return false;
    if ('code' in current && current.code === 'OAUTH_RESPONSE_IS_NOT_CONFORM') return isServerFault(current.cause);
    if ('code' in current && current.code === 'OAUTH_TIMEOUT') return true;
  }
  return false;
}

function isServerFault(cause: unknown): boolean {
  return cause instanceof Response && cause.status >= 500;
}
