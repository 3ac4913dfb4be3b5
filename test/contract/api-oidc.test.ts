/** Signing in through an identity provider: a real one, over HTTP. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOpenId, type OpenId } from '../../platform/access/openid.ts';
import type { User, UserLink } from '../../schemas/http/users.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { CLIENT, type IdentityProvider, openIdentityProvider, visitProvider } from '../support/identity-provider.ts';
import { audited, invite, openBrowser, PASSWORD, settle, standingClock, tokenOf } from '../support/people.ts';

const PUBLIC_URL = 'https://usage.example.com';
const REDIRECT_URL = `${PUBLIC_URL}/v1/oidc/callback`;
const clock = standingClock();
let api: TestApi;
let provider: IdentityProvider;
/** The one that is asked; tests put another one in its place. */
let openId: OpenId;

const openIdAt = (issuer: string) => createOpenId({ issuer, ...CLIENT, name: 'Example Login', redirectUrl: REDIRECT_URL }, clock);

beforeAll(async () => {
  provider = await openIdentityProvider(REDIRECT_URL);
  const name = 'Example Login';
  api = await openTestApi({
    clock,
    publicUrl: PUBLIC_URL,
    openId: { name, begin: () => openId.begin(), complete: (query, checks) => openId.complete(query, checks) },
  });
});
afterAll(async () => {
  await api?.close();
  await provider?.close();
});
beforeEach(async () => {
  openId = openIdAt(provider.issuer);
  provider.account = { subject: 'sub-ada', email: 'ada@example.com', email_verified: true };
  await api.platform.postgres.query('TRUNCATE users, sessions, user_links CASCADE');
});

interface Started {
  location: string;
  /** Of the journey. */
  cookie: string;
}

async function start(to = '/invoices?status=final'): Promise<Started> {
  const response = await api.server.inject({ url: `/v1/oidc/start?to=${encodeURIComponent(to)}` });
  expect(response.statusCode).toBe(302);
  const cookie = response.cookies.find(({ name }) => name === 'tallyline_openid');
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', secure: true, path: '/v1/oidc', maxAge: 600 });
  return { location: String(response.headers.location), cookie: cookie?.value ?? '' };
}

/** The browser comes back to the address that the provider sent it to. */
async function comeBack(url: URL, cookie: string | undefined, session?: string) {
  const cookies = {
    ...(cookie === undefined ? {} : { tallyline_openid: cookie }),
    ...(session === undefined ? {} : { tallyline_session: session }),
  };
  const response = await api.server.inject({ url: `${url.pathname}${url.search}`, cookies });
  expect(response.statusCode).toBe(302);
  return {
    to: String(response.headers.location),
    session: response.cookies.find(({ name }) => name === 'tallyline_session'),
    dropped: response.cookies.find(({ name }) => name === 'tallyline_openid')?.value === '',
  };
}

async function goThere(to?: string) {
  const { location, cookie } = await start(to);
  return comeBack(await visitProvider(location, provider), cookie);
}

