/** Signing in with a password: what is refused, how often one may try, and where one is signed in. */
import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parametersInUse } from '../../platform/access/password-sign-in.ts';
import { createSignInLink } from '../../platform/access/sign-in-links.ts';
import type { BrowserSession, UserLink } from '../../schemas/http/users.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { audited, invite, openBrowser, PASSWORD, settle, signIn, standingClock, tokenOf } from '../support/people.ts';

const MINUTE_MS = 60_000;
const clock = standingClock();
let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ clock });
  await api.send('PUT', '/v1/customers/acme', {});
});
afterAll(() => api?.close());
beforeEach(async () => {
  await api.platform.postgres.query('TRUNCATE users, sessions, user_links, sign_in_links, sign_in_failures CASCADE');
});

/** What an answer tells a stranger: all but the id of the request. */
const told = ({ statusCode, body, headers }: { statusCode: number; body: string; headers: Record<string, unknown> }) => ({
  statusCode,
  body: body.replace(/"requestId":"[^"]*"/, ''),
  headers: Object.keys(headers).sort(),
});

describe('signing in with a password', () => {
  it('opens a session with a new token each time, and leaves the one of that browser', async () => {
    const { user, browser } = await settle(api, { email: 'ada@example.com' });
    const first = browser.session();
    const before = browser.copy();
    const response = await browser.call('POST', '/v1/session', { email: ' ada@example.com'.trim().toUpperCase(), password: PASSWORD });
    expect([response.statusCode, response.body]).toEqual([204, '']);
    expect(response.cookies[0]).toMatchObject({ name: 'tallyline_session', httpOnly: true, sameSite: 'Lax', path: '/' });
    expect(browser.session()).not.toBe(first);
    expect((await before.call('GET', '/v1/session')).statusCode).toBe(401);
    expect((await browser.call('GET', '/v1/session')).json()).toMatchObject({ name: 'ada@example.com', role: 'analyst' });
    expect((await audited(api, `user/${user.id}`)).at(-1)).toMatchObject({
      who: 'ada@example.com',
      what: 'session.opened',
      address: '127.0.0.1',
      details: { by: 'password' },
    });
  });

  it('tells nobody who is a user: wrong, unknown, invited and disabled are answered alike', async () => {
    await settle(api, { email: 'active@example.com' });
    await invite(api, { email: 'invited@example.com' });
    const disabled = await settle(api, { email: 'disabled@example.com' });
    await api.send('DELETE', `/v1/users/${disabled.user.id}`);
    const wrong = (await signIn(api, 'active@example.com', 'another password entirely')).response;
    expect(wrong.json()).toMatchObject({ status: 401, code: 'sign_in_refused' });
    expect(wrong.cookies).toEqual([]);
    for (const email of ['nobody@example.com', 'invited@example.com', 'disabled@example.com', 'no address at all'])
      expect([email, told((await signIn(api, email)).response)]).toEqual([email, told(wrong)]);
    const refused = (await audited(api)).filter(({ what }) => what === 'session.refused').slice(-5);
    expect(refused.map(({ who }) => who)).toEqual(['active@example.com', ...Array.from({ length: 4 }, () => 'unknown user')]);
    expect(JSON.stringify(refused)).not.toMatch(/no address at all|another password/);
  });

  it('hashes anew what was hashed with other parameters, which every attempt is compared by until then', async () => {
    const { user } = await settle(api, { email: 'ada@example.com' });
    const old = await hash(PASSWORD, { memoryCost: 8192, timeCost: 1, parallelism: 1 });
    await api.platform.postgres.query('UPDATE users SET password_hash = $2 WHERE user_id = $1', [user.id, old]);
    const inUse = () => parametersInUse(api.platform.postgres);
    expect(await inUse()).toEqual(['argon2id$v=19$m=8192,t=1,p=1']);
    expect((await signIn(api, 'ada@example.com', 'another password')).response.statusCode).toBe(401);
    expect((await signIn(api, 'nobody@example.com')).response.statusCode).toBe(401);
    expect((await signIn(api, 'ada@example.com')).response.statusCode).toBe(204);
    const { rows } = await api.platform.postgres.query<{ phc: string }>('SELECT password_hash AS phc FROM users');
    expect(rows[0]?.phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await inUse()).toEqual(['argon2id$v=19$m=19456,t=2,p=1']);
    await api.send('DELETE', `/v1/users/${(await settle(api, { email: 'bo@example.com' })).user.id}`);
    await api.platform.postgres.query('UPDATE users SET password_hash = $1 WHERE disabled_at IS NOT NULL', [old]);
    expect(await inUse()).toEqual(['argon2id$v=19$m=19456,t=2,p=1']);
    expect((await signIn(api, 'ada@example.com')).response.statusCode).toBe(204);
  });

  it.each<[name: string, body: object]>([
    ['nothing', {}],
    ['an address only', { email: 'ada@example.com' }],
    ['both ways at once', { email: 'ada@example.com', password: PASSWORD, token: 'x'.repeat(43) }],
    ['a password that is no text', { email: 'ada@example.com', password: 1 }],
    ['a password of 1,001 characters', { email: 'ada@example.com', password: 'x'.repeat(1001) }],
    ['a token of 201 characters', { token: 'x'.repeat(201) }],
    ['a NUL', { email: 'ada@example.com\0', password: PASSWORD }],
  ])('with %s is refused before anything is looked up', async (_name, body) => {
    const response = await openBrowser(api).call('POST', '/v1/session', body);
    expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([400, 'invalid_request']);
  });
});

