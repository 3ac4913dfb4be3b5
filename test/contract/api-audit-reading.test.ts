/** The audit log as it is read: filters, pages and CSV. And that nothing changes it. */
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../schemas/http/access.ts';
import type { Problem } from '../../schemas/http/common.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
/** Some pages of the CSV. */
const ENTRIES = 2_500;

beforeAll(async () => {
  api = await openTestApi();
  await api.platform.postgres.query(
    `INSERT INTO audit_entries (at, who, address, what, subject, reason, details)
     SELECT '2020-10-01T00:00:00Z'::timestamptz + n * interval '1 minute', 'user' || n % 5 || '@example.com', NULL,
            CASE n % 3 WHEN 0 THEN 'invoice.finalized' WHEN 1 THEN 'invoice.voided' ELSE 'invoices.exported' END, 'invoice/' || n % 10, NULL, '{}'
       FROM generate_series(0, $1::integer - 1) AS n`,
    [ENTRIES],
  );
});
afterAll(() => api?.close());

const parseCsv = (text: string): string[][] => parse(text);
const page = async (query: string) => {
  const { status, body, text } = await api.get(`/v1/audit?${query}`);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as { items: AuditEntry[]; nextCursor: string | null };
};

describe('the audit log', () => {
  it.each([
    `UPDATE audit_entries SET who = 'nobody'`,
    `UPDATE audit_entries SET who = 'nobody' WHERE false`,
    'DELETE FROM audit_entries WHERE entry_id = 1',
    'TRUNCATE audit_entries',
    `INSERT INTO audit_entries SELECT * FROM audit_entries LIMIT 1 ON CONFLICT (entry_id) DO UPDATE SET who = 'nobody'`,
    `MERGE INTO audit_entries a USING (SELECT 1 AS id) s ON a.entry_id = s.id WHEN MATCHED THEN DELETE`,
  ])('is append-only: Postgres refuses %s', async (sql) => {
    await expect(api.platform.postgres.query(sql)).rejects.toThrow('audit_entries is append-only');
    const { rows } = await api.platform.postgres.query<{ n: string }>(
      `SELECT count(*)::text AS n FROM audit_entries WHERE who LIKE 'user%'`,
    );
    expect(rows).toEqual([{ n: String(ENTRIES) }]);
  });

  const all = (what: (n: number) => boolean) =>
    Array.from({ length: ENTRIES }, (_, n) => n)
      .filter(what)
      .reverse();
  /** By the minute, which is the number of the entry. */
  const numberOf = ({ at }: AuditEntry) => (Date.parse(at) - Date.parse('2020-10-01T00:00:00Z')) / 60_000;

  it.each<[string, (n: number) => boolean]>([
    ['subject=invoice/7', (n) => n % 10 === 7],
    ['who=user3@example.com', (n) => n % 5 === 3],
    ['what=invoice.voided', (n) => n % 3 === 1],
    ['what=invoice', (n) => n % 3 !== 2],
    ['what=invoices', (n) => n % 3 === 2],
    ['what=inv', () => false],
    ['what=%25', () => false],
    ['from=2020-10-02T00:00:00Z&to=2020-10-02T00:10:00Z', (n) => n >= 1440 && n < 1450],
    ['from=2020-10-02T02:00:00%2B02:00&to=2020-10-02T02:10:00%2B02:00', (n) => n >= 1440 && n < 1450],
    ['to=2020-10-01T00:03:00Z', (n) => n < 3],
    ['from=2020-10-02T17:39:00Z', (n) => n >= 2499],
    ['subject=invoice/0&what=invoice.finalized&who=user0@example.com&to=2020-10-01T12:00:00Z', (n) => n % 30 === 0 && n < 720],
  ])('shows those of %s, newest first, page by page', async (query, isMeant) => {
    const found: AuditEntry[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next: { items: AuditEntry[]; nextCursor: string | null } = await page(
        `${query}&limit=700${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      found.push(...next.items);
      cursor = next.nextCursor;
    }
    expect(found.map(numberOf)).toEqual(all(isMeant));
    const { status, text } = await api.get(`/v1/audit.csv?${query}`);
    expect([status, parseCsv(text).length]).toEqual([200, found.length + 1]);
  });

  it.each([
    ['from=yesterday', 'invalid_request', 'from'],
    ['to=2020-02-30T00:00:00Z', 'invalid_request', 'to'],
    ['from=2020-10-02T00:00:00Z&to=2020-10-01T00:00:00Z', 'invalid_range', undefined],
    ['subject=%00', 'invalid_request', 'subject'],
    [`who=${'a'.repeat(401)}`, 'invalid_request', 'who'],
    ['whom=me', 'invalid_request', 'whom'],
  ])('refuses %s', async (query, code, path) => {
    for (const url of [`/v1/audit?${query}`, `/v1/audit.csv?${query}`]) {
      const problem = (await api.get(url)).body as Problem;
      expect([problem.code, problem.errors?.[0]?.path]).toEqual([code, path]);
    }
  });

  it('refuses a cursor of another list', async () => {
    for (const cursor of ['abc', Buffer.from('["invoice","1"]').toString('base64url'), Buffer.from('["audit","1;"]').toString('base64url')])
      expect((await api.get(`/v1/audit?cursor=${cursor}`)).body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'cursor' }] });
  });

  it('is for staff', async () => {
    await api.send('PUT', '/v1/customers/acme', {});
    for (const [role, status] of [
      ['analyst', 200],
      ['ingest', 403],
      ['customer', 404],
    ] as const) {
      const input = { name: role, role, ...(role === 'customer' ? { customer: 'acme' } : {}) };
      const { key } = (await api.send('POST', '/v1/api-keys', input)).body as { key: string };
      for (const url of ['/v1/audit', '/v1/audit.csv'])
        expect((await api.server.inject({ url, headers: { authorization: `Bearer ${key}` } })).statusCode).toBe(status);
    }
  });
});

describe('markup and formulas', () => {
  const HOSTILE = [
    '<img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil","x")',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '"quoted", and\nbroken',
  ];

  it('come back as the text that they are, and from CSV as no formula', async () => {
    for (const [n, text] of HOSTILE.entries()) {
      const id = encodeURIComponent(text.replace('\n', ' '));
      const put = async (url: string, body: object) => expect((await api.send('PUT', url, body)).status).toBe(200);
      await put(`/v1/plans/${id}`, { name: text, currency: 'USD', prices: [{ model: 'flat', amount: '1', description: text }] });
      await put(`/v1/customers/${id}`, { name: text, invoiceDetails: { [text]: text } });
      await put(`/v1/meters/${id}`, { name: text, unit: text });
      if (!/[\t\n]/.test(text)) expect((await api.send('POST', '/v1/api-keys', { name: text, role: 'ingest' })).status).toBe(201);
      await api.platform.postgres.query(
        `INSERT INTO audit_entries (at, who, what, subject, reason) VALUES (now(), $1, 'test.hostile', $2, $1)`,
        [text, `test/${n}`],
      );
    }
    const json = await api.get('/v1/audit?limit=1000&from=2020-11-01T00:00:00Z');
    expect([json.headers['content-type'], json.headers['x-content-type-options']]).toEqual(['application/json; charset=utf-8', 'nosniff']);
    const { items } = json.body as { items: AuditEntry[] };
    for (const text of HOSTILE) {
      const id = text.replace('\n', ' ');
      expect(items.find(({ subject }) => subject === `plan/${id}`)?.details).toMatchObject({ changed: { name: { after: text } } });
      expect(items.find(({ subject }) => subject === `customer/${id}`)?.details).toMatchObject({
        changed: { name: { after: text }, invoiceDetails: { after: { [text]: text } } },
      });
      expect(items.find(({ reason }) => reason === text)?.who).toBe(text);
    }
    const csv = await api.get('/v1/audit.csv?from=2020-11-01T00:00:00Z');
    expect(csv.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="audit.csv"',
      'x-content-type-options': 'nosniff',
    });
    const [header, ...rows] = parseCsv(csv.text);
    expect(header).toEqual(['id', 'at', 'who', 'address', 'what', 'subject', 'reason', 'details']);
    expect(rows).toHaveLength(items.length);
    for (const [n, row] of rows.entries()) {
      const { id, who, reason } = items[n] ?? {};
      expect(row[0]).toBe(id);
      for (const cell of row) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
      expect([row[2]?.replace(/^'/, ''), row[6]?.replace(/^'/, '')]).toEqual([who, reason ?? '']);
    }
  });
});
