/** Signed links to one invoice: what they open, what they are shown to have done, and every way in which one is refused. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiRoutes } from '../../api/app.ts';
import { readLines, readRecordAt } from '../../ingest/csv/line-index.ts';
import { openInvoiceLink } from '../../platform/access/invoice-links.ts';
import { createHttpServer } from '../../platform/http/server.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import type { AuditEntry } from '../../schemas/http/access.ts';
import type { Problem } from '../../schemas/http/common.ts';
import type { InvoiceLink } from '../../schemas/http/invoice-links.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { ABOUT } from '../support/about.ts';
import { ADMIN_KEY } from '../support/api.ts';
import { NOW, openTestBilling, type TestBilling } from '../support/billing.ts';

let billing: TestBilling;
let final: string;
let draft: string;
let other: string;

beforeAll(async () => {
  billing = await openTestBilling();
  for (const customer of ['acme', 'other']) {
    await billing.setUp(customer);
    await billing.use([{ customer, time: '2026-10-05T00:10:00Z', quantity: '3' }]);
  }
  final = (await billing.bill('acme', '2026-10')).id;
  other = (await billing.bill('other', '2026-10')).id;
  await billing.use([{ customer: 'acme', time: '2026-11-05T00:10:00Z', quantity: '4' }]);
  await billing.run('2026-11', ['acme']);
  draft = (await billing.invoiceOf('acme', '2026-11')).id;
});
afterAll(() => billing?.close());

const shared = async (invoice: string, body: object = {}) => {
  const link = await billing.ok<InvoiceLink>('POST', `/v1/invoices/${invoice}/links`, body);
  return { ...link, token: link.url?.split('#')[1] ?? '' };
};
const open = (token: string, url = `/v1/invoices/${final}`) => billing.call('GET', url, undefined, { authorization: `Bearer ${token}` });
const linksOf = async (invoice: string) => (await billing.ok<{ items: InvoiceLink[] }>('GET', `/v1/invoices/${invoice}/links`)).items;
const days = (from: string, n: number) => new Date(Date.parse(from) + n * 86_400_000).toISOString().replace('.000', '');

describe('a link', () => {
  it('shows its invoice, and says whom', async () => {
    const { token, ...link } = await shared(final);
    expect(link).toMatchObject({
      url: expect.stringMatching(/^http:\/\/[^/#]+\/shared\/invoice#invoice_\d+\.\d+\.[\w-]{43}$/) as string,
      createdAt: '2026-12-05T12:00:00Z',
      createdBy: 'admin key',
      expiresAt: days(NOW, 30),
      revokedAt: null,
      revokedBy: null,
      opened: 0,
      lastOpenedAt: null,
    });
    expect(await open(token, '/v1/session')).toMatchObject({
      status: 200,
      body: { name: `link ${link.id}`, role: 'link', customer: 'acme', invoice: final },
    });
    const opened = await open(token);
    expect([opened.status, (opened.body as Invoice).total]).toEqual([200, '3.00']);
    expect((await open(token, `/v1/invoices/${final}.pdf`)).status).toBe(200);
    expect((await open(token, `/v1/invoices/${final}/lines/1/days`)).status).toBe(200);
  });

  it.each(['/v1/customers/acme', '/v1/invoices', '/v1/audit', '/v1/api-keys', '/v1/usage', '/v1/pipeline'])(
    'shows nothing at %s, as if there were nothing',
    async (url) => {
      const { token } = await shared(final);
      expect(await open(token, url)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    },
  );

  it('makes and lists no links', async () => {
    const { token } = await shared(final);
    expect((await open(token, `/v1/invoices/${final}/links`)).status).toBe(404);
    const made = await billing.call('POST', `/v1/invoices/${final}/links`, {}, { authorization: `Bearer ${token}` });
    expect(made.status).toBe(404);
  });

  it('lasts as long as was asked for', async () => {
    expect((await shared(final, { days: 1 })).expiresAt).toBe(days(NOW, 1));
    expect((await shared(final, { days: 366 })).expiresAt).toBe(days(NOW, 366));
    for (const wrong of [0, 367, -1, 1.5, '30', null])
      expect(await billing.call('POST', `/v1/invoices/${final}/links`, { days: wrong })).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', errors: [{ path: 'days' }] },
      });
  });

  it('of an invoice that is void goes on', async () => {
    await billing.setUp('voided');
    await billing.use([{ customer: 'voided', time: '2026-10-05T00:10:00Z', quantity: '3' }]);
    const { id } = await billing.bill('voided', '2026-10');
    const { token } = await shared(id);
    await billing.ok('POST', `/v1/invoices/${id}/void`, { reason: 'a test' });
    expect(await open(token, `/v1/invoices/${id}`)).toMatchObject({ status: 200, body: { status: 'void' } });
    expect((await shared(id)).opened).toBe(0);
  });

  it('counts its openings, and one within a minute once', async () => {
    const { id, token } = await shared(final);
    const read = async () => (await linksOf(final)).find((link) => link.id === id);
    await open(token, '/v1/session');
    await open(token, `/v1/invoices/${final}.csv`);
    expect(await read()).toMatchObject({ opened: 0, lastOpenedAt: null });
    await Promise.all(Array.from({ length: 10 }, () => open(token)));
    expect(await read()).toMatchObject({ opened: 1, lastOpenedAt: '2026-12-05T12:00:00Z' });
    billing.time.now = '2026-12-05T12:00:59Z';
    await open(token);
    expect(await read()).toMatchObject({ opened: 1 });
    billing.time.now = '2026-12-05T12:01:01Z';
    await open(token);
    expect(await read()).toMatchObject({ opened: 2, lastOpenedAt: '2026-12-05T12:01:01Z' });
    billing.time.now = NOW;
  });

  it('begins with the public URL where there is one', async () => {
    const { platform } = billing;
    const server = await createHttpServer({ platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined });
    await server.register(apiRoutes(platform, { readLines, readRecordAt }, ABOUT, { publicUrl: 'https://bills.example.com/base' }));
    const response = await server.inject({
      method: 'POST',
      url: `/v1/invoices/${final}/links`,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, host: 'evil.example' },
      payload: {},
    });
    expect(response.json<InvoiceLink>().url).toMatch(/^https:\/\/bills\.example\.com\/base\/shared\/invoice#invoice_/);
    await server.close();
  });
});

describe('links to an invoice', () => {
  it('are listed newest first, page by page, with the URL of those that work, for admins', async () => {
    const made = [await shared(other), await shared(other), await shared(other)];
    await billing.call('DELETE', `/v1/invoices/${other}/links/${made[1]?.id}`);
    const items = await linksOf(other);
    expect(items.map(({ id, url }) => [id, url])).toEqual([
      [made[2]?.id, made[2]?.url],
      [made[1]?.id, null],
      [made[0]?.id, made[0]?.url],
    ]);
    const first = await billing.ok<{ items: InvoiceLink[]; nextCursor: string }>('GET', `/v1/invoices/${other}/links?limit=2`);
    const second = await billing.ok<{ items: InvoiceLink[]; nextCursor: null }>(
      'GET',
      `/v1/invoices/${other}/links?limit=2&cursor=${first.nextCursor}`,
    );
    expect([...first.items, ...second.items]).toEqual(items);
    const { key } = await billing.ok<{ key: string }>('POST', '/v1/api-keys', { name: 'reader', role: 'analyst' });
    const read = await open(key, `/v1/invoices/${other}/links`);
    expect((read.body as { items: InvoiceLink[] }).items.map(({ url }) => url)).toEqual([null, null, null]);
    const byAnalyst = await billing.call('POST', `/v1/invoices/${other}/links`, {}, { authorization: `Bearer ${key}` });
    expect(byAnalyst.status).toBe(403);
  });

  it('are made of what is final only', async () => {
    expect(await billing.call('POST', `/v1/invoices/${draft}/links`, {})).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: expect.stringContaining('draft') as string },
    });
    expect(await linksOf(draft)).toEqual([]);
    for (const [method, url] of [
      ['POST', '/v1/invoices/999999/links'],
      ['GET', '/v1/invoices/999999/links'],
      ['DELETE', `/v1/invoices/${final}/links/999999`],
    ] as const)
      expect(await billing.call(method, url, method === 'POST' ? {} : undefined)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
  });

  it('are taken back by their own invoice alone, once', async () => {
    const { id, token } = await shared(final);
    expect((await billing.call('DELETE', `/v1/invoices/${other}/links/${id}`)).status).toBe(404);
    expect((await open(token)).status).toBe(200);
    expect((await billing.call('DELETE', `/v1/invoices/${final}/links/${id}`)).status).toBe(204);
    expect((await billing.call('DELETE', `/v1/invoices/${final}/links/${id}`)).status).toBe(204);
    const { items } = await billing.ok<{ items: AuditEntry[] }>('GET', `/v1/audit?subject=invoice/${final}&what=link`);
    expect(items.filter(({ details }) => details['link'] === id).map(({ what, who }) => [what, who])).toEqual([
      ['link.revoked', 'admin key'],
      ['link.created', 'admin key'],
    ]);
    expect((await linksOf(final)).find((link) => link.id === id)).toMatchObject({ revokedBy: 'admin key', url: null });
  });
});

describe('a link is refused', () => {
  const refused = async (token: string) => {
    const { status, body } = await open(token);
    expect([status, (body as Problem).code]).toEqual([401, 'invoice_link_invalid']);
  };

  it('once it has expired', async () => {
    const { token } = await shared(final, { days: 1 });
    billing.time.now = new Date(Date.parse(NOW) + 86_400_000 - 1).toISOString();
    expect((await open(token)).status).toBe(200);
    billing.time.now = new Date(Date.parse(NOW) + 86_400_000).toISOString();
    await refused(token);
    billing.time.now = NOW;
  });

  it('from the call after it was taken back on', async () => {
    const { id, token } = await shared(final);
    await billing.call('DELETE', `/v1/invoices/${final}/links/${id}`);
    await refused(token);
  });

  it('when anything of it is altered, cut or added', async () => {
    const { id, token } = await shared(final);
    const [, expires = '', signature = ''] = /^invoice_\d+\.(\d+)\.(.*)$/.exec(token) ?? [];
    const { token: another } = await shared(other);
    const swapped = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    const last = signature.at(-1) ?? '';
    // Base64url of 32 bytes leaves two bits of the last letter unused: its neighbour stands for the same bytes.
    const alias = String.fromCharCode(last.charCodeAt(0) + 1);
    const wrong = [
      `invoice_${Number(id) + 1}.${expires}.${signature}`,
      `invoice_0${id}.${expires}.${signature}`,
      `invoice_${id}.${Number(expires) + 1}.${signature}`,
      `invoice_${id}.0${expires}.${signature}`,
      `invoice_${id}.${expires}.${swapped(signature)}`,
      `invoice_${id}.${expires}.${signature.slice(0, -1)}${alias}`,
      `invoice_${id}.${expires}.${another.split('.')[2]}`,
      `invoice_${id}.${expires}.`,
      `invoice_${id}.${expires}`,
      'invoice_',
      token.slice(0, -1),
      `${token}A`,
      `${token}=`,
      `${token}\0`,
      `invoice_${'9'.repeat(100_000)}.${expires}.${signature}`,
      `invoice_${id}.${expires}.${signature.repeat(2_500)}`,
      `invoice_-${id}.${expires}.${signature}`,
      `invoice_1e3.${expires}.${signature}`,
    ];
    for (const text of wrong) await refused(text);
    expect((await open(token)).status).toBe(200);
  });

  it('when another installation has signed it', async () => {
    const { id, token } = await shared(final);
    const name = token.slice('invoice_'.length, token.lastIndexOf('.'));
    await refused(`invoice_${name}.${createHmac('sha256', 'a secret of another one').update(name).digest('base64url')}`);
    await refused(`invoice_${name}.${createHmac('sha256', '').update(name).digest('base64url')}`);
    expect(name).toMatch(new RegExp(`^${id}\\.`));
  });

  it('without a question to the database, unless it was signed here', async () => {
    const { token } = await shared(final);
    const asked: string[] = [];
    const postgres: Postgres = {
      ...billing.platform.postgres,
      query: (sql, values, options) => {
        asked.push(sql);
        return billing.platform.postgres.query(sql, values, options);
      },
    };
    const { clock } = billing.platform;
    expect(await openInvoiceLink(postgres, clock, token)).toMatchObject({ invoice: final });
    // The secret is asked for by the first signature alone.
    const first = asked.splice(0).filter((sql) => sql.includes('installation_secrets'));
    expect(first.length).toBeGreaterThan(0);
    expect(await openInvoiceLink(postgres, clock, `${token.slice(0, -1)}~`)).toBeUndefined();
    expect(await openInvoiceLink(postgres, clock, `${token.slice(0, -43)}${'A'.repeat(43)}`)).toBeUndefined();
    expect(asked).toEqual([]);
    expect(await openInvoiceLink(postgres, clock, token)).toMatchObject({ invoice: final });
    expect(asked).toHaveLength(1);
  });

  it('at a change, whatever it is', async () => {
    const { token } = await shared(final);
    const headers = { authorization: `Bearer ${token}` };
    for (const url of [`/v1/invoices/${final}/void`, `/v1/invoices/${final}/finalize`, '/v1/api-keys', '/v1/clickhouse/rebuild'])
      expect([url, (await billing.call('POST', url, { reason: 'mine' }, headers)).status]).toEqual([url, 404]);
    expect((await billing.call('DELETE', `/v1/invoices/${final}/links/1`, undefined, headers)).status).toBe(404);
  });
});
