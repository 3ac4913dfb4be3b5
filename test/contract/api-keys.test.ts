/** Keys of machines: what they may do, what is kept of them, and every way in which one is refused. */
import { createConnection } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiRoutes } from '../../api/app.ts';
import { readLines, readRecordAt } from '../../ingest/csv/line-index.ts';
import { hashToken } from '../../platform/access/tokens.ts';
import type { Clock } from '../../platform/clock.ts';
import { createHttpServer, type HttpServer } from '../../platform/http/server.ts';
import type { AuditEntry } from '../../schemas/http/access.ts';
import type { Problem } from '../../schemas/http/common.ts';
import { ABOUT } from '../support/about.ts';
import { callWith, createKey, type KeyInput, listKeys } from '../support/api-keys.ts';
import { ADMIN_KEY, openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
  await api.send('PUT', '/v1/customers/acme', { name: 'Acme' });
});
afterAll(() => api.close());

const created = (input: KeyInput) => createKey(api, input);
const listed = async (id: string) => (await listKeys(api)).find((key) => key.id === id);
const audited = async (query: string): Promise<AuditEntry[]> =>
  ((await api.get(`/v1/audit?limit=1000&${query}`)).body as { items: AuditEntry[] }).items;

/** The same stores at another time. */
async function serverAt(now: () => Date): Promise<HttpServer> {
  const clock: Clock = { now, monotonicMs: () => performance.now() };
  const platform = { ...api.platform, clock };
  const server = await createHttpServer({ platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined });
  await server.register(apiRoutes(platform, { readLines, readRecordAt }, ABOUT));
  return server;
}