describe('an invited person', () => {
  it('comes in, is linked, and goes on to where they wanted', async () => {
    const { user, link } = await invite(api, { email: 'ada@example.com', role: 'admin' });
    const { to, session, dropped } = await goThere();
    expect([to, dropped]).toEqual(['/invoices?status=final', true]);
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', secure: true, path: '/' });
    const browser = openBrowser(api, { session: session?.value });
    expect((await browser.call('GET', '/v1/session')).json()).toMatchObject({ name: 'ada@example.com', role: 'admin' });
    expect((await api.get(`/v1/users/${user.id}`)).body).toMatchObject({ status: 'active' });
    expect((await openBrowser(api).call('POST', '/v1/password', { token: tokenOf(link), password: PASSWORD })).statusCode).toBe(401);
    expect((await audited(api, `user/${user.id}`)).map(({ what, details }) => [what, details]).slice(1)).toEqual([
      ['user.linked', { issuer: provider.issuer, subject: 'sub-ada' }],
      ['session.opened', { by: 'identity provider' }],
    ]);
  });

  it('comes in later with another address, because the provider says who it is', async () => {
    const { user } = await invite(api, { email: 'ada@example.com' });
    await goThere();
    provider.account = { subject: 'sub-ada', email: 'ada.lovelace@example.com', email_verified: false };
    const { session } = await goThere();
    expect((await openBrowser(api, { session: session?.value }).call('GET', '/v1/session')).json()).toMatchObject({
      name: 'ada@example.com',
    });
    expect((await audited(api, `user/${user.id}`)).filter(({ what }) => what === 'user.linked')).toHaveLength(1);
  });

  it('who comes in that way only gets no password by mail, and one with a link of an administrator', async () => {
    const { user } = await invite(api, { email: 'ada@example.com' });
    await goThere();
    const link = (await api.send('POST', `/v1/users/${user.id}/links`)).body as UserLink;
    const browser = openBrowser(api);
    expect((await browser.call('POST', '/v1/password/link', { token: tokenOf(link) })).json()).toMatchObject({ purpose: 'invitation' });
    expect((await browser.call('POST', '/v1/password', { token: tokenOf(link), password: PASSWORD })).statusCode).toBe(204);
  });

  it('is offered the provider by its name', async () => {
    expect((await openBrowser(api).call('GET', '/v1/sign-in')).json()).toEqual({
      password: true,
      openId: { name: 'Example Login' },
      resetByMail: false,
    });
  });

  it('leaves the session that the browser had', async () => {
    const { browser } = await settle(api, { email: 'ada@example.com' });
    const { location, cookie } = await start();
    const { session } = await comeBack(await visitProvider(location, provider), cookie, browser.session());
    expect(session?.value).not.toBe(browser.session());
    expect((await browser.call('GET', '/v1/session')).statusCode).toBe(401);
  });
});

