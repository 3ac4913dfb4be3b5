/** Inviting people, changing what they may do, and letting them go. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { User, UserLink } from '../../schemas/http/users.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { audited, invite, openBrowser, PASSWORD, settle, signIn, standingClock, tokenOf } from '../support/people.ts';

const DAY_MS = 86_400_000;
const clock = standingClock();
let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ clock });
  await api.send('PUT', '/v1/customers/acme', {});
  await api.send('PUT', '/v1/customers/other', {});
});
afterAll(() => api?.close());
beforeEach(async () => {
  await api.platform.postgres.query('TRUNCATE users, sessions, user_links, sign_in_links, sign_in_failures CASCADE');
});

const change = (id: string, body: object) =>
  api.server.inject({
    method: 'PATCH',
    url: `/v1/users/${id}`,
    headers: { authorization: 'Bearer a-key-of-the-tests-only' },
    payload: body,
  });
const roleIn = async (browser: ReturnType<typeof openBrowser>) => {
  const response = await browser.call('GET', '/v1/session');
  return response.statusCode === 200 ? response.json<{ role: string }>().role : response.statusCode;
};

describe('an invitation', () => {
  it('answers the person and a link, which chooses the password and signs in', async () => {
    const { user, link } = await invite(api, { email: 'Ada@Example.com', name: 'Ada Lovelace', role: 'admin' });
    expect(user).toEqual({
      id: expect.stringMatching(/^\d+$/),
      email: 'ada@example.com',
      name: 'Ada Lovelace',
      role: 'admin',
      customer: null,
      status: 'invited',
      createdAt: '2026-11-23T12:00:00Z',
      createdBy: 'admin key',
      lastSeenAt: null,
    });
    expect(link).toEqual({
      url: expect.stringMatching(/^http:\/\/localhost:80\/password#[\w-]{43}$/),
      expiresAt: '2026-11-30T12:00:00.000Z',
      sentTo: null,
      reason: expect.stringContaining('TALLYLINE_SMTP_URL'),
    });
    const browser = openBrowser(api);
    const shown = await browser.call('POST', '/v1/password/link', { token: tokenOf(link) });
    expect([shown.statusCode, shown.json()]).toEqual([
      200,
      { email: 'ada@example.com', purpose: 'invitation', expiresAt: '2026-11-30T12:00:00Z' },
    ]);
    expect((await browser.call('POST', '/v1/password', { token: tokenOf(link), password: PASSWORD })).statusCode).toBe(204);
    expect((await browser.call('GET', '/v1/session')).json()).toEqual({
      name: 'ada@example.com',
      role: 'admin',
      customer: null,
      invoice: null,
      expiresAt: '2026-12-23T12:00:00Z',
    });
    expect((await api.get(`/v1/users/${user.id}`)).body).toMatchObject({ status: 'active', lastSeenAt: '2026-11-23T12:00:00Z' });
    expect((await audited(api, `user/${user.id}`)).map(({ who, what }) => [who, what])).toEqual([
      ['admin key', 'user.invited'],
      ['ada@example.com', 'password.changed'],
      ['ada@example.com', 'session.opened'],
    ]);
  });

  it.each<[name: string, body: object, status: number, path: string, message: RegExp]>([
    ['no address', { email: 'ada' }, 400, 'email', /must be an e-mail address/],
    ['an address of two lines', { email: 'ada@example.com\nBcc: x@y.z' }, 400, 'email', /must be an e-mail address/],
    ['a name that is blank', { name: '  ' }, 400, 'name', /not blank/],
    ['a name of two lines', { name: 'Ada\r\nX: y' }, 400, 'name', /one line/],
    ['a role that is none', { role: 'link' }, 400, 'role', /admin, analyst, customer/],
    ['a role of keys', { role: 'ingest' }, 400, 'role', /admin, analyst, customer/],
    ['a customer without the role', { role: 'analyst', customer: 'acme' }, 422, 'customer', /not bound to a customer/],
    ['the role without a customer', { role: 'customer' }, 422, 'customer', /say whose usage/],
    ['a customer that does not exist', { role: 'customer', customer: 'nobody' }, 422, 'customer', /there is no customer "nobody"/],
    ['a password', { password: PASSWORD }, 400, 'password', /not known here/],
  ])('is refused with %s', async (_name, body, status, path, message) => {
    const answer = await api.send('POST', '/v1/users', { email: 'new@example.com', name: 'New', role: 'analyst', ...body });
    expect([answer.status, (answer.body as { errors: { path: string; message: string }[] }).errors]).toEqual([
      status,
      [expect.objectContaining({ path, message: expect.stringMatching(message) })],
    ]);
    expect((await api.get('/v1/users')).body).toEqual({ items: [], nextCursor: null });
  });

  it('is one for an address, however it is written and however many come at once', async () => {
    const answers = await Promise.all(
      ['ada@example.com', 'ADA@example.com', 'Ada@Example.Com'].map((email) =>
        api.send('POST', '/v1/users', { email, name: 'Ada', role: 'analyst' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('is a user already'),
    });
  });

  it('made anew replaces the one before, and turns into a reset once there is a password', async () => {
    const { user, link } = await invite(api, { email: 'ada@example.com' });
    const again = await api.send('POST', `/v1/users/${user.id}/links`);
    expect([again.status, (again.body as UserLink).expiresAt]).toEqual([201, '2026-11-30T12:00:00.000Z']);
    const old = await openBrowser(api).call('POST', '/v1/password', { token: tokenOf(link), password: PASSWORD });
    expect([old.statusCode, old.json<{ code: string }>().code]).toEqual([401, 'password_link_invalid']);
    const token = tokenOf(again.body as UserLink);
    expect((await openBrowser(api).call('POST', '/v1/password', { token, password: PASSWORD })).statusCode).toBe(204);
    const reset = await api.send('POST', `/v1/users/${user.id}/links`);
    expect((reset.body as UserLink).expiresAt).toBe('2026-11-24T12:00:00.000Z');
    clock.pass(DAY_MS);
    expect((await openBrowser(api).call('POST', '/v1/password/link', { token: tokenOf(reset.body as UserLink) })).statusCode).toBe(401);
    clock.pass(-DAY_MS);
  });
});

describe('the list of people', () => {
  it('comes in pages, newest first', async () => {
    for (const name of ['a', 'b', 'c']) await invite(api, { email: `${name}@example.com` });
    const first = (await api.get('/v1/users?limit=2')).body as { items: User[]; nextCursor: string };
    const second = (await api.get(`/v1/users?limit=2&cursor=${first.nextCursor}`)).body as { items: User[]; nextCursor: null };
    expect([...first.items, ...second.items].map(({ email }) => email)).toEqual(['c@example.com', 'b@example.com', 'a@example.com']);
    expect(second.nextCursor).toBeNull();
    expect((await api.get('/v1/users?cursor=abc')).status).toBe(400);
  });

  it('is for administrators: analysts may not, and for customers it does not exist', async () => {
    const analyst = await settle(api, { email: 'analyst@example.com', role: 'analyst' });
    const customer = await settle(api, { email: 'customer@example.com', role: 'customer', customer: 'acme' });
    for (const [method, url] of [
      ['GET', '/v1/users'],
      ['POST', '/v1/users'],
      ['PATCH', '/v1/users/1'],
      ['DELETE', '/v1/users/1'],
      ['POST', '/v1/users/1/links'],
      ['POST', '/v1/sign-in-links'],
    ] as const) {
      const body = method === 'POST' || method === 'PATCH' ? {} : undefined;
      expect([url, (await analyst.browser.call(method, url, body)).statusCode]).toEqual([url, 403]);
      expect([url, (await customer.browser.call(method, url, body)).statusCode]).toEqual([url, 404]);
    }
  });
});

describe('a change', () => {
  it('of role or customer ends the sessions, and holds from then on', async () => {
    const { user, browser } = await settle(api, { email: 'ada@example.com', role: 'analyst' });
    expect((await change(user.id, { name: 'Ada' })).statusCode).toBe(200);
    expect(await roleIn(browser)).toBe('analyst');
    expect((await change(user.id, { role: 'customer' })).json()).toMatchObject({ code: 'unprocessable' });
    expect((await change(user.id, { role: 'customer', customer: 'acme' })).json()).toMatchObject({ role: 'customer', customer: 'acme' });
    expect(await roleIn(browser)).toBe(401);
    const { browser: later } = await signIn(api, 'ada@example.com');
    expect((await later.call('GET', '/v1/session')).json()).toMatchObject({ role: 'customer', customer: 'acme' });
    expect((await change(user.id, { customer: 'other' })).json()).toMatchObject({ role: 'customer', customer: 'other' });
    expect(await roleIn(later)).toBe(401);
    expect((await change(user.id, { customer: null })).json()).toMatchObject({ code: 'unprocessable' });
    expect((await change(user.id, { role: 'analyst' })).json()).toMatchObject({ role: 'analyst', customer: null });
    const entries = (await audited(api, `user/${user.id}`)).filter(({ what }) => what === 'user.changed');
    expect(entries.map(({ details }) => details)).toEqual([
      { name: { from: 'Somebody', to: 'Ada' } },
      { role: { from: 'analyst', to: 'customer' }, customer: { from: null, to: 'acme' } },
      { customer: { from: 'acme', to: 'other' } },
      { role: { from: 'customer', to: 'analyst' }, customer: { from: 'other', to: null } },
    ]);
  });

  it('that changes nothing writes nothing and ends nothing', async () => {
    const { user, browser } = await settle(api, { email: 'ada@example.com' });
    expect((await change(user.id, { role: 'analyst', disabled: false })).statusCode).toBe(200);
    expect(await roleIn(browser)).toBe('analyst');
    expect((await audited(api, `user/${user.id}`)).filter(({ what }) => what === 'user.changed')).toEqual([]);
  });

  it('of somebody who does not exist is refused', async () => {
    expect((await change('99', { name: 'x' })).json()).toMatchObject({ code: 'not_found', detail: expect.stringContaining('no user 99') });
    expect((await api.send('DELETE', '/v1/users/99')).status).toBe(404);
    expect((await api.send('POST', '/v1/users/99/links')).status).toBe(404);
    expect((await change('1x', { name: 'x' })).statusCode).toBe(400);
  });
});

describe('whoever is disabled', () => {
  it('is out at once, cannot come in by password or link, and comes back when enabled', async () => {
    const { user, browser } = await settle(api, { email: 'ada@example.com' });
    const link = (await api.send('POST', `/v1/users/${user.id}/links`)).body as UserLink;
    expect((await api.send('DELETE', `/v1/users/${user.id}`)).status).toBe(204);
    expect(await roleIn(browser)).toBe(401);
    expect((await signIn(api, 'ada@example.com')).response.json()).toMatchObject({ code: 'sign_in_refused' });
    expect((await openBrowser(api).call('POST', '/v1/password', { token: tokenOf(link), password: PASSWORD })).statusCode).toBe(401);
    expect((await api.send('POST', `/v1/users/${user.id}/links`)).body).toMatchObject({ code: 'conflict' });
    expect((await api.get(`/v1/users/${user.id}`)).body).toMatchObject({ status: 'disabled' });
    expect((await api.send('DELETE', `/v1/users/${user.id}`)).status).toBe(204);
    expect((await change(user.id, { disabled: false })).json()).toMatchObject({ status: 'active' });
    expect((await signIn(api, 'ada@example.com')).response.statusCode).toBe(204);
    // What was handed out before stays worthless.
    expect((await openBrowser(api).call('POST', '/v1/password', { token: tokenOf(link), password: PASSWORD })).statusCode).toBe(401);
    const whats = (await audited(api, `user/${user.id}`)).map(({ what }) => what);
    expect(whats.filter((what) => what === 'user.disabled')).toHaveLength(1);
  });
});

describe('the last administrator who can sign in', () => {
  it('can be neither disabled nor demoted, invited ones not counted', async () => {
    const { user, browser } = await settle(api, { email: 'ada@example.com', role: 'admin' });
    const { user: invited } = await invite(api, { email: 'bob@example.com', role: 'admin' });
    for (const answer of [
      await change(user.id, { disabled: true }),
      await change(user.id, { role: 'analyst' }),
      await browser.call('DELETE', `/v1/users/${user.id}`),
    ])
      expect([answer.statusCode, answer.json()]).toEqual([
        409,
        expect.objectContaining({ code: 'conflict', detail: expect.stringContaining('last administrator') }),
      ]);
    expect((await change(invited.id, { disabled: true })).statusCode).toBe(200);
    expect(await roleIn(browser)).toBe('admin');
  });

  it('stays where two take the role from each other at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, other] = await Promise.all([
        settle(api, { email: `one${round}@example.com`, role: 'admin' }),
        settle(api, { email: `other${round}@example.com`, role: 'admin' }),
      ]);
      const answers = await Promise.all([
        one.browser.call('PATCH', `/v1/users/${other.user.id}`, { role: 'analyst' }),
        other.browser.call('PATCH', `/v1/users/${one.user.id}`, { role: 'analyst' }),
      ]);
      expect(answers.map(({ statusCode }) => statusCode).filter((status) => status === 200)).toHaveLength(1);
      const users = ((await api.get('/v1/users')).body as { items: User[] }).items;
      expect(users.filter(({ role }) => role === 'admin')).toHaveLength(1);
      await api.platform.postgres.query('TRUNCATE users CASCADE');
    }
  });
});
