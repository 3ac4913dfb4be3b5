/** Ways a file can arrive, whole or not, and what a second arrival adds. */
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, importPath, sample, usageTotals } from '../support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

let tallyline: Tallyline;
let directory: Awaited<ReturnType<typeof makeDataDirectory>>;

beforeAll(async () => {
  directory = await makeDataDirectory('tallyline größer & ');
  tallyline = await startTallyline({
    dataDirectory: directory.path,
    env: { TALLYLINE_ADMIN_KEY: 'a-key-that-is-long-enough', TALLYLINE_UPLOAD_BYTES_MAX: '4000000' },
  });
});
afterAll(async () => {
  await tallyline.stop();
  await directory.remove();
});

/** Maps every test's file to a meter of its own, so that tests do not see each other's usage. */
function mappingFor(meter: string, extra: Partial<Mapping> = {}): Mapping {
  return { customer: 'customer', time: 'time', measures: [{ meter: { const: meter }, quantity: 'quantity' }], ...extra };
}

function rowsOf(count: number, quantity = (n: number) => String(n)): string {
  return Array.from(
    { length: count },
    (_, n) => `c${n % 3},2026-01-${String((n % 28) + 1).padStart(2, '0')}T00:00:00Z,${quantity(n + 1)}\n`,
  ).join('');
}

const HEADER = 'customer,time,quantity\n';

