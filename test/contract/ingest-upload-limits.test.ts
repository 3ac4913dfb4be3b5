/** The limits of uploads, over real connections: how large, how many at a time, how slowly. */
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UPLOAD_LIMITS, type UploadLimits } from '../../config-limits.ts';
import type { FileStore } from '../../platform/file-store/file-store.ts';
import type { Problem } from '../../schemas/http/common.ts';
import type { Inspection } from '../../schemas/http/imports.ts';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, beginUpload, CSV, MAPPING, openTestIngest, rowsOf, type RawUpload, type TestIngest } from '../support/ingest.ts';
import { startStream } from '../support/stream-client.ts';

/** Fast enough for any machine, as what is sent at once comes in pieces of 64 KB; and as slow as no drip of a byte at a time. */
const PACE = { bytesPerSecondMin: 5_000, rateWindowMs: 400 };

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openTestIngest();
});
afterAll(async () => {
  // A server waits for those that are not over.
  for (const { socket } of begun) socket.destroy();
  await ingest.close();
});

const begun: RawUpload[] = [];
const beginRaw: typeof beginUpload = async (...request) => {
  const upload = await beginUpload(...request);
  begun.push(upload);
  return upload;
};

const serve = (limits: Partial<UploadLimits>, platform = ingest.platform) =>
  ingest.serve(platform, { uploadLimits: { ...UPLOAD_LIMITS, ...limits } });
const authorization = `Bearer ${ADMIN_KEY}`;
const queryOf = (query: Record<string, string> = {}) => new URLSearchParams({ mapping: MAPPING, ...query }).toString();

async function send(
  url: string,
  body: string | Uint8Array<ArrayBuffer> | FormData,
  query: Record<string, string> = {},
  path = '/v1/imports',
) {
  const headers = { authorization, ...(body instanceof FormData ? {} : { 'content-type': 'text/csv' }) };
  const target = path === '/v1/imports' ? `${path}?${queryOf(query)}` : path;
  const response = await fetch(url + target, { method: 'POST', headers, body });
  const problem = (await response.json()) as Problem;
  return { status: response.status, code: problem.code, retryAfter: response.headers.get('retry-after'), problem };
}

function formOf(file: string): FormData {
  const form = new FormData();
  form.append('file', new Blob([file]), 'form.csv');
  return form;
}

/** Begun writes and finished files: what an upload that failed may not leave behind. */
async function filesOf(name: string): Promise<{ status: string; failure: string | null; files: string[] }[]> {
  const { rows } = await ingest.platform.postgres.query<{ id: string; status: string; failure: string | null }>(
    `SELECT id, status, failure ->> 'code' AS failure FROM imports WHERE name = $1 ORDER BY id`,
    [name],
  );
  const [kept, begun] = [await readdir(ingest.root), await readdir(`${ingest.root}/.incoming`)];
  return rows.map(({ id, status, failure }) => ({
    status,
    failure,
    files: [...kept.filter((file) => file === id), ...begun.filter((file) => file.startsWith(`${id}.`))],
  }));
}