describe('without a mail server', () => {
  it('resets are not offered, and asking for one is answered as ever', async () => {
    await settle(api, { email: 'ada@example.com' });
    const browser = openBrowser(api);
    expect((await browser.call('GET', '/v1/sign-in')).json()).toEqual({ password: true, openId: null, resetByMail: false });
    for (const email of ['ada@example.com', 'nobody@example.com'])
      expect((await browser.call('POST', '/v1/password-resets', { email })).statusCode).toBe(202);
    expect((await api.platform.postgres.query('SELECT FROM user_links WHERE used_at IS NULL')).rowCount).toBe(0);
  });

  it('there is no identity provider either', async () => {
    for (const url of ['/v1/oidc/start', '/v1/oidc/start?to=/usage'])
      expect((await openBrowser(api).call('GET', url)).statusCode).toBe(404);
  });
});

describe('attempts', () => {
  it('are ten for an account in 15 minutes, then the right password is refused too, and taken when they are over', async () => {
    const { user } = await settle(api, { email: 'ada@example.com' });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i += 1)
      statuses.push((await signIn(api, 'Ada@example.com', 'wrong password again', `10.0.${i}.1`)).response.statusCode);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    clock.pass(5 * MINUTE_MS);
    const { response } = await signIn(api, 'ada@example.com');
    expect([response.statusCode, response.headers['retry-after'], response.json()]).toEqual([
      429,
      '600',
      expect.objectContaining({ code: 'too_many_attempts', detail: expect.stringContaining('in 10 minutes') }),
    ]);
    clock.pass(10 * MINUTE_MS);
    expect((await signIn(api, 'ada@example.com')).response.statusCode).toBe(204);
    const refused = (await audited(api, `user/${user.id}`)).filter(({ what }) => what === 'session.refused');
    expect(refused).toHaveLength(10);
    expect(refused.at(-1)?.details).toEqual({ why: 'wrong password', lockedForMinutes: 15 });
  });

  it('for an account that does not exist are answered alike', async () => {
    await settle(api, { email: 'ada@example.com' });
    const series = async (email: string, network: string) => {
      const answers: object[] = [];
      for (let i = 0; i < 11; i += 1) answers.push(told((await signIn(api, email, 'wrong password again', `${network}.${i}`)).response));
      return answers;
    };
    expect(await series('nobody@example.com', '10.1.1')).toEqual(await series('ada@example.com', '10.2.2'));
  });

  it('are no more than ten where a thousand come, many at once, and leave nothing behind when they are over', async () => {
    await settle(api, { email: 'ada@example.com' });
    const statuses = new Map<number, number>();
    for (let round = 0; round < 20; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => signIn(api, 'ada@example.com', `wrong password ${round} ${i}`, `10.3.${round}.${i}`)),
      );
      for (const { response } of answers) statuses.set(response.statusCode, (statuses.get(response.statusCode) ?? 0) + 1);
    }
    expect(statuses).toEqual(
      new Map([
        [401, 10],
        [429, 990],
      ]),
    );
    expect((await signIn(api, 'ada@example.com', PASSWORD, '10.4.4.4')).response.statusCode).toBe(429);
    clock.pass(15 * MINUTE_MS);
    expect((await signIn(api, 'ada@example.com', PASSWORD, '10.4.4.4')).response.statusCode).toBe(204);
    expect((await api.platform.postgres.query('SELECT FROM sign_in_failures')).rowCount).toBe(0);
  });

  it('are fifty for an address, whoever is meant; of IPv6 the network counts', async () => {
    await settle(api, { email: 'ada@example.com' });
    const tried = async (address: (i: number) => string) => {
      const answers: number[] = [];
      for (let i = 0; i < 51; i += 1)
        answers.push((await signIn(api, `guess${i}@example.com`, 'a password of leaks', address(i))).response.statusCode);
      return [answers.filter((status) => status === 401).length, answers.at(-1)];
    };
    expect(await tried(() => '10.9.9.9')).toEqual([50, 429]);
    expect((await signIn(api, 'ada@example.com', PASSWORD, '10.9.9.9')).response.statusCode).toBe(429);
    expect((await signIn(api, 'ada@example.com', PASSWORD, '10.9.9.8')).response.statusCode).toBe(204);
    clock.pass(15 * MINUTE_MS);
    expect(await tried((i) => `2001:db8:1:2:${i.toString(16)}::1`)).toEqual([50, 429]);
    expect((await signIn(api, 'ada@example.com', PASSWORD, '2001:db8:1:3::1')).response.statusCode).toBe(204);
    clock.pass(15 * MINUTE_MS);
  });

  it('that were mistyped do not count any more once the right password came from there', async () => {
    await settle(api, { email: 'ada@example.com' });
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 9; i += 1) expect((await signIn(api, 'ada@example.com', 'mistyped as always')).response.statusCode).toBe(401);
      expect((await signIn(api, 'ada@example.com')).response.statusCode).toBe(204);
    }
  });
});

