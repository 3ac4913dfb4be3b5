/** `/v1/live` and `/v1/pipeline` over a real socket, a real log and NOTIFY; the dashboard's files; limits of the server. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpServer } from '../../platform/http/server.ts';
import type { Live, Pipeline } from '../../schemas/http/operations.ts';
import { ADMIN_KEY, openTestApi, type TestApi } from '../support/api.ts';
import { createKey } from '../support/api-keys.ts';
import { eventually } from '../support/eventually.ts';

let api: TestApi;
let url: string;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tallyline-dashboard-'));
  await mkdir(join(directory, '_app/immutable'), { recursive: true });
  await writeFile(join(directory, 'index.html'), '<!doctype html><title>app</title>');
  await writeFile(join(directory, '_app/immutable/a.1234.js'), 'export {};');
  await writeFile(join(directory, 'robots.txt'), 'none');
  api = await openTestApi({ dashboardDirectory: directory });
  await api.server.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(api.server.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true });
});

/** Opens the stream and collects its messages. */
function watch(): { messages: Live[]; ended: Promise<void>; leave: () => void } {
  const messages: Live[] = [];
  const leaving = new AbortController();
  const read = async () => {
    const response = await fetch(`${url}/v1/live`, { headers: { authorization: `Bearer ${ADMIN_KEY}` }, signal: leaving.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const complete = text.split('\n\n');
      text = complete.pop() ?? '';
      for (const message of complete) if (message.startsWith('data: ')) messages.push(JSON.parse(message.slice(6)) as Live);
    }
  };
  return {
    messages,
    ended: read().catch((error: unknown) => expect((error as Error).name).toBe('AbortError')),
    leave: () => leaving.abort(),
  };
}

const notify = (rows: number) => api.platform.postgres.query("SELECT pg_notify('usage', $1)", [String(rows)]);

describe('the live stream', () => {
  it('begins with the state and tells all who watch how many rows came', async () => {
    const [one, other] = [watch(), watch()];
    await eventually('both have the state', async () => one.messages.length === 1 && other.messages.length === 1);
    expect(one.messages[0]).toMatchObject({ rowsPerSecond: 0, lag: 0 });
    await notify(5000);
    for (const { messages } of [one, other])
      await eventually('a rate', async () => messages.some(({ rowsPerSecond }) => (rowsPerSecond ?? 0) > 0));
    await eventually('the rate returns to 0', async () => one.messages.at(-1)?.rowsPerSecond === 0 && one.messages.length >= 3);
    one.leave();
    await one.ended;
    await notify(10);
    const count = other.messages.length;
    await eventually('the other one goes on', async () => other.messages.length > count);
    other.leave();
    await other.ended;
  });

  it('joins many notifications into few messages and loses no row of them', async () => {
    const watcher = watch();
    await eventually('the state', async () => watcher.messages.length === 1);
    for (let n = 0; n < 200; n++) await notify(1);
    await eventually('quiet again', async () => watcher.messages.length > 1 && watcher.messages.at(-1)?.rowsPerSecond === 0);
    expect(watcher.messages.length).toBeLessThan(50);
    watcher.leave();
    await watcher.ended;
  });
});

describe('live streams of one customer', () => {
  it('are so many and no more, however many come at once, and leave room for others', async () => {
    await api.send('PUT', '/v1/customers/acme', {});
    const { key } = await createKey(api, { name: 'portal of acme', role: 'customer', customer: 'acme' });
    /** On a connection of its own. */
    const open = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        httpRequest(`${url}/v1/live`, { headers: { authorization: `Bearer ${key}` }, agent: false }, resolve)
          .on('error', reject)
          .end();
      });
    const answers = await Promise.all(Array.from({ length: 60 }, open));
    const refused = answers.filter(({ statusCode }) => statusCode !== 200);
    expect(refused.map(({ statusCode, headers }) => [statusCode, headers['retry-after']])).toEqual(
      Array.from({ length: 10 }, () => [429, '5']),
    );
    const staff = watch();
    await eventually('staff have the state', async () => staff.messages.length === 1);
    for (const answer of answers) answer.destroy();
    await eventually('there is room again', async () => {
      const again = await open();
      again.destroy();
      return again.statusCode === 200;
    });
    staff.leave();
    await staff.ended;
  });
});

describe('a live stream that cannot tell any more', () => {
  it('tells the state now and then without news, ends when it cannot be read, and can be opened again', async () => {
    const watcher = watch();
    await eventually('the state is told again', async () => watcher.messages.length > 1);
    expect(watcher.messages.at(-1)).toMatchObject({ rowsPerSecond: 0, lag: 0 });
    await api.platform.postgres.query('ALTER TABLE log_epochs RENAME TO log_epochs_away');
    await watcher.ended;
    await api.platform.postgres.query('ALTER TABLE log_epochs_away RENAME TO log_epochs');
    const again = watch();
    await eventually('the state', async () => again.messages.length === 1);
    again.leave();
    await again.ended;
  });
});

