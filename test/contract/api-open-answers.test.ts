/**
 * Answers that last, and the right to them: in whatever way it ends, and in whichever process, streams say so and end, and exports are cut off. The
 * streams of these tests are open in two processes on one Postgres; what is done is done in the first.
 */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKey } from '../support/api-keys.ts';
import { ADMIN_KEY, openTestApi, type TestApi } from '../support/api.ts';
import { openEvents, type EventReader } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';
import { openBrowser, PASSWORD, settle, signIn, standingClock, tokenOf, type Browser } from '../support/people.ts';
import type { BrowserSession, User, UserLink } from '../../schemas/http/users.ts';

const DAY_MS = 86_400_000;
const clock = standingClock();
let api: TestApi;
let urls: string[];
beforeAll(async () => {
  api = await openTestApi({ clock });
  for (const id of ['acme', 'helio']) await api.send('PUT', `/v1/customers/${id}`, {});
  await api.server.listen({ host: '127.0.0.1', port: 0 });
  urls = [`http://127.0.0.1:${(api.server.server.address() as AddressInfo).port}`, (await api.replica()).url];
});
afterAll(() => api?.close());
beforeEach(async () => {
  await api.platform.postgres.query('TRUNCATE users, sessions, user_links, sign_in_links, sign_in_failures CASCADE');
});

/** In each process one, begun. */
async function watch(headers: Record<string, string>): Promise<EventReader[]> {
  const readers = await Promise.all(urls.map((url) => openEvents(`${url}/v1/live`, headers)));
  await eventually('the state is told', async () => readers.every(({ events }) => events.length > 0));
  return readers;
}
const watchBy = (browser: Browser) => watch({ cookie: `tallyline_session=${browser.session()}` });
const watchWith = (key: string) => watch({ authorization: `Bearer ${key}` });

const PROBLEM = {
  status: 401,
  code: 'unauthenticated',
  type: 'urn:tallyline:problem:unauthenticated',
  detail: expect.any(String) as string,
};

/** They say why, it is the last thing they say, and they end. */
async function expectEnd(readers: readonly EventReader[], detail: string): Promise<void> {
  await Promise.all(readers.map(({ ended }) => ended));
  for (const { events } of readers) {
    expect(events.at(-1)).toEqual({
      event: 'ended',
      data: expect.objectContaining({ ...PROBLEM, detail: expect.stringContaining(detail) as string }),
    });
    expect(events.filter(({ event }) => event === 'ended')).toHaveLength(1);
  }
}

interface Person {
  user: User;
  browser: Browser;
}
type Way = [name: string, end: (person: Person) => Promise<unknown>];
const change = ({ user }: Person, to: object) => openAdmin().call('PATCH', `/v1/users/${user.id}`, to);

/** The admin key by PATCH, which `send` does not do. */
function openAdmin(): { call(method: 'PATCH', url: string, payload: object): Promise<void> } {
  return {
    async call(method, url, payload) {
      const response = await api.server.inject({ method, url, payload, headers: { authorization: `Bearer ${ADMIN_KEY}` } });
      expect([response.statusCode, response.body.slice(0, 200)]).toEqual([200, expect.any(String)]);
    },
  };
}

