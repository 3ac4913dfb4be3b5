/** Making and listing API keys: what is refused, and where. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../schemas/http/access.ts';
import type { ApiKey } from '../../schemas/http/api-keys.ts';
import type { Problem } from '../../schemas/http/common.ts';
import { callWith, createKey, listKeys } from '../support/api-keys.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
  await api.send('PUT', '/v1/customers/acme', { name: 'Acme' });
});
afterAll(() => api?.close());

describe('making a key', () => {
  it.each<[string, object, number, string, string]>([
    ['without a role', { name: 'x' }, 400, 'invalid_request', 'role'],
    ['of the role link', { name: 'x', role: 'link' }, 400, 'invalid_request', 'role'],
    ['with a member nobody knows', { name: 'x', role: 'admin', scope: 'all' }, 400, 'invalid_request', 'scope'],
    ['without a name', { name: '', role: 'admin' }, 400, 'invalid_request', 'name'],
    ['with a name that shows nothing', { name: '\u200B\u00AD', role: 'admin' }, 400, 'invalid_request', 'name'],
    ['with a name of two lines', { name: 'a\nb', role: 'admin' }, 422, 'unprocessable', 'name'],
    ['with a name that turns around', { name: 'a\u202Eb', role: 'admin' }, 422, 'unprocessable', 'name'],
    ['with a name that ends in nothing', { name: 'a\u3164', role: 'admin' }, 422, 'unprocessable', 'name'],
    ['with a space before its name', { name: ' a', role: 'admin' }, 422, 'unprocessable', 'name'],
    ['with half a letter in its name', { name: 'a\uD83D', role: 'admin' }, 400, 'invalid_request', 'name'],
    ['with a name too long', { name: 'a'.repeat(101), role: 'admin' }, 400, 'invalid_request', 'name'],
    ['with U+0000 in its name', { name: 'a\0', role: 'admin' }, 400, 'invalid_request', 'name'],
    ['of the role customer for nobody', { name: 'x', role: 'customer' }, 422, 'unprocessable', 'customer'],
    ['of the role customer for a stranger', { name: 'x', role: 'customer', customer: 'nobody' }, 422, 'unknown_customer', 'customer'],
    ['of another role for a customer', { name: 'x', role: 'analyst', customer: 'acme' }, 422, 'unprocessable', 'customer'],
    ['that is over', { name: 'x', role: 'admin', expiresAt: '2020-01-01T00:00:00Z' }, 422, 'unprocessable', 'expiresAt'],
    ['until a day that there is not', { name: 'x', role: 'admin', expiresAt: '2999-02-30T00:00:00Z' }, 400, 'invalid_request', 'expiresAt'],
  ])('%s is refused at the field', async (_name, input, status, code, path) => {
    const before = await listKeys(api);
    const refused = await api.send('POST', '/v1/api-keys', input);
    const { code: said, errors } = refused.body as Problem;
    expect([refused.status, said, errors?.[0]?.path]).toEqual([status, code, path]);
    expect(await listKeys(api)).toEqual(before);
  });

  it('gives a name to one of two who ask for it at the same time', async () => {
    const both = await Promise.all(['Caf\u00E9', 'Cafe\u0301'].map((name) => api.send('POST', '/v1/api-keys', { name, role: 'ingest' })));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    const { items } = (await api.get('/v1/audit?what=key.created')).body as { items: AuditEntry[] };
    expect(items.filter(({ details }) => details['name'] === 'Café')).toHaveLength(1);
  });

  it('takes markup and formulas as the text that they are', async () => {
    const names = ['<script>alert(1)</script>', '=HYPERLINK("http://evil")', '"; DROP TABLE api_keys; --', '🔑 キー'];
    for (const name of names) {
      const { id, key } = await createKey(api, { name });
      expect((await listKeys(api)).find((one) => one.id === id)?.name).toBe(name);
      expect((await callWith(api, key)).body.name).toBe(`key "${name}"`);
    }
  });

  it('is for admins, and of what there is not, says so', async () => {
    expect((await api.send('DELETE', '/v1/api-keys/999999999')).status).toBe(404);
    expect((await api.send('DELETE', '/v1/api-keys/1%20or%201')).status).toBe(400);
    expect((await api.get('/v1/api-keys?cursor=abc')).body).toMatchObject({
      code: 'invalid_request',
      errors: [{ code: 'invalid_cursor' }],
    });
  });

  it('is listed newest first, page by page', async () => {
    for (let n = 0; n < 10; n++) await createKey(api, { name: `listed ${n}` });
    const all = (await listKeys(api)).map(({ id }) => id);
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = (await api.get(`/v1/api-keys?limit=7${query}`)).body as { items: ApiKey[]; nextCursor: string | null };
      found.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(found).toEqual(all);
    expect(found).toEqual(found.toSorted((a, b) => Number(b) - Number(a)));
  });
});
