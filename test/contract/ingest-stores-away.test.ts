/** Uploads while Postgres, the event log or the room on the disk is missing: refused at once and whole, and possible again after. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Import } from '../../schemas/http/imports.ts';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, beginUpload, CSV, MAPPING, openTestIngest, rowsOf, type TestIngest } from '../support/ingest.ts';

let ingest: TestIngest;
let url: string;
const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv' };
const query = new URLSearchParams({ mapping: MAPPING }).toString();

beforeAll(async () => {
  ingest = await openTestIngest();
  url = await ingest.serve(await ingest.replica('away', { proxied: true }));
});
afterEach(async () => {
  for (const proxy of Object.values(ingest.proxies)) proxy.set({ kind: 'none' });
  await eventually('the stores are back', async () => (await upload(CSV + rowsOf(1))).status === 202);
});
afterAll(() => ingest.close());

const upload = (body: string, to = url) => fetch(`${to}/v1/imports?${query}`, { method: 'POST', headers, body });
const importCount = async () =>
  Number((await ingest.platform.postgres.query<{ n: string }>('SELECT count(*) AS n FROM imports')).rows[0]?.n);

/** An upload in the very moment may be admitted, and fail at its first statement. */
const noticed = () =>
  eventually('the store is known to be away', async () => {
    const response = await upload(CSV);
    return response.status === 503 && (await response.text()).includes('nothing was taken');
  });

async function expectRefusal(response: Response): Promise<void> {
  expect([response.status, response.headers.get('retry-after'), response.headers.get('content-type')]).toEqual([
    503,
    '5',
    'application/problem+json; charset=utf-8',
  ]);
  expect(await response.json()).toMatchObject({ code: 'store_unavailable', status: 503 });
}

const AWAY = [
  ['Postgres is silent', 'postgres', { kind: 'lost-answer', then: 'silence' }],
  ['Postgres is gone', 'postgres', { kind: 'cut-request', afterBytes: 0 }],
  ['the event log is silent', 'log', { kind: 'lost-answer', then: 'silence' }],
  ['the event log is gone', 'log', { kind: 'cut-request', afterBytes: 0 }],
] as const;

describe.each(AWAY)('while %s', (_name, store, fault) => {
  test('an upload is refused before its body, whose rest neither hangs the client nor is kept', async () => {
    ingest.proxies[store].set(fault);
    await noticed();
    const before = await importCount();
    // No byte of the body is sent: the answer does not wait for it.
    const waiting = await beginUpload(url, { 'content-length': '1000000' }, query);
    await eventually('it is refused', async () => waiting.answer().includes('store_unavailable'));
    expect(waiting.answer()).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 5\r\n/);
    waiting.socket.destroy();
    await expectRefusal(await upload(CSV + rowsOf(400_000)));
    const form = new FormData();
    form.append('file', new Blob([CSV, rowsOf(400_000)]), 'form.csv');
    await expectRefusal(
      await fetch(`${url}/v1/imports?${query}`, { method: 'POST', headers: { authorization: headers.authorization }, body: form }),
    );
    await expectRefusal(await fetch(`${url}/v1/sample-data`, { method: 'POST', headers: { authorization: headers.authorization } }));
    expect(await importCount()).toBe(before);
  });

  test('many uploads together ask no more often than one', async () => {
    ingest.proxies[store].set(fault);
    await noticed();
    const before = ingest.proxies[store].connections;
    const answers = await Promise.all(Array.from({ length: 50 }, () => upload(CSV)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(503));
    expect(ingest.proxies[store].connections - before).toBeLessThan(25);
  });
});