describe('bytes', () => {
  test('as many as the limit are taken, raw and in a form, and not one more', async () => {
    const file = CSV + rowsOf(1_000);
    const [exact, tight] = [await serve({ bytesMax: file.length }), await serve({ bytesMax: file.length - 1 })];
    for (const [form, body] of [
      ['raw', () => file],
      ['form', () => formOf(file)],
    ] as const) {
      expect((await send(exact, body(), { name: `${form}.csv` })).status).toBe(202);
      const { status, code, problem } = await send(tight, body(), { name: `${form}-over.csv` });
      expect([status, code]).toEqual([413, 'file_too_large']);
      expect(problem.detail).toContain('TALLYLINE_UPLOAD_BYTES_MAX');
      expect(await filesOf(`${form}-over.csv`)).toEqual([{ status: 'failed', failure: 'file_too_large', files: [] }]);
    }
  });

  test('of the text of a .gz are counted for themselves', async () => {
    const text = CSV + rowsOf(1_000);
    const packed = new Uint8Array(gzipSync(text));
    const limits = { bytesMax: packed.length, unpackedBytesMax: text.length };
    expect((await send(await serve(limits), packed)).status).toBe(202);
    const { status, code, problem } = await send(await serve({ ...limits, unpackedBytesMax: text.length - 1 }), packed, {
      name: 'over.gz',
    });
    expect([status, code]).toEqual([413, 'file_too_large']);
    expect(problem.detail).toContain('TALLYLINE_UNPACKED_BYTES_MAX');
    expect(await filesOf('over.gz')).toEqual([{ status: 'failed', failure: 'file_too_large', files: [] }]);
  });

  test('of a bomb are not unpacked, neither for an import nor for a dry run nor to be inspected', async () => {
    const url = await serve({ gzipRatioMax: 100 });
    const head = CSV + rowsOf(10);
    const bomb = new Uint8Array(gzipSync(Buffer.concat([Buffer.from(head), Buffer.alloc(60_000_000, '\n')])));
    expect(bomb.length).toBeLessThan(100_000);
    for (const query of [{}, { dryRun: 'true' }] as Record<string, string>[]) {
      const { status, code, problem } = await send(url, bomb, { name: 'bomb.gz', ...query });
      expect([status, code]).toEqual([422, 'decompression_bomb']);
      expect(problem.detail).toContain('more than 100 times its size (TALLYLINE_GZIP_RATIO_MAX)');
    }
    expect(await filesOf('bomb.gz')).toEqual([{ status: 'failed', failure: 'decompression_bomb', files: [] }]);
    // Its beginning is a file like any other, and no more than the beginning is looked at.
    const inspected = await send(url, bomb, {}, '/v1/imports/inspect?limit=5');
    expect([inspected.status, (inspected.problem as unknown as Inspection).header]).toEqual([200, CSV.trim().split(',')]);
  });
});

