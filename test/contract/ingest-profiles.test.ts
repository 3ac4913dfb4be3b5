/** Profiles over HTTP: saved ones, built-in ones, the files to start from, and what `inspect` suggests. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Inspection, Mapping, Profile } from '../../schemas/http/imports.ts';
import { ADMIN_KEY, openTestIngest, type TestIngest } from '../support/ingest.ts';

let ingest: TestIngest;
let url: string;
const headers = { authorization: `Bearer ${ADMIN_KEY}` };

beforeAll(async () => {
  ingest = await openTestIngest();
  url = await ingest.serve(await ingest.replica('profiles'));
});
afterAll(() => ingest.close());

const FIO: Mapping = {
  customer: 'VM_id',
  time: 'starttime',
  timeZone: 'UTC',
  measures: [{ meter: { const: 'fio' }, quantity: 'runtime', decimal: ',', thousands: "'" }],
  only: [{ column: 'state', in: ['done'] }],
};

const get = (path: string) => fetch(url + path, { headers });
const json = async <T>(path: string) => (await (await get(path)).json()) as T;
const put = (name: string, mapping: unknown) =>
  fetch(`${url}/v1/profiles/${encodeURIComponent(name)}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(mapping),
  });
const inspect = async (body: string | Buffer, query: Record<string, string> = {}) => {
  const response = await fetch(`${url}/v1/imports/inspect?${new URLSearchParams(query)}`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
  return (await response.json()) as Inspection;
};

describe('profiles', () => {
  test('that are saved come back as they went in, before the built-in ones', async () => {
    const saved = (await (await put('fio export', FIO)).json()) as Profile;
    expect(saved).toEqual({ name: 'fio export', builtIn: false, description: null, mapping: FIO, updatedAt: saved.updatedAt });
    expect(saved.updatedAt).toMatch(/^\d{4}-/);
    const { items } = await json<{ items: Profile[] }>('/v1/profiles');
    expect(items[0]).toEqual(saved);
    const names = items.filter(({ builtIn }) => builtIn).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['aws-cur', 'aws-cur-2.0', 'azure-ea', 'azure-mca', 'focus', 'gcp-cost-table', 'oci-cost']),
    );
  });

  test('that are built in are read like any other, and are nobody’s to change', async () => {
    const focus = await json<Profile>('/v1/profiles/focus');
    expect(focus).toMatchObject({ builtIn: true, updatedAt: null, mapping: { customer: 'SubAccountId' } });
    for (const refused of [await put('focus', FIO), await fetch(`${url}/v1/profiles/focus`, { method: 'DELETE', headers })]) {
      expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'conflict' }]);
    }
    expect(await json<Profile>('/v1/profiles/focus')).toEqual(focus);
  });

  test('of another shape are refused with the member at fault', async () => {
    const response = await put('wrong', { ...FIO, thousands: '_' });
    expect([response.status, await response.text()]).toMatchObject([400, expect.stringContaining('thousands')]);
    const unsound = await put('wrong', { ...FIO, timeFormat: 'dd/MM/yy' });
    expect([unsound.status, await unsound.json()]).toMatchObject([422, { code: 'mapping_incomplete', errors: [{ path: 'timeFormat' }] }]);
    expect((await get('/v1/profiles/wrong')).status).toBe(404);
  });
});

describe('a file to start from', () => {
  test('needs no mapping, and is ready as it is', async () => {
    const response = await get('/v1/template.csv');
    expect([response.status, response.headers.get('content-type'), response.headers.get('content-disposition')]).toEqual([
      200,
      'text/csv; charset=utf-8; header=present',
      `attachment; filename="template.csv"; filename*=UTF-8''template.csv`,
    ]);
    expect(await inspect(await response.text())).toMatchObject({ ready: true, problems: [] });
  });

  test.each(['fio export', 'aws-cur', 'azure-ea', 'gcp-cost-table', 'oci-usage', 'focus'])(
    'for the profile %s is ready with it',
    async (name) => {
      if (name === 'fio export') await put(name, FIO);
      const response = await get(`/v1/profiles/${encodeURIComponent(name)}/template.csv`);
      expect(response.status).toBe(200);
      const text = await response.text();
      const inspection = await inspect(text, { profile: name });
      expect(inspection).toMatchObject({ ready: true, problems: [] });
      expect(inspection.rows.filter(({ problem }) => problem === undefined)).toHaveLength(2);
      // Sent without saying how it is to be read, it is recognized.
      expect((await inspect(text)).suggestions.map(({ profile }) => profile)).toContain(name);
    },
  );

  test('is not there for a profile that is not', async () => {
    expect((await get('/v1/profiles/nobody/template.csv')).status).toBe(404);
  });
});

describe('inspect', () => {
  test('suggests the built-in profile of a real export, with the reason, and applies nothing', async () => {
    const body = await readFile(join(import.meta.dirname, '../corpus/real/azure-ea-export.csv'));
    const inspection = await inspect(body);
    expect(inspection).toMatchObject({ ready: false, mapping: null });
    expect(inspection.suggestions[0]).toEqual({
      kind: 'profile',
      profile: 'azure-ea',
      change: {},
      columnsMatched: 8,
      columnsUsed: 8,
      reason: 'all 8 of its columns are in the header, and it reads 3 of the first 3 rows',
    });
    expect(await inspect(body, { profile: 'azure-ea' })).toMatchObject({ ready: true, problems: [], suggestions: [] });
  });

  test('suggests the style of numbers and the form of times, which make the file ready once they are said', async () => {
    const body = 'customer;time;meter;quantity\nacme;13.04.2026 05:06;calls;1.234,56\nacme;14.04.2026 05:06;calls;7\n';
    const asked = await inspect(body);
    expect(asked).toMatchObject({ ready: false, mapping: null });
    expect(asked.suggestions.map(({ change }) => change)).toEqual([{ timeFormat: 'dd.MM.yyyy HH:mm' }, { decimal: ',', thousands: '.' }]);
    const said = Object.assign({}, ...asked.suggestions.map(({ change }) => change)) as Partial<Mapping>;
    const mapping: Mapping = {
      customer: 'customer',
      time: 'time',
      timeZone: 'Europe/Berlin',
      measures: [{ meter: { column: 'meter' }, quantity: 'quantity' }],
      ...said,
    };
    expect(await inspect(body, { mapping: JSON.stringify(mapping) })).toMatchObject({ ready: true, problems: [], suggestions: [] });
  });
});