describe('nobody comes in', () => {
  const refused = (problem: string) => ({ to: `/sign-in?problem=${problem}`, session: undefined, dropped: true });

  it('who was not invited, and none is made', async () => {
    await invite(api, { email: 'bob@example.com' });
    expect(await goThere()).toEqual(refused('unknown_user'));
    expect(((await api.get('/v1/users')).body as { items: User[] }).items.map(({ email }) => email)).toEqual(['bob@example.com']);
    expect((await audited(api)).at(-1)).toMatchObject({
      what: 'session.refused',
      details: { why: 'unknown_user', subject: 'sub-ada', email: 'ada@example.com' },
    });
  });

  it.each([{ email_verified: false }, {}])('whose address the provider does not vouch for: %j', async (claims) => {
    await invite(api, { email: 'ada@example.com' });
    provider.account = { subject: 'sub-ada', email: 'ada@example.com', ...claims };
    expect(await goThere()).toEqual(refused('unverified_email'));
  });

  it('of whom the provider tells no address', async () => {
    await invite(api, { email: 'ada@example.com' });
    provider.account = { subject: 'sub-ada' };
    expect(await goThere()).toEqual(refused('unknown_user'));
  });

  it('who got the address of somebody that is linked', async () => {
    await invite(api, { email: 'ada@example.com' });
    await goThere();
    provider.account = { subject: 'sub-other', email: 'ada@example.com', email_verified: true };
    expect(await goThere()).toEqual(refused('unknown_user'));
  });

  it('who was disabled, linked or not', async () => {
    const { user } = await invite(api, { email: 'ada@example.com' });
    await api.send('DELETE', `/v1/users/${user.id}`);
    expect(await goThere()).toEqual(refused('user_disabled'));
    await api.server.inject({
      method: 'PATCH',
      url: `/v1/users/${user.id}`,
      headers: { authorization: 'Bearer a-key-of-the-tests-only' },
      payload: { disabled: false },
    });
    expect((await goThere()).session).toBeDefined();
    await api.send('DELETE', `/v1/users/${user.id}`);
    expect(await goThere()).toEqual(refused('user_disabled'));
  });

  it('who turns away at the provider, or has an address that no store can keep', async () => {
    provider.account = { subject: 'sub-ada', email: 'ada\0@example.com', email_verified: true };
    expect(await goThere()).toEqual(refused('provider_refused'));
    provider.account = undefined;
    expect(await goThere()).toEqual(refused('provider_refused'));
  });

  it('with another state, with none, without the cookie, with one that was changed or is of another journey', async () => {
    await invite(api, { email: 'ada@example.com' });
    const { location, cookie } = await start();
    const other = await start();
    const back = await visitProvider(location, provider);
    const changed = new URL(back);
    changed.searchParams.set('state', 'made-up');
    const without = new URL(back);
    without.searchParams.delete('state');
    const bent = `${cookie.slice(0, -2)}${cookie.endsWith('A') ? 'BB' : 'AA'}`;
    for (const [url, held] of [
      [changed, cookie],
      [without, cookie],
      [back, undefined],
      [back, bent],
      [back, 'abc'],
      [back, other.cookie],
    ] as const)
      expect(await comeBack(url, held)).toEqual(refused('sign_in_expired'));
  });

  it('with an answer that was used, not even with the cookie', async () => {
    await invite(api, { email: 'ada@example.com' });
    const { location, cookie } = await start();
    const back = await visitProvider(location, provider);
    expect((await comeBack(back, cookie)).session).toBeDefined();
    expect(await comeBack(back, undefined)).toEqual(refused('sign_in_expired'));
    expect(await comeBack(back, cookie)).toEqual(refused('provider_refused'));
  });

  it('with a code of somebody else: it belongs to another journey', async () => {
    await invite(api, { email: 'ada@example.com' });
    const mine = await start();
    const theirs = await start();
    const stolen = (await visitProvider(theirs.location, provider)).searchParams.get('code') ?? '';
    const back = await visitProvider(mine.location, provider);
    back.searchParams.set('code', stolen);
    expect(await comeBack(back, mine.cookie)).toEqual(refused('provider_refused'));
  });

  it('who took more than ten minutes', async () => {
    await invite(api, { email: 'ada@example.com' });
    const { location, cookie } = await start();
    const back = await visitProvider(location, provider);
    clock.pass(600_000);
    expect(await comeBack(back, cookie)).toEqual(refused('sign_in_expired'));
    clock.pass(-600_000);
  });

  it('while the provider is away, before and after, and everybody when it is back', async () => {
    await invite(api, { email: 'ada@example.com' });
    const away = createServer();
    away.listen(0, '127.0.0.1');
    await once(away, 'listening');
    const { port } = away.address() as AddressInfo;
    away.close();
    await once(away, 'close');
    const { location, cookie } = await start();
    const back = await visitProvider(location, provider);
    openId = openIdAt(`http://127.0.0.1:${port}`);
    const response = await api.server.inject({ url: '/v1/oidc/start' });
    expect([response.statusCode, response.headers.location]).toEqual([302, '/sign-in?problem=provider_unavailable']);
    expect(await comeBack(back, cookie)).toEqual(refused('provider_unavailable'));
    openId = openIdAt(provider.issuer);
    expect((await goThere()).session).toBeDefined();
  });

  it('while the provider answers with errors', async () => {
    const broken = createServer((_request, response) => response.writeHead(503).end('<h1>down</h1>'));
    broken.listen(0, '127.0.0.1');
    await once(broken, 'listening');
    openId = openIdAt(`http://127.0.0.1:${(broken.address() as AddressInfo).port}`);
    const response = await api.server.inject({ url: '/v1/oidc/start' });
    expect(response.headers.location).toBe('/sign-in?problem=provider_unavailable');
    broken.closeAllConnections();
    broken.close();
    await once(broken, 'close');
  });
});

describe('where to go afterwards', () => {
  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    'invoices',
    '',
    '/\t/evil.example',
    '/\n/evil.example',
    ' /x',
    'x'.repeat(2001),
  ])('is never %j', async (to) => {
    const response = await api.server.inject({ url: `/v1/oidc/start?to=${encodeURIComponent(to)}` });
    expect([response.statusCode, response.headers.location, response.json<{ code: string }>().code]).toEqual([
      400,
      undefined,
      'invalid_request',
    ]);
  });

  it.each([
    ['/', '/'],
    ['/usage?customer=a%2Fb#top', '/usage?customer=a%2Fb#top'],
    ['/%2F/evil.example', '/%2F/evil.example'],
    ['/..//evil.example', '/evil.example'],
  ])('may be %s', async (to, expected) => {
    await invite(api, { email: 'ada@example.com' });
    expect((await goThere(to)).to).toBe(expected);
  });

  it('is the first page where nothing was said', async () => {
    await invite(api, { email: 'ada@example.com' });
    const response = await api.server.inject({ url: '/v1/oidc/start' });
    const cookie = response.cookies[0]?.value;
    expect((await comeBack(await visitProvider(String(response.headers.location), provider), cookie)).to).toBe('/');
  });
});