describe('uploads at a time', () => {
  const body = CSV + rowsOf(100);
  const GO_ON = 'HTTP/1.1 100 Continue\r\n\r\n';
  /** Has its place, and has sent the beginning of its body. */
  const begin = async (url: string, query: Record<string, string> = {}, route = 'PUT /v1/imports') => {
    const headers = { 'content-length': String(body.length), expect: '100-continue' };
    const upload = await beginRaw(url, headers, route.endsWith('/inspect') ? '' : queryOf(query), route);
    await eventually('it may go on', async () => upload.answer() === GO_ON);
    upload.socket.write(body.slice(0, 50));
    return upload;
  };
  const finish = async (upload: RawUpload) => {
    upload.socket.write(body.slice(50));
    await eventually('it has its answer', async () => upload.answer().includes('\r\n\r\n{'));
    return upload.answer().slice(GO_ON.length);
  };

  test('are as many as the limit; the next one is told before its body when to come again', async () => {
    const url = await serve({ uploadsMax: 2, bytesPerSecondMin: 0 });
    const first = await begin(url, { name: 'two.csv' });
    const second = await begin(url, {}, 'POST /v1/imports/inspect');
    for (const [query, path] of [[{}], [{ dryRun: 'true' }], [{}, '/v1/imports/inspect']] as [Record<string, string>, string?][]) {
      const { status, code, retryAfter, problem } = await send(url, body, query, path);
      expect([status, code, retryAfter]).toEqual([503, 'too_many_uploads', '5']);
      expect(problem.detail).toContain('TALLYLINE_UPLOADS_MAX');
    }
    expect((await send(url, formOf(body))).code).toBe('too_many_uploads');
    const polite = await beginRaw(url, { 'content-length': '50000000000', expect: '100-continue' }, queryOf());
    await once(polite.socket, 'close');
    expect(polite.answer()).toMatch(/^HTTP\/1\.1 503 [\s\S]*"code":"too_many_uploads"/);

    expect(await finish(second)).toMatch(/^HTTP\/1\.1 200 /);
    expect((await send(url, body)).status).toBe(202);
    expect(await finish(first)).toMatch(/^HTTP\/1\.1 202 /);
  });

  test('are over when they fail, are refused, are cut off, or are only waited for', async () => {
    const url = await serve({ uploadsMax: 1, bytesPerSecondMin: 0, bytesMax: 10_000 });
    const isFree = () => eventually('there is a place', async () => (await send(url, body)).status === 202);
    expect((await send(url, body + rowsOf(1_000))).code).toBe('file_too_large');
    expect((await send(url, body)).status).toBe(202);
    expect((await send(url, body, { unheard: 'of' })).code).toBe('invalid_request');
    await isFree();
    expect((await send(url, '', {}, '/v1/imports/inspect')).code).toBe('empty_file');
    await isFree();
    expect((await send(url, new FormData())).status).toBe(400);
    await isFree();
    for (const [query, route] of [[{}], [{ dryRun: 'true' }], [{}, 'POST /v1/imports/inspect']] as [Record<string, string>, string?][]) {
      const cut = await begin(url, query, route);
      expect((await send(url, body)).code).toBe('too_many_uploads');
      cut.socket.destroy();
      await isFree();
    }
    // Published by nobody here: its answer is a long time coming.
    const waiting = await begin(url, { wait: 'true', name: 'waiting.csv' });
    waiting.socket.write(body.slice(50));
    await eventually('it is accepted', async () => (await filesOf('waiting.csv'))[0]?.status === 'publishing');
    await isFree();
    expect(waiting.answer()).toBe(GO_ON);
  });

  test('that are far more than that all go through in the end, each once', async () => {
    const url = await serve({ uploadsMax: 3 });
    const refused: string[] = [];
    const one = async (n: number) => {
      await eventually(`upload ${n} is taken`, async () => {
        const { status, code } = await send(url, CSV + rowsOf(2_000, n * 2_000), { name: 'crowd.csv' });
        if (status !== 202) refused.push(code);
        return status === 202;
      });
    };
    await Promise.all(Array.from({ length: 40 }, (_, n) => one(n)));
    expect(new Set(refused)).toEqual(new Set(['too_many_uploads']));
    const crowd = await filesOf('crowd.csv');
    expect(crowd.map(({ status }) => status)).toEqual(Array(40).fill('publishing'));
  });
});

/** Sends one byte after the other, until the connection is closed. That one more was on its way is no fault; `once` would take it for one. */
async function drip(upload: RawUpload): Promise<string> {
  const timer = setInterval(() => upload.socket.write('1'), 20);
  upload.socket.on('error', () => clearInterval(timer));
  if (!upload.socket.closed) await new Promise<void>((resolve) => void upload.socket.once('close', () => resolve()));
  clearInterval(timer);
  return upload.answer();
}
const TOO_SLOW = /^HTTP\/1\.1 408 [\s\S]*connection: close\r\n[\s\S]*"code":"upload_too_slow"/;

