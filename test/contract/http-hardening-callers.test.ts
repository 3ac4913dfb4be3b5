/** How often one may call, who is believed about where a call comes from, and what a caller hears when something breaks. */
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiRoutes } from '../../api/app.ts';
import { readLines, readRecordAt } from '../../ingest/csv/line-index.ts';
import { hashToken } from '../../platform/access/tokens.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../platform/http/server.ts';
import { createLogger } from '../../platform/logger.ts';
import { ABOUT } from '../support/about.ts';
import { ADMIN_KEY, openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

async function serve(options: Partial<HttpServerOptions>): Promise<HttpServer> {
  const platform = options.platform ?? api.platform;
  const server = await createHttpServer({ adminKey: ADMIN_KEY, dashboardDirectory: undefined, ...options, platform });
  await server.register(apiRoutes(platform, { readLines, readRecordAt }, ABOUT));
  return server;
}

const withKey = (key: string) => ({ authorization: `Bearer ${key}` });

async function makeKey(name: string, role: string, customer: string | null): Promise<string> {
  const key = `tallyline_${name.padEnd(43, 'x')}`;
  await api.platform.postgres.query(
    `INSERT INTO api_keys (name, prefix, key_hash, role, customer, created_at, created_by) VALUES ($1, $2, $3, $4, $5, now(), 'test')`,
    [name, key.slice(0, 14), hashToken(key), role, customer],
  );
  return key;
}

describe('credentials that are none', () => {
  it('are refused without a look into the database after some, and those that are good go on', async () => {
    const key = await makeKey('good', 'analyst', null);
    const server = await serve({ rateLimits: { refusedPerAddress: 5 } });
    const call = (token: string, remoteAddress = '192.0.2.1') =>
      server.inject({ url: '/v1/customers', headers: withKey(token), remoteAddress });
    expect((await call(key)).statusCode).toBe(200);
    const statuses = [];
    for (let n = 0; n < 8; n++) statuses.push((await call(`guess-${n}`)).statusCode);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const refused = await call('guess-9');
    expect(refused.json()).toMatchObject({ code: 'too_many_requests', status: 429 });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    // What was good before still is, and so is everything from elsewhere.
    expect((await call(key)).statusCode).toBe(200);
    expect((await call('guess-10', '192.0.2.2')).statusCode).toBe(401);
    await server.close();
  });

  it('count for a network of IPv6, of which one subscriber has all addresses', async () => {
    const server = await serve({ rateLimits: { refusedPerAddress: 2 } });
    const call = (remoteAddress: string) => server.inject({ url: '/v1/customers', headers: withKey('guess'), remoteAddress });
    expect((await call('2001:db8:1:2::1')).statusCode).toBe(401);
    expect((await call('2001:db8:1:2:ffff::9')).statusCode).toBe(401);
    expect((await call('2001:db8:1:2:3:4:5:6')).statusCode).toBe(429);
    expect((await call('2001:db8:1:3::1')).statusCode).toBe(401);
    await server.close();
  });

  it('that are missing altogether are never counted: a dashboard that was signed out asks again and again', async () => {
    const server = await serve({ rateLimits: { refusedPerAddress: 2 } });
    for (let n = 0; n < 10; n++) expect((await server.inject('/v1/session')).statusCode).toBe(401);
    await server.close();
  });
});

describe('calls that need no credentials', () => {
  it('are limited by address', async () => {
    const server = await serve({ rateLimits: { publicPerAddress: 3 } });
    const call = (remoteAddress: string) =>
      server.inject({ method: 'POST', url: '/v1/session', payload: { token: 'x'.repeat(43) }, remoteAddress });
    const statuses = [];
    for (let n = 0; n < 5; n++) statuses.push((await call('192.0.2.1')).statusCode);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await call('192.0.2.2')).statusCode).toBe(401);
    await server.close();
  });
});

describe('calls of', () => {
  it('a customer are limited, whatever the address; those of staff are not', async () => {
    const [customer, staff] = [await makeKey('of-acme', 'customer', 'acme'), await makeKey('of-staff', 'analyst', null)];
    const server = await serve({ rateLimits: { perCustomer: 3 } });
    const call = (key: string, n: number) => server.inject({ url: '/v1/session', headers: withKey(key), remoteAddress: `192.0.2.${n}` });
    const statuses = [];
    for (let n = 1; n <= 5; n++) statuses.push((await call(customer, n)).statusCode);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    for (let n = 1; n <= 10; n++) expect((await call(staff, n)).statusCode).toBe(200);
    await server.close();
  });
});