describe('the pipeline', () => {
  it('shows how far each consumer is behind the log, and asOf goes back with it', async () => {
    const { platform } = api;
    const { partition } = await platform.log.append(platform.log.partitionFor('acme'), ['{}', '{}', '{}']);
    const behind = (await api.get('/v1/pipeline')).body as Pipeline;
    const lag = { records: 3, rollups: 3 };
    expect(behind.partitions[partition]).toEqual({
      partition,
      endOffset: 3,
      records: 0,
      rollups: 0,
      lag,
      watermark: '1970-01-01T00:00:00Z',
    });
    expect(behind.asOf).toBe('1970-01-01T00:00:00Z');
    await platform.postgres.query('INSERT INTO log_epochs (epoch, incarnation) VALUES (1, $1)', [await platform.log.incarnation()]);
    await platform.postgres.query(
      `INSERT INTO consumer_offsets (consumer, epoch, partition, next_offset, updated_at)
       VALUES ('records', 1, $1, 3, now()), ('rollups', 1, $1, 2, '2026-01-01T00:00:00Z')`,
      [partition],
    );
    const nearly = (await api.get('/v1/pipeline')).body as Pipeline;
    expect([nearly.partitions[partition]?.lag, nearly.asOf]).toEqual([{ records: 0, rollups: 1 }, '2026-01-01T00:00:00Z']);
    const watermarks = nearly.partitions.map(({ watermark }) => watermark);
    expect(watermarks[partition]).toBe(nearly.asOf);
    expect(Date.parse(watermarks[1 - partition] ?? '')).toBeGreaterThan(Date.parse(nearly.asOf));
    await platform.postgres.query("UPDATE consumer_offsets SET next_offset = 3 WHERE consumer = 'rollups'");
    const start = Date.now();
    const caughtUp = (await api.get('/v1/pipeline')).body as Pipeline;
    expect(Date.parse(caughtUp.asOf)).toBeGreaterThanOrEqual(start);
    expect(caughtUp).toMatchObject({ deadLetters: 0, conflicts: 0 });
  });
});

describe('the dashboard', () => {
  const get = (path: string, accept = 'text/html,*/*') => api.server.inject({ url: path, headers: { accept } });

  it('is the same page at every path of its own, checked anew each time, without sign-in', async () => {
    for (const path of ['/', '/usage', '/sign-in?token=abc', '/records/some.key']) {
      const page = await get(path);
      expect([path, page.statusCode, page.body, page.headers['cache-control']]).toEqual([
        path,
        200,
        '<!doctype html><title>app</title>',
        'no-cache',
      ]);
      expect(page.headers['referrer-policy']).toBe('no-referrer');
    }
  });

  it('has files that are cached for ever when their name holds a hash', async () => {
    const script = await get('/_app/immutable/a.1234.js', '*/*');
    expect([script.statusCode, script.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect((await get('/robots.txt', '*/*')).headers['cache-control']).toBe('no-cache');
  });

  it.each(['/_app/immutable/gone.js', '/v1', '/docs/nothing-here'])('does not stand in for %s', async (path) => {
    const response = await get(path);
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.body).not.toContain('<title>app');
  });

  it.each(['/..%2f..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/_app/..%5c..%5cetc/passwd', '/....//etc/passwd'])(
    'never leaves its directory: %s',
    async (path) => {
      expect((await get(path)).body).not.toContain('root:');
    },
  );

  it('that is not built says so in plain words, and the API works', async () => {
    const server = await createHttpServer({ platform: api.platform, adminKey: ADMIN_KEY, dashboardDirectory: join(directory, 'missing') });
    const page = await server.inject({ url: '/usage', headers: { accept: 'text/html' } });
    expect([page.statusCode, page.headers['content-type'], page.body]).toEqual([
      503,
      expect.stringContaining('text/plain'),
      expect.stringContaining('npm run'),
    ]);
    expect((await server.inject('/health/live')).statusCode).toBe(200);
    await server.close();
  });
});

describe('the server', () => {
  it('takes a body whose end it has to wait for, when a route reads it as a stream', async () => {
    const server = await createHttpServer({ platform: api.platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined });
    await server.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      scope.post('/v1/stream-test', { bodyLimit: 10_000_000, config: { access: ['admin'], streamsBody: true } }, async (request) => {
        let bytes = 0;
        for await (const chunk of request.body as AsyncIterable<Buffer>) bytes += chunk.length;
        return { bytes };
      });
    });
    await server.listen({ host: '127.0.0.1', port: 0 });
    const answer = await new Promise<string>((resolve, reject) => {
      const { port } = server.server.address() as AddressInfo;
      const upload = httpRequest(
        { port, method: 'POST', path: '/v1/stream-test', headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv' } },
        (response) => {
          response.setEncoding('utf8').on('data', resolve);
        },
      );
      upload.on('error', reject);
      for (let n = 0; n < 40; n++) upload.write(Buffer.alloc(65_536));
      upload.end();
    });
    expect(JSON.parse(answer)).toEqual({ bytes: 40 * 65_536 });
    await server.close();
  });

  it('closes while someone is watching', async () => {
    const watcher = watch();
    await eventually('the state', async () => watcher.messages.length === 1);
    await api.server.close();
    await watcher.ended;
    expect(watcher.messages).toHaveLength(1);
  });
});