describe('a slow upload', () => {
  const FORM = { 'content-type': 'multipart/form-data; boundary=b' };
  let url: string;
  beforeAll(async () => {
    url = await serve(PACE);
  });
  const PART = '--b\r\ncontent-disposition: form-data; name="file"; filename="form.csv"\r\n\r\n';
  test.each<[what: string, headers: Record<string, string>, first: string, name: string | undefined]>([
    ['that drips', {}, '', 'drip.csv'],
    ['whose beginning is fast', {}, CSV + rowsOf(3_000), 'stalled.csv'],
    ['of a form whose file drips', FORM, PART + CSV, 'form-drip.csv'],
    ['of a form whose file never begins', FORM, '--b\r\ncontent-disposition: form-data; name="', undefined],
  ])('%s is given up, and leaves nothing behind', async (_what, headers, first, name) => {
    const upload = await beginRaw(url, { 'content-length': '1000000', ...headers }, queryOf(name === undefined ? {} : { name }));
    upload.socket.write(first);
    expect(await drip(upload)).toMatch(TOO_SLOW);
    if (name === undefined) return;
    expect(await filesOf(name)).toEqual([{ status: 'failed', failure: 'upload_too_slow', files: [] }]);
  });

  test('of what stands behind the file of a form is cut off, and the file is imported', async () => {
    const upload = await beginRaw(url, { 'content-length': '1000000', ...FORM }, queryOf({ name: 'form-tail.csv' }));
    upload.socket.write(`${PART}${CSV}${rowsOf(1)}\r\n--b\r\ncontent-disposition: form-data; name="note"\r\n\r\n`);
    expect(await drip(upload)).toMatch(/^HTTP\/1\.1 202 /);
    expect(await filesOf('form-tail.csv')).toMatchObject([{ status: expect.not.stringMatching('failed') as string, failure: null }]);
  });

  test('is given up when it is silent after its head was read', async () => {
    const { socket, answer } = await beginRaw(url, { 'content-length': '1000000' }, queryOf());
    await once(socket, 'close');
    expect(answer()).toMatch(TOO_SLOW);
  });
  test.each([
    ['a dry run', 'PUT /v1/imports', queryOf({ dryRun: 'true', name: 'dry.csv' })],
    ['an inspection', 'POST /v1/imports/inspect', ''],
  ])('of %s is given up too, and keeps nothing', async (_what, route, query) => {
    expect(await drip(await beginRaw(url, { 'content-length': '1000000' }, query, route))).toMatch(TOO_SLOW);
    expect(await filesOf('dry.csv')).toEqual([]);
  });

  test('gives its place to a fast one, and its Idempotency-Key too; fast ones beside it go through, and a stream may be as slow as it likes', async () => {
    const two = await serve({ ...PACE, uploadsMax: 2 });
    const stream = await startStream(two, { key: ADMIN_KEY, query: { mapping: MAPPING } }, CSV);
    const dripping = beginRaw(two, { 'content-length': '1000000', 'idempotency-key': 'slow-then-fast' }, queryOf()).then(drip);
    const large = CSV + rowsOf(50_000);
    let beside = 0;
    let isOver = false;
    const fast = async () => {
      while (!isOver || beside === 0) {
        expect((await send(two, large)).status).toBe(202);
        beside += 1;
      }
    };
    const sending = fast();
    expect(await dripping).toMatch(TOO_SLOW);
    isOver = true;
    await sending;
    const again = await fetch(`${two}/v1/imports?${queryOf()}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'text/csv', 'idempotency-key': 'slow-then-fast' },
      body: large,
    });
    expect(again.status).toBe(202);
    await stream.send(rowsOf(1));
    expect(await stream.end()).toMatchObject({ accepted: 1, ended: 'complete' });
  });

  test('is none where it is the disk that is slow', async () => {
    let arrived = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    /** Takes the first piece, and the rest when the gate is open. */
    async function* behindGate(source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        arrived += chunk.length;
        yield chunk;
        await gate;
      }
    }
    const { files } = ingest.platform;
    const slow: FileStore = { ...files, write: (id, part, source) => files.write(id, part, behindGate(source)) };
    const behind = await serve(PACE, { ...ingest.platform, files: slow });
    const body = CSV + rowsOf(100_000);
    const { socket, answer } = await beginRaw(behind, { 'content-length': String(body.length) }, queryOf({ name: 'slow-disk.csv' }));
    socket.write(body);
    await eventually('its beginning is there', async () => arrived > 0);
    // As long as two windows take at least, for one who is slow himself.
    for (let turn = 0; turn < 2; turn += 1)
      expect(await drip(await beginRaw(url, { 'content-length': '1000000' }, queryOf()))).toMatch(TOO_SLOW);
    expect([arrived < body.length, answer()]).toEqual([true, '']);
    open();
    await eventually('it is accepted', async () => answer().startsWith('HTTP/1.1 202 '));
    expect(await filesOf('slow-disk.csv')).toMatchObject([{ status: 'publishing' }]);
  });
});
