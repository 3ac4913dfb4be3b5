/** What ingest lets people do is in the audit log, in the same transaction. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, CSV, MAPPING, openTestIngest, rowsOf, type TestIngest } from '../support/ingest.ts';

interface Entry {
  what: string;
  subject: string;
  who: string;
  address: string | null;
  details: object;
  [column: string]: unknown;
}

let ingest: TestIngest;
let url: string;

beforeAll(async () => {
  ingest = await openTestIngest();
  url = await ingest.serve(await ingest.replica('audited'));
});
afterAll(() => ingest?.close());

const call = (method: string, path: string, body?: string) =>
  fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body }),
  });
const query = <Row extends Record<string, unknown>>(sql: string, values: unknown[] = []) =>
  ingest.platform.postgres.query<Row>(sql, values).then(({ rows }) => rows);
const entries = () => query<Entry>('SELECT what, subject, who, address, details FROM audit_entries ORDER BY entry_id DESC');
const state = () =>
  query(`SELECT (SELECT jsonb_agg(to_jsonb(i) ORDER BY id) FROM imports i) AS imports, (SELECT jsonb_agg(to_jsonb(p) ORDER BY name) FROM profiles p) AS profiles,
    (SELECT jsonb_agg(to_jsonb(c) ORDER BY id) FROM customers c) AS customers, (SELECT count(*) FROM plan_versions) AS plans`);

/** Sent over HTTP, and complete as if its publisher had come to its end. */
async function addImport(name = 'usage.csv'): Promise<string> {
  const sent = await fetch(`${url}/v1/imports?${new URLSearchParams({ mapping: MAPPING, name })}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv' },
    body: CSV + rowsOf(3),
  });
  const { id } = (await sent.json()) as { id: string };
  await query(`UPDATE imports SET status = 'complete', publishing_at = now() WHERE id = $1`, [id]);
  return id;
}

interface Act {
  request: [method: string, path: string, body?: string];
  what: string;
  subject: string;
  details: object;
  /** What the same call is answered afterwards; undefined: it does the same again. */
  again?: number;
}

async function prepareActs(): Promise<Act[]> {
  const [first, second] = [await addImport('<b>usage</b>.csv'), await addImport()];
  expect((await call('PUT', '/v1/profiles/theirs', MAPPING)).status).toBe(200);
  return [
    {
      request: ['POST', `/v1/imports/${first}/undo`],
      what: 'import.undone',
      subject: `import/${first}`,
      details: { name: '<b>usage</b>.csv', adjust: false },
      again: 202,
    },
    {
      request: ['POST', `/v1/imports/${second}/undo?adjust=true`],
      what: 'import.undone',
      subject: `import/${second}`,
      details: { name: 'usage.csv', adjust: true },
      again: 202,
    },
    {
      request: ['PUT', '/v1/profiles/ours%20%2F%201', MAPPING],
      what: 'profile.changed',
      subject: 'profile/ours / 1',
      details: { changed: { customer: { before: null, after: 'customer' }, id: { before: null, after: 'id' } } },
      again: 200,
    },
    { request: ['DELETE', '/v1/profiles/theirs'], what: 'profile.deleted', subject: 'profile/theirs', details: {}, again: 404 },
    {
      request: ['POST', '/v1/sample-data'],
      what: 'sample-data.loaded',
      subject: 'sample-data',
      details: { files: ['azure_llm_inference_code.csv', 'azure_vm_noise_fio.csv', 'focus_sample.csv'] },
    },
  ];
}

describe('the audit log', () => {
  test('has every act of people once, none without its entry, and no entry without the act', async () => {
    const acts = await prepareActs();
    await query(`CREATE FUNCTION lose_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the entry is lost'; END $$`);
    await query('CREATE TRIGGER lose_entry BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION lose_entry()');
    const before = await state();
    for (const { request } of acts) {
      expect([request, (await call(...request)).status]).toEqual([request, 500]);
      expect([request, await state()]).toEqual([request, before]);
    }
    await query('DROP TRIGGER lose_entry ON audit_entries');

    for (const { request, what, subject, details } of acts) {
      const known = await entries();
      const answer = await call(...request);
      expect([request, answer.status < 300, answer.status < 300 ? '' : await answer.text()]).toEqual([request, true, '']);
      const [entry, ...rest] = await entries();
      expect(rest).toEqual(known);
      expect(entry).toMatchObject({ what, subject, who: 'admin key', address: '127.0.0.1', details });
    }

    const known = await entries();
    for (const { request, again } of acts)
      if (again !== undefined) expect([request, (await call(...request)).status]).toEqual([request, again]);
    expect(await entries()).toEqual(known);
  });

  test('has none of what was refused', async () => {
    await query(`INSERT INTO imports (id, name, status, created_by) VALUES (1003, 'failed.csv', 'failed', 'test')`);
    const known = await entries();
    for (const [method, path, body, status] of [
      ['POST', '/v1/imports/999/undo', undefined, 404],
      ['POST', '/v1/imports/1003/undo', undefined, 409],
      ['PUT', '/v1/profiles/focus', MAPPING, 409],
      ['DELETE', '/v1/profiles/focus', undefined, 409],
    ] as const)
      expect([path, (await call(method, path, body)).status]).toEqual([path, status]);
    expect(await entries()).toEqual(known);
  });
});
