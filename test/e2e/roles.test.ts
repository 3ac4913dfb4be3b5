/** Processes that run some of the roles: what each documents, serves, refuses and needs. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeDataDirectory, runToEnd, startTallyline, type StartOptions, type Tallyline } from '../support/tallyline.ts';

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
beforeEach(async () => {
  directory = await makeDataDirectory();
});
afterEach(() => directory.remove());

async function withRoles<T>(roles: string, use: (tallyline: Tallyline) => Promise<T>, options: Partial<StartOptions> = {}): Promise<T> {
  const tallyline = await startTallyline({ dataDirectory: directory.path, args: ['--roles', roles], ...options });
  try {
    return await use(tallyline);
  } finally {
    expect(await tallyline.stop()).toBe(0);
  }
}

interface Document {
  paths: Record<string, Record<string, unknown>>;
}
const documentOf = async ({ url }: Tallyline) => (await (await fetch(`${url}/openapi.json`)).json()) as Document;

describe('a process that runs some roles', () => {
  test('documents the routes of all, and says where those belong that it does not serve', async () => {
    const whole = await withRoles('ingest,consumers,api,dashboard', documentOf);
    const paths = Object.keys(whole.paths);
    expect(paths).toEqual(
      expect.arrayContaining(['/v1/imports', '/v1/imports/{id}/undo', '/v1/usage', '/v1/invoices/preview', '/health/ready']),
    );

    await withRoles('consumers,api', async (tallyline) => {
      expect(await documentOf(tallyline)).toEqual(whole);
      expect((await fetch(`${tallyline.url}/docs/`)).status).toBe(200);
      expect((await tallyline.fetch('/v1/plans')).status).toBe(200);
      for (const path of ['/v1/imports?name=a.csv', '/v1/imports/1/undo', '/v1/sample-data']) {
        const refused = await tallyline.fetch(path, { method: 'POST', body: 'id\n1\n', headers: { 'content-type': 'text/csv' } });
        expect([refused.status, await refused.json()]).toMatchObject([
          404,
          { code: 'not_found', detail: expect.stringMatching(/ingest.*does not run/) as string },
        ]);
      }
      expect((await fetch(`${tallyline.url}/v1/imports`)).status).toBe(401);
    });

    await withRoles('ingest', async (tallyline) => {
      expect(await documentOf(tallyline)).toEqual(whole);
      expect((await tallyline.fetch('/v1/imports')).status).toBe(200);
      expect(await (await tallyline.fetch('/v1/usage')).json()).toMatchObject({ detail: expect.stringContaining('role api') as string });
    });
  });
});

describe('the dashboard alone', () => {
  test('needs neither stores nor a key: it serves its pages, says that it is up, and knows nothing of /v1', async () => {
    const env = { TALLYLINE_MODE: 'distributed', TALLYLINE_PUBLIC_URL: '' };
    // The key is for the test's own calls.
    await withRoles(
      'dashboard',
      async ({ url, fetch: call }) => {
        const page = await fetch(`${url}/imports`, { headers: { accept: 'text/html' } });
        expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
        const [, script] = /(\/_app\/immutable\/[^"]+\.js)/.exec(await page.text()) ?? [];
        expect((await fetch(url + script)).headers.get('cache-control')).toContain('immutable');
        for (const path of ['/health/live', '/health/ready'])
          expect(await (await fetch(url + path)).json()).toEqual({ status: 'ok', checks: [] });
        expect((await call('/v1/pipeline')).status).toBe(404);
        expect((await call('/v1/session', { method: 'POST' })).status).toBe(404);
      },
      { env: { ...env, TALLYLINE_ADMIN_KEY: 'a-key-of-the-tests-only' } },
    );
    const refused = await runToEnd(['--roles', 'dashboard,api', '--port', '0', '--data', directory.path], env);
    expect([refused.code, refused.output]).toEqual([2, expect.stringContaining('TALLYLINE_POSTGRES_URL is not set')]);
  });
});