describe('Expect: 100-continue', () => {
  test('a client is told to go on when the upload can be kept', async () => {
    const body = CSV + rowsOf(5);
    const { socket, answer } = await beginUpload(url, { 'content-length': String(body.length), expect: '100-continue' }, query);
    await eventually('it may go on', async () => answer().startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    socket.write(body);
    await eventually('it is accepted', async () => answer().includes('"status":"publishing"'));
    expect(answer()).toContain('HTTP/1.1 202 Accepted');
    socket.destroy();
  });

  test('and otherwise has the refusal at once, without having sent anything, and the connection ends', async () => {
    ingest.proxies.postgres.set({ kind: 'cut-request', afterBytes: 0 });
    await noticed();
    const { socket, answer } = await beginUpload(url, { 'content-length': '50000000000', expect: '100-continue' }, query);
    await once(socket, 'close');
    expect(answer()).toMatch(/^HTTP\/1\.1 503 [\s\S]*"code":"store_unavailable"/);
    expect(answer()).toContain('connection: close');
    const denied = await beginUpload(url, { 'content-length': '10', expect: '100-continue', authorization: 'Basic d3Jvbmc=' }, query);
    await once(denied.socket, 'close');
    expect(denied.answer()).toMatch(/^HTTP\/1\.1 401 /);
  });
});

test('Postgres that goes away in the middle of an upload costs the upload, and tells so once it has all been taken', async () => {
  const body = CSV + rowsOf(300_000);
  const { socket, answer } = await beginUpload(url, { 'content-length': String(body.length) }, query);
  socket.write(body.slice(0, 1_000_000));
  await eventually('it is received', async () => (await statusOf('upload.csv')) === 'received');
  ingest.proxies.postgres.set({ kind: 'cut-request', afterBytes: 0 });
  socket.write(body.slice(1_000_000));
  await eventually('it is refused', async () => answer().includes('store_unavailable'));
  socket.destroy();
  expect(answer()).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 5\r\n/);
});

async function statusOf(name: string): Promise<string | undefined> {
  const { rows } = await ingest.platform.postgres.query<{ status: string }>(
    'SELECT status FROM imports WHERE name = $1 ORDER BY id DESC LIMIT 1',
    [name],
  );
  return rows[0]?.status;
}

test('ClickHouse is not needed', async () => {
  await expect(ingest.platform.clickhouse.query({ name: 'away', sql: 'SELECT 1' })).rejects.toThrow();
  expect((await upload(CSV + rowsOf(3))).status).toBe(202);
});

test('every other route says the same of a store that is away', async () => {
  ingest.proxies.postgres.set({ kind: 'cut-request', afterBytes: 0 });
  for (const path of ['/v1/imports', '/v1/imports/1', '/v1/profiles']) await expectRefusal(await fetch(url + path, { headers }));
});

test('an upload that is declared larger than the room is refused before its body', async () => {
  const { socket, answer } = await beginUpload(url, { 'content-length': String(2 ** 52), expect: '100-continue' }, query);
  await once(socket, 'close');
  expect(answer()).toMatch(/^HTTP\/1\.1 503 [\s\S]*There is no room/);
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

describe.skipIf(!canMount)('with a disk of 4 MB', () => {
  let mount: string;
  let small: string;
  beforeAll(async () => {
    mount = await mkdtemp(join(tmpdir(), 'tallyline-small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]);
    small = await ingest.serve(await ingest.replica('small', { root: mount }));
  });
  afterAll(async () => {
    execFileSync('umount', [mount]);
    await rm(mount, { recursive: true });
  });

  /** Of unknown length, so that only the disk can say no. */
  const stream = (text: string) => new Blob([text]).stream();

  test('an upload that fills it is refused, leaves nothing behind, and the next small one is kept', async () => {
    const response = await fetch(`${small}/v1/imports?${query}&name=full.csv`, {
      method: 'POST',
      headers,
      body: stream(CSV + rowsOf(300_000)),
      duplex: 'half',
    } as RequestInit);
    await expectRefusal(response);
    expect(await readdir(join(mount, '.incoming'))).toEqual([]);
    expect((await readdir(mount)).sort()).toEqual(['.incoming']);
    const { rows } = await ingest.platform.postgres.query("SELECT status, failure ->> 'code' AS code FROM imports WHERE name = 'full.csv'");
    expect(rows).toEqual([{ status: 'failed', code: 'store_unavailable' }]);
    const accepted = await upload(CSV + rowsOf(100), small);
    expect([accepted.status, ((await accepted.json()) as Import).status]).toEqual([202, 'publishing']);
  });
});
