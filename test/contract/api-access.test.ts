/** Sign-in, refusals and health, on real stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLines, readRecordAt } from '../../ingest/csv/line-index.ts';
import { systemClock } from '../../platform/clock.ts';
import { apiRoutes } from '../../api/app.ts';
import { createHttpServer } from '../../platform/http/server.ts';
import { createSignInLink } from '../../platform/access/sign-in-links.ts';
import { connectPostgres } from '../../platform/postgres/pg-driver.ts';
import { ABOUT } from '../support/about.ts';
import { ADMIN_KEY, openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const bearer = { authorization: `Bearer ${ADMIN_KEY}` };

async function signIn(): Promise<string> {
  const { token } = await createSignInLink(api.platform.postgres, systemClock.now());
  const response = await api.server.inject({ method: 'POST', url: '/v1/session', payload: { token } });
  expect(response.statusCode).toBe(204);
  const cookie = response.cookies.find(({ name }) => name === 'tallyline_session');
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', maxAge: 30 * 24 * 3600 });
  return cookie?.value ?? '';
}

describe('everything under /v1', () => {
  it.each([
    ['no credentials', {}],
    ['a wrong key', { authorization: 'Bearer not-the-key-of-the-tests' }],
    ['a key in another scheme', { authorization: `Basic ${ADMIN_KEY}` }],
    ['an unknown session', { cookie: 'tallyline_session=abc' }],
    ['an empty session', { cookie: 'tallyline_session=' }],
  ])('is refused with %s', async (_name, headers) => {
    for (const url of ['/v1/pipeline', '/v1/customers/a', '/v1/no-such-thing', '/%761/pipeline', '/v1/live']) {
      const response = await api.server.inject({ url, headers });
      expect([url, response.statusCode]).toEqual([url, 401]);
      expect(response.headers['www-authenticate']).toContain('Bearer');
      expect(response.headers['content-type']).toContain('application/problem+json');
      expect(response.json()).toMatchObject({ code: 'unauthenticated', status: 401, requestId: response.headers['x-request-id'] });
    }
  });

  it('is open to the admin key and to a session', async () => {
    expect((await api.get('/v1/session')).body).toEqual({
      name: 'admin key',
      role: 'admin',
      customer: null,
      invoice: null,
      expiresAt: null,
    });
    const session = await signIn();
    const response = await api.server.inject({ url: '/v1/session', headers: { cookie: `tallyline_session=${session}` } });
    expect(response.json()).toMatchObject({ name: 'admin', role: 'admin' });
    expect(Date.parse(response.json<{ expiresAt: string }>().expiresAt)).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  });

  it('answers 404 for a path and 405 for a method that it does not have', async () => {
    expect((await api.get('/v1/no-such-thing')).body).toMatchObject({ code: 'not_found' });
    const response = await api.server.inject({ method: 'POST', url: '/v1/pipeline', headers: bearer });
    expect([response.statusCode, response.headers['allow'], response.json<{ code: string }>().code]).toEqual([
      405,
      'GET, HEAD',
      'method_not_allowed',
    ]);
  });
});

describe('the session cookie', () => {
  it.each([
    ['https://usage.example.com', true],
    ['http://usage.example.com', undefined],
    [undefined, undefined],
  ])('with the public URL %s is Secure: %s', async (publicUrl, secure) => {
    const server = await createHttpServer({ platform: api.platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined, publicUrl });
    const { token } = await createSignInLink(api.platform.postgres, systemClock.now());
    const signedIn = await server.inject({ method: 'POST', url: '/v1/session', payload: { token } });
    expect(signedIn.cookies).toMatchObject([{ name: 'tallyline_session', httpOnly: true, sameSite: 'Lax' }]);
    expect(signedIn.cookies[0]?.secure).toBe(secure);
    const headers = { cookie: `tallyline_session=${signedIn.cookies[0]?.value}`, 'sec-fetch-site': 'same-origin' };
    const signedOut = await server.inject({ method: 'DELETE', url: '/v1/session', headers });
    expect([signedOut.statusCode, signedOut.cookies[0]?.value, signedOut.cookies[0]?.secure]).toEqual([204, '', secure]);
    await server.close();
  });
});

describe('a sign-in link', () => {
  it('works once, and of two at the same time one wins', async () => {
    const { token } = await createSignInLink(api.platform.postgres, systemClock.now());
    const attempts = await Promise.all(
      Array.from({ length: 8 }, () => api.server.inject({ method: 'POST', url: '/v1/session', payload: { token } })),
    );
    expect(attempts.map((attempt) => attempt.statusCode).sort()).toEqual([204, ...Array.from({ length: 7 }, () => 401)]);
    const refused = attempts.find((attempt) => attempt.statusCode === 401);
    expect(refused?.json()).toMatchObject({ code: 'sign_in_link_invalid', detail: expect.stringContaining('new one') });
  });

  it('expires after 24 hours', async () => {
    const yesterday = new Date(Date.now() - 24 * 3600 * 1000 - 1000);
    const { token } = await createSignInLink(api.platform.postgres, yesterday);
    expect((await api.server.inject({ method: 'POST', url: '/v1/session', payload: { token } })).statusCode).toBe(401);
  });

  it('is kept as a hash only, and so is the session', async () => {
    const { token } = await createSignInLink(api.platform.postgres, systemClock.now());
    const session = await signIn();
    const { rows } = await api.platform.postgres.query<{ hash: string }>(
      'SELECT token_hash AS hash FROM sign_in_links UNION SELECT token_hash FROM sessions',
    );
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.filter(({ hash }) => hash.includes(token) || hash.includes(session))).toEqual([]);
  });
});

describe('a session', () => {
  it('changes something only from this site itself', async () => {
    const cookie = `tallyline_session=${await signIn()}`;
    const put = (headers: Record<string, string>) =>
      api.server.inject({
        method: 'PUT',
        url: '/v1/meters/csrf',
        headers: { cookie, host: 'bills.example', ...headers },
        payload: { name: 'x' },
      });
    const refused = [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ];
    for (const headers of refused) {
      const response = await put(headers);
      expect([JSON.stringify(headers), response.statusCode]).toEqual([JSON.stringify(headers), 403]);
    }
    expect((await put({ 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200);
    expect((await put({ origin: 'http://bills.example' })).statusCode).toBe(200);
  });

  it('ends when signed out', async () => {
    const headers = { cookie: `tallyline_session=${await signIn()}`, 'sec-fetch-site': 'same-origin' };
    expect((await api.server.inject({ method: 'DELETE', url: '/v1/session', headers })).statusCode).toBe(204);
    expect((await api.server.inject({ url: '/v1/session', headers })).statusCode).toBe(401);
  });

  it('ends when it expires', async () => {
    const cookie = `tallyline_session=${await signIn()}`;
    await api.platform.postgres.query("UPDATE sessions SET expires_at = now() - interval '1 second'");
    expect((await api.server.inject({ url: '/v1/session', headers: { cookie } })).statusCode).toBe(401);
  });
});

describe('a request that is not well-formed', () => {
  it.each([
    '/v1/usage?from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z&timezone=UTC',
    '/v1/records?custmer=a',
    '/v1/customers?page=2',
    '/v1/plans?q=1',
    '/v1/records.csv?limit=5',
  ])('is refused for an unknown query parameter: %s', async (url) => {
    const { status, body } = await api.get(url);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ code: 'unknown' }] });
  });

  it('is refused for an unknown body member, which is named', async () => {
    const { status, body } = await api.send('PUT', '/v1/customers/a', { currncy: 'EUR' });
    expect([status, body]).toMatchObject([400, { errors: [{ path: 'currncy', code: 'unknown' }] }]);
    expect((await api.get('/v1/customers/a')).status).toBe(404);
  });

  it.each([
    ['broken JSON', '{"name":', 'application/json', 400, 'invalid_request'],
    ['an empty body', '', 'application/json', 400, 'invalid_request'],
    ['another type', 'name=x', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    ['too much', JSON.stringify({ name: 'x'.repeat(1_100_000) }), 'application/json', 413, 'payload_too_large'],
  ])('is refused for %s', async (_name, payload, type, status, code) => {
    const response = await api.server.inject({ method: 'PUT', url: '/v1/meters/m', headers: { ...bearer, 'content-type': type }, payload });
    expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([status, code]);
  });

  it('is refused for U+0000, which Postgres cannot store', async () => {
    expect((await api.get('/v1/customers/a%00b')).body).toMatchObject({ code: 'invalid_request' });
    expect((await api.get('/v1/records?customer=%00')).body).toMatchObject({ code: 'invalid_request' });
  });
});

describe('health', () => {
  it('needs no sign-in and names each store', async () => {
    expect((await api.server.inject('/health/live')).json()).toMatchObject({ status: 'ok' });
    const ready = await api.server.inject('/health/ready');
    expect([ready.statusCode, ready.json()]).toEqual([
      200,
      {
        status: 'ok',
        checks: [
          { name: 'postgres', ok: true },
          { name: 'clickhouse', ok: true },
          { name: 'file store', ok: true },
          { name: 'event log', ok: true },
        ],
      },
    ]);
  });
});

describe('while Postgres does not answer', () => {
  it('calls are told to come back, health names it, and nothing of what went wrong gets out', async () => {
    // Port 1 of this machine: nothing listens there.
    const connection = { host: '127.0.0.1', port: 1, user: 'nobody', password: 'secret-of-the-store', database: 'none' };
    const postgres = connectPostgres({ connection, poolSize: 2, applicationName: 'tallyline-test', logger: api.platform.logger });
    const platform = { ...api.platform, postgres };
    const server = await createHttpServer({ platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined });
    await server.register(apiRoutes(platform, { readLines, readRecordAt }, ABOUT));
    for (const url of ['/v1/customers', '/v1/plans/a', '/v1/records.csv']) {
      const response = await server.inject({ url, headers: bearer });
      expect([url, response.statusCode, response.headers['retry-after'], response.json<{ code: string }>().code]).toEqual([
        url,
        503,
        '5',
        'store_unavailable',
      ]);
      expect(response.body).not.toMatch(/127\.0\.0\.1|secret|ECONN/);
    }
    const ready = await server.inject('/health/ready');
    expect([ready.statusCode, ready.json()]).toMatchObject([
      503,
      {
        status: 'down',
        checks: [
          { name: 'postgres', ok: false },
          { name: 'clickhouse', ok: true },
          { name: 'file store', ok: true },
          { name: 'event log', ok: true },
        ],
      },
    ]);
    expect((await server.inject('/health/live')).statusCode).toBe(200);
    await server.close();
    await postgres.close();
  });
});