describe('a stream of somebody who signed in', () => {
  const told = 'The session has ended';

  it.each<Way>([
    ['signs out', ({ browser }) => browser.copy().call('DELETE', '/v1/session')],
    [
      'signs in anew in the same browser',
      ({ user, browser }) => browser.copy().call('POST', '/v1/session', { email: user.email, password: PASSWORD }),
    ],
    [
      'is signed out by an administrator',
      async ({ user }) => {
        const { items } = (await api.get(`/v1/sessions?user=${user.id}`)).body as { items: BrowserSession[] };
        for (const { id } of items) await api.send('DELETE', `/v1/sessions/${id}`);
      },
    ],
    [
      'changes the password elsewhere',
      async ({ user }) => {
        const { browser } = await signIn(api, user.email);
        const response = await browser.call('PUT', '/v1/session/password', { current: PASSWORD, password: `${PASSWORD} and more` });
        expect(response.statusCode).toBe(204);
      },
    ],
    [
      'chooses a new password by a link',
      async ({ user }) => {
        const link = (await api.send('POST', `/v1/users/${user.id}/links`)).body as UserLink;
        const response = await openBrowser(api).call('POST', '/v1/password', { token: tokenOf(link), password: `${PASSWORD} again` });
        expect(response.statusCode).toBe(204);
      },
    ],
    ['is disabled', ({ user }) => api.send('DELETE', `/v1/users/${user.id}`)],
    ['gets another role', (person) => change(person, { role: 'analyst' })],
    ['gets another customer', (person) => change(person, { customer: 'helio' })],
    ['has signed in a month ago', async () => void clock.pass(31 * DAY_MS)],
    ['is nobody any more, and nothing was announced', () => api.platform.postgres.query('DELETE FROM sessions')],
    [
      'has another customer, and the session went on',
      ({ user }) => api.platform.postgres.query("UPDATE users SET customer = 'helio' WHERE user_id = $1", [user.id]),
    ],
  ])('ends in all processes when the person %s', async (_name, end) => {
    const person = await settle(api, { email: 'ada@acme.example', role: 'customer', customer: 'acme' });
    const readers = await watchBy(person.browser);
    await end(person);
    await expectEnd(readers, told);
  });

  it('goes on when it is another one who is let in no more, and when the name alone is another', async () => {
    const [ada, bob] = [await settle(api, { email: 'ada@example.com' }), await settle(api, { email: 'bob@example.com' })];
    const [hers, his] = [await watchBy(ada.browser), await watchBy(bob.browser)];
    await change(ada, { name: 'Ada of another name' });
    await api.send('DELETE', `/v1/users/${bob.user.id}`);
    await expectEnd(his, told);
    const counts = hers.map(({ events }) => events.length);
    await eventually('more is told', async () => hers.every(({ events }, i) => events.length > (counts[i] ?? 0)));
    expect(hers.flatMap(({ events }) => events).map(({ event }) => event)).not.toContain('ended');
    for (const reader of hers) await reader.leave();
  });
});

describe('a stream of a key', () => {
  it('ends in all processes when it is revoked', async () => {
    const { id, key } = await createKey(api, { name: 'revoked meanwhile' });
    const readers = await watchWith(key);
    await api.send('DELETE', `/v1/api-keys/${id}`);
    await expectEnd(readers, 'The API key "revoked meanwhile" has expired or was revoked');
  });

  it('ends in all processes when it expires', async () => {
    const expiresAt = new Date(clock.now().getTime() + DAY_MS).toISOString();
    const { key } = await createKey(api, { name: 'of one day', role: 'customer', customer: 'acme', expiresAt });
    const readers = await watchWith(key);
    clock.pass(DAY_MS);
    await expectEnd(readers, 'The API key "of one day" has expired or was revoked');
  });

  it('that is the one of the installation goes on, whatever ends', async () => {
    const { id, key } = await createKey(api, { name: 'beside it' });
    const [admins, others] = [await watchWith(ADMIN_KEY), await watchWith(key)];
    await api.send('DELETE', `/v1/api-keys/${id}`);
    await expectEnd(others, 'beside it');
    const count = admins[0]?.events.length ?? 0;
    await eventually('more is told', async () => (admins[0]?.events.length ?? 0) > count);
    for (const reader of admins) await reader.leave();
  });
});

/** Begun, and read no further. */
async function beginExport(url: string, key: string): Promise<IncomingMessage> {
  const call = get(`${url}/v1/audit.csv?who=somebody`, { agent: false, headers: { authorization: `Bearer ${key}` } });
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  await once(response, 'readable');
  response.pause();
  return response;
}

describe('an export', () => {
  it('whose reader takes long is cut off, not ended as if it were whole, when its key is revoked', async () => {
    await api.platform.postgres.query(
      `INSERT INTO audit_entries (at, who, what, subject, details)
       SELECT now(), 'somebody', 'plan.changed', 'plan/x', jsonb_build_object('text', repeat('x', 1000)) FROM generate_series(1, 50000)`,
    );
    const { id, key } = await createKey(api, { name: 'slow export' });
    const answers = await Promise.all(urls.map((url) => beginExport(url, key)));
    // What ends with it in the same moment, and can be seen without reading on.
    const readers = await watchWith(key);
    await api.send('DELETE', `/v1/api-keys/${id}`);
    await expectEnd(readers, 'slow export');
    for (const answer of answers) {
      const failed = once(answer, 'error');
      answer.resume();
      expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
      expect(answer.complete).toBe(false);
    }
  });
});