describe('the list of sessions', () => {
  const sessionsOf = async (browser: ReturnType<typeof openBrowser>, query = '') => {
    const response = await browser.call('GET', `/v1/sessions${query}`);
    expect(response.statusCode).toBe(200);
    return response.json<{ items: BrowserSession[]; nextCursor: string | null }>();
  };

  it("shows one's own, and ends them", async () => {
    const { user, browser } = await settle(api, { email: 'ada@example.com' });
    const { browser: phone } = await signIn(api, 'ada@example.com', PASSWORD, '10.5.5.5');
    const { browser: stranger } = await settle(api, { email: 'bob@example.com', role: 'customer', customer: 'acme' });
    const { items } = await sessionsOf(browser);
    expect(items).toEqual([
      expect.objectContaining({ user: user.id, name: 'ada@example.com', address: '10.5.5.5', isCurrent: false }),
      {
        id: expect.stringMatching(/^\d+$/),
        user: user.id,
        name: 'ada@example.com',
        address: '127.0.0.1',
        userAgent: 'Test Browser',
        createdAt: clock.now().toISOString().replace('.000', ''),
        lastSeenAt: clock.now().toISOString().replace('.000', ''),
        expiresAt: expect.any(String),
        isCurrent: true,
      },
    ]);
    expect(JSON.stringify(items)).not.toContain(browser.session());
    const [other, own] = items;
    expect((await stranger.call('DELETE', `/v1/sessions/${own?.id}`)).statusCode).toBe(404);
    expect((await stranger.call('GET', `/v1/sessions?user=${user.id}`)).statusCode).toBe(404);
    expect((await stranger.call('GET', '/v1/sessions?user=all')).statusCode).toBe(404);
    expect((await browser.call('DELETE', `/v1/sessions/${other?.id}`)).statusCode).toBe(204);
    expect((await phone.call('GET', '/v1/session')).statusCode).toBe(401);
    expect((await browser.call('DELETE', `/v1/sessions/${other?.id}`)).statusCode).toBe(404);
    expect((await browser.call('DELETE', `/v1/sessions/${own?.id}`)).statusCode).toBe(204);
    expect((await browser.call('GET', '/v1/session')).statusCode).toBe(401);
    expect((await audited(api, `user/${user.id}`)).filter(({ what }) => what === 'session.ended')).toHaveLength(2);
  });

  it('shows administrators those of others, in pages, and lets them end them', async () => {
    const admin = openBrowser(api);
    const { token } = await createSignInLink(api.platform.postgres, clock.now());
    await admin.call('POST', '/v1/session', { token });
    const { user, browser } = await settle(api, { email: 'ada@example.com' });
    expect((await sessionsOf(admin)).items).toMatchObject([{ user: null, name: 'admin', isCurrent: true }]);
    const [theirs] = (await sessionsOf(admin, `?user=${user.id}`)).items;
    expect(theirs).toMatchObject({ name: 'ada@example.com', isCurrent: false });
    const first = await sessionsOf(admin, '?user=all&limit=1');
    const second = await sessionsOf(admin, `?user=all&limit=1&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['ada@example.com', 'admin']);
    expect(second.nextCursor).toBeNull();
    expect((await api.get('/v1/sessions')).body).toEqual({ items: [], nextCursor: null });
    expect((await api.send('DELETE', `/v1/sessions/${theirs?.id}`)).status).toBe(204);
    expect((await browser.call('GET', '/v1/session')).statusCode).toBe(401);
    expect((await api.get('/v1/sessions?user=x')).status).toBe(400);
  });

  it('leaves out what has expired', async () => {
    const { browser } = await settle(api, { email: 'ada@example.com' });
    await api.platform.postgres.query('UPDATE sessions SET expires_at = $1', [clock.now().toISOString()]);
    expect((await browser.call('GET', '/v1/sessions')).statusCode).toBe(401);
    expect((await api.get('/v1/sessions?user=all')).body).toEqual({ items: [], nextCursor: null });
  });
});

describe('a link for an administrator who is locked out', () => {
  it('is made with the admin key only, signs in once, and can invite', async () => {
    const { browser: admin } = await settle(api, { email: 'ada@example.com', role: 'admin' });
    expect((await admin.call('POST', '/v1/sign-in-links')).statusCode).toBe(403);
    const answer = await api.send('POST', '/v1/sign-in-links');
    const { url, expiresAt } = answer.body as UserLink;
    expect([answer.status, url, Date.parse(expiresAt)]).toEqual([
      201,
      expect.stringMatching(/^http:\/\/localhost:80\/sign-in\?token=[\w-]{43}$/),
      clock.now().getTime() + 86_400_000,
    ]);
    const token = new URL(url).searchParams.get('token');
    const browser = openBrowser(api);
    expect((await browser.call('POST', '/v1/session', { token })).statusCode).toBe(204);
    expect((await openBrowser(api).call('POST', '/v1/session', { token })).statusCode).toBe(401);
    expect((await browser.call('GET', '/v1/session')).json()).toMatchObject({ name: 'admin', role: 'admin' });
    const invited = await browser.call('POST', '/v1/users', { email: 'bob@example.com', name: 'Bob', role: 'admin' });
    expect([invited.statusCode, invited.json<{ user: { createdBy: string } }>().user.createdBy]).toEqual([201, 'admin']);
    expect(tokenOf(invited.json<{ link: UserLink }>().link)).toMatch(/^[\w-]{43}$/);
    expect((await browser.call('POST', '/v1/sign-in-links')).statusCode).toBe(403);
  });

  it('is not made without its entry in the audit log', async () => {
    const { postgres } = api.platform;
    await postgres.query(`CREATE FUNCTION lose_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'lost'; END $$`);
    await postgres.query('CREATE TRIGGER lose_entry BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION lose_entry()');
    expect((await api.send('POST', '/v1/sign-in-links')).status).toBe(500);
    await postgres.query('DROP TRIGGER lose_entry ON audit_entries');
    const { rowCount } = await postgres.query('SELECT FROM sign_in_links');
    expect(rowCount).toBe(0);
  });
});