describe('a process that is overloaded', () => {
  it.each([{ heapBytes: 1 }, { residentBytes: 1 }])(
    'with the limit %o turns calls away, and says that it is alive',
    async (pressureLimits) => {
      const server = await serve({ pressureLimits });
      await server.ready();
      await expect
        .poll(async () => (await server.inject({ url: '/v1/customers', headers: withKey(ADMIN_KEY) })).statusCode, { timeout: 30_000 })
        .toBe(503);
      const response = await server.inject({ url: '/v1/customers', headers: withKey(ADMIN_KEY) });
      expect([response.headers['retry-after'], response.json<{ code: string }>().code]).toEqual(['5', 'overloaded']);
      expect((await server.inject('/health/live')).statusCode).toBe(200);
      expect((await server.inject('/health/ready')).statusCode).toBe(200);
      await server.close();
    },
  );
});

describe('X-Forwarded-For', () => {
  /** The address that a refusal is written down with. */
  async function addressOf(server: HttpServer, remoteAddress: string, forwarded: string): Promise<string | undefined> {
    await server.inject({ url: '/v1/customers', headers: { ...withKey('unknown-key'), 'x-forwarded-for': forwarded }, remoteAddress });
    const { rows } = await api.platform.postgres.query<{ address: string }>(
      `SELECT address FROM audit_entries WHERE what = 'key.refused' ORDER BY entry_id DESC LIMIT 1`,
    );
    return rows[0]?.address;
  }

  it('is nobody’s word unless told otherwise', async () => {
    const server = await serve({});
    expect(await addressOf(server, '192.0.2.1', '203.0.113.7')).toBe('192.0.2.1');
    expect(await addressOf(server, '127.0.0.1', '203.0.113.7')).toBe('127.0.0.1');
    await server.close();
  });

  it('is believed of the proxies that are named, from the nearest on, and no further', async () => {
    const server = await serve({ trustedProxies: ['10.1.0.0/16', '192.0.2.9'] });
    expect(await addressOf(server, '10.1.2.3', '203.0.113.7')).toBe('203.0.113.7');
    expect(await addressOf(server, '10.1.2.3', '203.0.113.7, 192.0.2.9')).toBe('203.0.113.7');
    // What stands left of the first that is not trusted was made up by it, or by whoever called it.
    expect(await addressOf(server, '10.1.2.3', '127.0.0.1, 203.0.113.8')).toBe('203.0.113.8');
    expect(await addressOf(server, '10.2.2.3', '203.0.113.7')).toBe('10.2.2.3');
    await server.close();
  });
});

describe('a fault inside', () => {
  it('is told by its id only, and the log has it without secrets', async () => {
    let log = '';
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        log += chunk.toString();
        done();
      },
    });
    const logger = createLogger({ level: 'debug', destination });
    const broken = { query: () => Promise.reject(new Error('relation "secret_table" does not exist at 10.9.8.7:5432')) };
    const platform = { ...api.platform, logger, postgres: { ...api.platform.postgres, ...broken } };
    const server = await serve({ platform });
    const response = await server.inject({
      url: '/v1/customers?search=who-is-asked-for',
      headers: { ...withKey(ADMIN_KEY), cookie: 'tallyline_session=a-session-of-somebody' },
    });
    await server.close();
    const { requestId, ...problem } = response.json<{ requestId: string }>();
    expect(problem).toEqual({
      type: 'urn:tallyline:problem:internal',
      title: 'Something went wrong here',
      status: 500,
      code: 'internal',
      detail: 'The request failed for a reason on our side. The log names it under this requestId.',
    });
    expect(response.headers['x-request-id']).toBe(requestId);
    expect(log).toContain(requestId);
    expect(log).toContain('secret_table');
    expect(log).not.toMatch(new RegExp(`${ADMIN_KEY}|a-session-of-somebody|who-is-asked-for`));
  });
});
