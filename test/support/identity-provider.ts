/** A real identity provider (oidc-provider) over HTTP on this machine, and a browser that goes there and back. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

export const CLIENT = { clientId: 'tallyline', clientSecret: 'secret-of-the-client-of-the-tests' };

export interface Account {
  subject: string;
  email?: string;
  email_verified?: boolean;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** Whoever comes next is this one, and has agreed already. Undefined: they turn away. */
  account: Account | undefined;
  close(): Promise<void>;
}

/** `redirectUrl`: the one that the provider knows. */
export async function openIdentityProvider(redirectUrl: string): Promise<IdentityProvider> {
  const server: Server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const opened: IdentityProvider = {
    issuer,
    account: undefined,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const configuration: Configuration = {
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [redirectUrl],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    cookies: { keys: ['only-for-tests'] },
    findAccount: (_context, subject) => ({
      accountId: subject,
      claims: () => ({
        sub: subject,
        ...(opened.account?.subject === subject ? { email: opened.account.email, email_verified: opened.account.email_verified } : {}),
      }),
    }),
    interactions: { url: (_context, interaction) => `/decide/${interaction.uid}` },
  };
  const provider = new Provider(issuer, configuration);
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/decide/') === true) {
      decide(provider, opened, request, response).catch((error: unknown) => response.destroy(error as Error));
      return;
    }
    void callback(request, response);
  });
  return opened;
}

type Handler = Parameters<Server['emit']> extends never ? never : Parameters<ReturnType<Provider['callback']>>;

/** What a person would do on its pages: sign in and agree, or turn away. */
async function decide(provider: Provider, { account }: IdentityProvider, request: Handler[0], response: Handler[1]): Promise<void> {
  const { params, prompt } = await provider.interactionDetails(request, response);
  if (account === undefined) {
    await provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'turned away' });
    return;
  }
  if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId: account.subject } });
    return;
  }
  const grant = new provider.Grant({ accountId: account.subject, clientId: String(params['client_id']) });
  grant.addOIDCScope('openid email profile');
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

/** Follows the provider's redirects with its cookies until it sends the browser back; answers that address. */
export async function visitProvider(start: string, { issuer }: Pick<IdentityProvider, 'issuer'>): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(start);
  for (let hop = 0; hop < 12; hop += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split(/=(.*)/s);
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`the provider answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    url = new URL(location, url);
    if (url.origin !== new URL(issuer).origin) return url;
  }
  throw new Error('the provider goes round in circles');
}
