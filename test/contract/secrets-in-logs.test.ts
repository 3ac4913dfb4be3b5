/** Whatever is done with secrets, at the level that tells most, none of them is in the log. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOpenId } from '../../platform/access/openid.ts';
import { createLogger } from '../../platform/logger.ts';
import { createMailer } from '../../platform/mail/mailer.ts';
import type { UserLink } from '../../schemas/http/users.ts';
import { ADMIN_KEY, openTestApi, type TestApi } from '../support/api.ts';
import { CLIENT, type IdentityProvider, openIdentityProvider, visitProvider } from '../support/identity-provider.ts';
import { openMailServer, type TestMailServer } from '../support/mail-server.ts';
import { invite, openBrowser, PASSWORD, settle, signIn, standingClock, tokenOf } from '../support/people.ts';

const PUBLIC_URL = 'https://usage.example.com';
const REDIRECT_URL = `${PUBLIC_URL}/v1/oidc/callback`;
const MAIL_PASSWORD = 'password-of-the-mail-server';
const clock = standingClock();
const lines: string[] = [];
let api: TestApi;
let mail: TestMailServer;
let provider: IdentityProvider;
beforeAll(async () => {
  // Takes no password, so that what goes wrong is logged too.
  mail = await openMailServer({
    authOptional: false,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ password }, _session, callback) => callback(new Error(`not ${password}`)),
  });
  provider = await openIdentityProvider(REDIRECT_URL);
  const logger = createLogger({ level: 'trace', destination: { write: (line) => lines.push(line) } });
  const server = { ...mail.server, username: 'ada', password: MAIL_PASSWORD };
  api = await openTestApi({
    clock,
    logger,
    publicUrl: PUBLIC_URL,
    mailer: createMailer({ server, from: 'billing@example.com', logger }),
    openId: createOpenId({ issuer: provider.issuer, ...CLIENT, name: 'Login', redirectUrl: REDIRECT_URL }, clock),
  });
});
afterAll(async () => {
  await api?.close();
  await Promise.all([mail?.close(), provider?.close()]);
});

it('keys, passwords, tokens, cookies, codes and hashes are in no line of the log', async () => {
  const secrets = [
    ADMIN_KEY,
    PASSWORD,
    MAIL_PASSWORD,
    CLIENT.clientSecret,
    'a wrong password',
    'another good password',
    'tallyline_no-such-key',
  ];
  const oneTime = new URL(((await api.send('POST', '/v1/sign-in-links')).body as UserLink).url).searchParams.get('token') ?? '';
  const admin = openBrowser(api);
  for (let i = 0; i < 2; i += 1) await admin.call('POST', '/v1/session', { token: oneTime });
  const { user, browser } = await settle(api, { email: 'ada@example.com' });
  const { link } = await invite(api, { email: 'bob@example.com' });
  await signIn(api, 'ada@example.com', 'a wrong password');
  await browser.call('PUT', '/v1/session/password', { current: PASSWORD, password: 'another good password' });
  await browser.call('POST', '/v1/password-resets', { email: 'ada@example.com' });
  await browser.call('POST', '/v1/password', { token: tokenOf(link), password: 'short' });
  await openBrowser(api).call('GET', `/v1/session?token=${tokenOf(link)}`);
  await api.server.inject({ url: '/v1/session', headers: { authorization: 'Bearer tallyline_no-such-key' } });
  secrets.push(oneTime, tokenOf(link), ...[admin, browser].map((one) => one.session() ?? ''));

  provider.account = { subject: 'sub', email: 'ada@example.com', email_verified: true };
  const started = await api.server.inject({ url: '/v1/oidc/start' });
  const location = new URL(String(started.headers.location));
  const cookie = started.cookies[0]?.value ?? '';
  const back = await visitProvider(location.href, provider);
  const query = `${back.pathname}${back.search}`;
  const inside = await api.server.inject({ url: query, cookies: { tallyline_openid: cookie } });
  const session = inside.cookies.find(({ name }) => name === 'tallyline_session')?.value ?? '';
  // The second time the provider refuses, and the reason is logged.
  await api.server.inject({ url: query, cookies: { tallyline_openid: cookie } });
  secrets.push(
    cookie,
    session,
    back.searchParams.get('code') ?? '',
    location.searchParams.get('state') ?? '',
    location.searchParams.get('nonce') ?? '',
  );

  // And what fails on our side: the statement is in the log, its values are not.
  await api.platform.postgres.query('ALTER TABLE sessions RENAME TO sessions_gone');
  expect((await browser.call('GET', '/v1/session')).statusCode).toBe(500);
  expect((await signIn(api, 'ada@example.com', 'another good password')).response.statusCode).toBe(500);
  await api.platform.postgres.query('ALTER TABLE sessions_gone RENAME TO sessions');

  const { rows } = await api.platform.postgres.query<{ hash: string }>(
    'SELECT password_hash AS hash FROM users WHERE user_id = $1 UNION SELECT token_hash FROM sessions UNION SELECT secret FROM installation_secrets',
    [user.id],
  );
  secrets.push(...rows.map(({ hash }) => hash));
  expect(secrets.filter((secret) => secret.length < 8)).toEqual([]);
  const text = lines.join('');
  expect(text).toContain('"msg":"request"');
  expect(text).toContain('a mail was not sent');
  expect(text).toContain('nobody came in through the identity provider');
  expect(text).toContain('"level":"error"');
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
});