describe('a key', () => {
  it('is shown once, begins as its list says, and is kept as a hash only', async () => {
    const { key, ...row } = await created({ name: 'first' });
    expect(key).toMatch(/^tallyline_[\w-]{43}$/);
    expect(row).toEqual({
      id: expect.stringMatching(/^\d+$/) as string,
      name: 'first',
      prefix: key.slice(0, 'tallyline_'.length + 6),
      role: 'analyst',
      customer: null,
      createdAt: row.createdAt,
      createdBy: 'admin key',
      expiresAt: null,
      lastUsedAt: null,
      lastUsedFrom: null,
      revokedAt: null,
      revokedBy: null,
    });
    expect(await listed(row.id)).toEqual(row);
    const { rows } = await api.platform.postgres.query<{ row: string }>(
      `SELECT to_jsonb(k)::text AS row FROM api_keys k UNION ALL SELECT to_jsonb(a)::text FROM audit_entries a`,
    );
    expect(rows.filter((kept) => kept.row.includes(key))).toEqual([]);
    expect(rows.filter((kept) => kept.row.includes(hashToken(key)))).toHaveLength(1);
    expect(await audited(`subject=key/${row.id}`)).toMatchObject([
      { what: 'key.created', who: 'admin key', address: '127.0.0.1', details: { name: 'first', role: 'analyst', customer: null } },
    ]);
  });

  it.each(['admin', 'analyst', 'ingest', 'customer'])('of the role %s may do what the role may', async (role) => {
    const customer = role === 'customer' ? { customer: 'acme' } : {};
    const { key } = await created({ name: `role ${role}`, role, ...customer });
    expect(await callWith(api, key)).toMatchObject({
      status: 200,
      body: { name: `key "role ${role}"`, role, customer: role === 'customer' ? 'acme' : null },
    });
    const statuses = [
      (await callWith(api, key, { url: '/v1/plans' })).status,
      (await callWith(api, key, { url: '/v1/api-keys' })).status,
      (await callWith(api, key, { url: '/v1/clickhouse/rebuild', method: 'POST' })).status,
    ];
    const expected: Record<string, number[]> = {
      admin: [200, 200, 202],
      analyst: [200, 403, 403],
      ingest: [403, 403, 403],
      customer: [404, 404, 404],
    };
    expect(statuses).toEqual(expected[role]);
  });

  it('has the role that it has now', async () => {
    const { id, key } = await created({ name: 'demoted', role: 'admin' });
    expect((await callWith(api, key, { url: '/v1/api-keys' })).status).toBe(200);
    await api.platform.postgres.query(`UPDATE api_keys SET role = 'ingest' WHERE key_id = $1`, [id]);
    expect((await callWith(api, key, { url: '/v1/api-keys' })).status).toBe(403);
  });

  it('says when and from where it was used, in one write a minute', async () => {
    const times = ['2027-01-01T00:00:00Z', '2027-01-01T00:00:59Z', '2027-01-01T00:01:01Z'];
    let now = '';
    const server = await serverAt(() => new Date(now));
    const { id, key } = await created({ name: 'used' });
    const seen: unknown[] = [];
    for (const [n, time] of times.entries()) {
      now = time;
      expect((await callWith({ server }, key, { from: `10.0.0.${n}` })).status).toBe(200);
      const { lastUsedAt, lastUsedFrom } = (await listed(id)) ?? {};
      seen.push([lastUsedAt, lastUsedFrom]);
    }
    await server.close();
    expect(seen).toEqual([
      ['2027-01-01T00:00:00Z', '10.0.0.0'],
      ['2027-01-01T00:00:00Z', '10.0.0.0'],
      ['2027-01-01T00:01:01Z', '10.0.0.2'],
    ]);
  });

  it('is used by many at once, all of whom find it unused', async () => {
    const { key } = await created({ name: 'busy' });
    const calls = await Promise.all(Array.from({ length: 40 }, () => callWith(api, key)));
    expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('whose customer is gone shows nothing, and does nothing worse', async () => {
    await api.send('PUT', '/v1/customers/leaving', { name: 'Leaving' });
    const { key } = await created({ name: 'left behind', role: 'customer', customer: 'leaving' });
    await api.platform.postgres.query(`DELETE FROM customers WHERE id = 'leaving'`);
    expect(await callWith(api, key)).toMatchObject({ status: 200, body: { customer: 'leaving' } });
    expect((await callWith(api, key, { url: '/v1/customers/leaving' })).status).toBe(404);
    expect(await callWith(api, key, { url: '/v1/invoices' })).toMatchObject({ status: 200, body: { items: [] } });
  });
});

describe('a key is refused', () => {
  it('from the call after it was revoked on, in words, and cannot be made again', async () => {
    const { id, key } = await created({ name: 'revoked' });
    expect((await callWith(api, key)).status).toBe(200);
    expect((await api.send('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
    const before = await listed(id);
    expect((await api.send('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
    expect(await listed(id)).toEqual(before);
    expect(before).toMatchObject({ revokedBy: 'admin key', revokedAt: expect.stringMatching(/Z$/) as string });
    expect(await callWith(api, key)).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated', detail: 'The API key "revoked" was revoked; an administrator can make a new one.' },
    });
    expect((await audited(`subject=key/${id}`)).map(({ what, who, details }) => [what, who, details])).toEqual([
      ['key.refused', 'key "revoked"', { why: 'revoked' }],
      ['key.revoked', 'admin key', { name: 'revoked' }],
      ['key.created', 'admin key', expect.anything()],
    ]);
    const { status, body } = await api.send('POST', '/v1/api-keys', { name: 'revoked', role: 'admin' });
    expect([status, body]).toMatchObject([409, { code: 'conflict', detail: expect.stringContaining('never given again') as string }]);
  });

  it('once it has expired', async () => {
    const { key, id, expiresAt } = await created({ name: 'short', expiresAt: '2999-12-31T23:00:00+01:00' });
    expect(expiresAt).toBe('2999-12-31T22:00:00Z');
    let now = '2999-12-31T21:59:59.999Z';
    const server = await serverAt(() => new Date(now));
    expect((await callWith({ server }, key)).status).toBe(200);
    now = '2999-12-31T22:00:00Z';
    expect(await callWith({ server }, key)).toMatchObject({
      status: 401,
      body: { detail: 'The API key "short" has expired; an administrator can make a new one.' },
    });
    await server.close();
    expect((await audited(`subject=key/${id}&what=key.refused`)).map(({ details }) => details)).toEqual([{ why: 'expired' }]);
  });

  const made = 'A'.repeat(43);
  it.each([
    ['an unknown one', `tallyline_${made}`],
    ['its prefix alone', 'tallyline_'],
    ['a letter short', `tallyline_${made.slice(1)}`],
    ['a letter long', `tallyline_${made}A`],
    ['another prefix', `sk_${made}`],
    ['100 KB', `tallyline_${'A'.repeat(100_000)}`],
    ['U+0000', `tallyline_${made.slice(1)}\0`],
    ['SQL', `'OR/**/1=1--`],
    ['more than one', `tallyline_${made},tallyline_${made}`],
    ['the text of a hash', hashToken(made)],
  ])('when it is %s', async (_name, key) => {
    expect(await callWith(api, key)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  it.each(['Bearer', 'Bearer ', 'Bearer a b', 'bearertallyline_', `Basic ${ADMIN_KEY}`, ''])('in the header %j', async (authorization) => {
    const response = await api.server.inject({ url: '/v1/session', headers: { authorization } });
    expect([response.statusCode, response.json<Problem>().code]).toEqual([401, 'unauthenticated']);
  });

  it('over a real connection, when the header is larger than headers may be', async () => {
    const server = await serverAt(() => new Date());
    await server.listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.server.address() as AddressInfo;
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = createConnection({ host: '127.0.0.1', port }, () =>
        // Beyond the 16 KB that Node takes, and little enough to be read before the server hangs up.
        socket.write(`GET /v1/session HTTP/1.1\r\nhost: a\r\nauthorization: Bearer tallyline_${'A'.repeat(20_000)}\r\n\r\n`),
      );
      socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      socket.once('close', () => resolve(text)).once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    await server.close();
  });
});

describe('whoever guesses keys', () => {
  it('is written down, and cannot fill the log', async () => {
    const guess = (from: string) => callWith(api, `tallyline_${'B'.repeat(43)}`, { from });
    const refusals = async () => (await audited('who=unknown%20key')).filter(({ details }) => details['why'] === 'unknown');
    for (let n = 0; n < 60; n++) await guess('203.0.113.7');
    const ofOne = (await refusals()).filter(({ address }) => address === '203.0.113.7');
    expect(ofOne).toHaveLength(20);
    expect(ofOne[0]).toMatchObject({ what: 'key.refused', subject: 'key', reason: null });
    for (let n = 0; n < 300; n++) await guess(`198.51.100.${n % 250}`);
    expect(await refusals()).toHaveLength(200);
    // An hour later there is room again.
    const server = await serverAt(() => new Date(Date.now() + 3_601_000));
    await callWith({ server }, 'tallyline_', { from: '203.0.113.7' });
    await server.close();
    expect(await refusals()).toHaveLength(201);
  });

  it('costs a look at the latest refusals, however long the log is', async () => {
    await api.platform.postgres.query(
      `INSERT INTO audit_entries (at, who, address, what, subject)
       SELECT now() - interval '1 year', CASE n % 2 WHEN 0 THEN 'unknown key' ELSE 'somebody' END, '192.0.2.1', 'key.refused', 'key' FROM generate_series(1, 20000) AS n`,
    );
    await api.platform.postgres.query('ANALYZE audit_entries');
    const { rows } = await api.platform.postgres.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT at, what, address FROM audit_entries WHERE who = 'unknown key' ORDER BY entry_id DESC LIMIT 200`,
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Index Scan Backward using (audit_entries_who|audit_entries_pkey)/);
  });
});