describe('an upload that breaks off', () => {
  test('publishes nothing and is kept as failed, with the reason', async () => {
    const body = await sample('azure_llm_inference_code.csv');
    const { hostname, port } = new URL(tallyline.url);
    const socket = createConnection({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    const head = [
      `POST ${importPath({ name: 'cut.csv' })} HTTP/1.1`,
      `host: ${hostname}`,
      `authorization: Bearer ${tallyline.key}`,
      'content-type: text/csv',
      `content-length: ${body.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(body.subarray(0, body.length - 1));
    socket.end();
    const failed = await eventually('the cut upload fails', async () => {
      const { items } = await tallyline.json<{ items: Import[] }>('/v1/imports');
      return items.find(({ name, status }) => name === 'cut.csv' && status === 'failed');
    });
    expect(failed.failure).toMatchObject({ code: 'upload_incomplete' });
    expect(failed.events).toEqual({ published: 0, accepted: 0, duplicate: 0, conflict: 0, dead: 0 });
    expect(await usageTotals(tallyline, { customer: 'acme-ai' })).toEqual({});
  });

  test('may be repeated under the same Idempotency-Key', async () => {
    const body = HEADER + rowsOf(5);
    const options = { mapping: mappingFor('keyed'), headers: { 'idempotency-key': 'jan-2026' } };
    const first = await importFile(tallyline, body, options);
    const second = await importFile(tallyline, body, options);
    expect(second.id).toBe(first.id);
    const other = await tallyline.fetch(importPath(options), {
      method: 'POST',
      body: body + rowsOf(1),
      headers: { ...options.headers, 'content-type': 'text/csv' },
    });
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ code: 'idempotency_key_reused' });
    expect(await usageTotals(tallyline, { meter: 'keyed' })).toEqual({ keyed: '15' });
  });
});

describe('the forms of a body', () => {
  test('a .gz is the same file as the text inside', async () => {
    const text = HEADER + rowsOf(100);
    const packed = await importFile(tallyline, new Uint8Array(gzipSync(text)), { name: 'a.csv.gz', mapping: mappingFor('packed') });
    expect(packed.events).toMatchObject({ accepted: 100 });
    const plain = await importFile(tallyline, text, { name: 'a.csv', mapping: mappingFor('packed') });
    expect(plain.sha256).toBe(packed.sha256);
    expect(plain.events).toMatchObject({ accepted: 0, duplicate: 100 });
    const original = await tallyline.fetch(`/v1/imports/${packed.id}/file`);
    expect(Buffer.from(await original.arrayBuffer()).equals(gzipSync(text))).toBe(true);
  });

  test('a damaged .gz is refused and nothing of it billed', async () => {
    const packed = gzipSync(HEADER + rowsOf(1000));
    const response = await tallyline.fetch(importPath({ mapping: mappingFor('damaged') }), {
      method: 'POST',
      body: new Uint8Array(packed.subarray(0, packed.length - 20)),
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'corrupt_gzip' });
    expect(await usageTotals(tallyline, { meter: 'damaged' })).toEqual({});
  });

  test('multipart and PUT are taken like a raw body', async () => {
    const form = new FormData();
    form.append('file', new Blob([HEADER + rowsOf(3)], { type: 'text/csv' }), 'form.csv');
    const query = new URLSearchParams({ wait: 'true', mapping: JSON.stringify(mappingFor('form')) });
    const posted = await tallyline.json<Import>(`/v1/imports?${query}`, { method: 'POST', body: form });
    expect(posted).toMatchObject({ name: 'form.csv', status: 'complete', events: { accepted: 3 } });
    const put = await tallyline.json<Import>(importPath({ name: 'put.csv', mapping: mappingFor('put') }), {
      method: 'PUT',
      body: HEADER + rowsOf(4),
    });
    expect(put).toMatchObject({ name: 'put.csv', status: 'complete', events: { accepted: 4 } });
  });

  test('a file over the limit is refused with the limit, and nothing of it billed', async () => {
    const body = HEADER + rowsOf(200_000);
    const response = await tallyline.fetch(importPath({ mapping: mappingFor('large') }), { method: 'POST', body });
    expect([response.status, await response.json()]).toMatchObject([413, { code: 'file_too_large' }]);
    expect(await usageTotals(tallyline, { meter: 'large' })).toEqual({});
  });

  test('an unknown query parameter is refused, not ignored', async () => {
    const response = await tallyline.fetch('/v1/imports?dryrun=true', { method: 'POST', body: HEADER });
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain('dryrun');
  });

  test('an empty file and one whose columns nobody can match say what is wrong', async () => {
    const empty = await tallyline.fetch('/v1/imports', { method: 'POST', body: '', headers: { 'content-type': 'text/csv' } });
    expect([empty.status, ((await empty.json()) as { code: string }).code]).toEqual([422, 'empty_file']);
    const unclear = await tallyline.fetch('/v1/imports', { method: 'POST', body: 'a,b\n1,2\n' });
    expect([unclear.status, ((await unclear.json()) as { code: string }).code]).toEqual([422, 'mapping_incomplete']);
  });
});

describe('a file with bad rows', () => {
  const bad = ['c1,yesterday,1', ',2026-01-02T00:00:00Z,1', 'c1,2026-01-02T00:00:00Z,1.2.3'];
  const text = HEADER + rowsOf(10) + bad.map((row) => `${row}\n`).join('') + rowsOf(5, (n) => String(n * 100));
  const mapping = mappingFor('mended');
  let first: Import;

  test('bills the good ones and hands the bad ones back with line, column and code', async () => {
    first = await importFile(tallyline, text, { name: 'bad.csv', mapping });
    expect(first.rows).toEqual({ read: 18, new: 15, known: 0, conflict: 0, rejected: 3 });
    expect(first.errors.map(({ code, count }) => [code, count]).sort()).toEqual([
      ['invalid_number', 1],
      ['invalid_time', 1],
      ['missing_customer', 1],
    ]);
    const rejected = await (await tallyline.fetch(`/v1/imports/${first.id}/rejected.csv`)).text();
    const lines = rejected.trimEnd().split('\n');
    expect(lines[0]).toBe('customer,time,quantity,error_line,error_column,error_code,error_message');
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 6))).toEqual([
      ['c1', 'yesterday', '1', '12', 'time', 'invalid_time'],
      ['', '2026-01-02T00:00:00Z', '1', '13', 'customer', 'missing_customer'],
      ['c1', '2026-01-02T00:00:00Z', '1.2.3', '14', 'quantity', 'invalid_number'],
    ]);
  });

  test('mended and sent again, they are accepted and nothing twice, whichever way', async () => {
    const rejected = await (await tallyline.fetch(`/v1/imports/${first.id}/rejected.csv`)).text();
    const mend = (csv: string) => csv.replace('yesterday', '2026-01-02T00:00:00Z').replace(/^,/m, 'c2,').replace('1.2.3', '1.23');
    const mended = await importFile(tallyline, mend(rejected), { name: 'mended.csv', mapping });
    expect(mended.rows).toEqual({ read: 3, new: 3, known: 0, conflict: 0, rejected: 0 });
    const whole = await importFile(tallyline, mend(text), { name: 'whole.csv', mapping });
    expect(whole.rows).toEqual({ read: 18, new: 0, known: 18, conflict: 0, rejected: 0 });
  });

  test('corrected as a whole, only the bad ones are new', async () => {
    const other = mappingFor('corrected');
    const before = await importFile(tallyline, text, { mapping: other });
    expect(before.rows).toMatchObject({ new: 15, rejected: 3 });
    const corrected = text.replace('yesterday', '2026-01-02T00:00:00Z').replace('\n,2026', '\nc2,2026').replace('1.2.3', '1.23');
    const after = await importFile(tallyline, corrected, { mapping: other });
    expect(after.rows).toEqual({ read: 18, new: 3, known: 15, conflict: 0, rejected: 0 });
  });
});

test('ten equal rows count ten, and twelve of them add two', async () => {
  const row = 'c1,2026-02-01T00:00:00Z,1\n';
  const mapping = mappingFor('equal');
  expect((await importFile(tallyline, HEADER + row.repeat(10), { mapping })).events).toMatchObject({ accepted: 10 });
  expect((await importFile(tallyline, HEADER + row.repeat(12), { mapping })).events).toMatchObject({ accepted: 2, duplicate: 10 });
  expect(await usageTotals(tallyline, { meter: 'equal' })).toEqual({ equal: '12' });
});

test('an id with other content is a conflict: kept, counted, not billed', async () => {
  const mapping = mappingFor('conflicting', { id: 'id' });
  const header = 'id,customer,time,quantity\n';
  await importFile(tallyline, `${header}a,c1,2026-03-01T00:00:00Z,5\n`, { mapping });
  const second = await importFile(tallyline, `${header}a,c1,2026-03-01T00:00:00Z,7\nb,c1,2026-03-01T00:00:00Z,1\n`, { mapping });
  expect(second.events).toEqual({ published: 2, accepted: 1, duplicate: 0, conflict: 1, dead: 0 });
  expect(second.rows).toEqual({ read: 2, new: 1, known: 0, conflict: 1, rejected: 0 });
  expect(await usageTotals(tallyline, { meter: 'conflicting' })).toEqual({ conflicting: '6' });
  const { items } = await tallyline.json<{ items: { id: string; quantity: string; status: string }[] }>(
    '/v1/records?status=conflict&meter=conflicting',
  );
  expect(items).toMatchObject([{ quantity: '7', status: 'conflict' }]);
});
