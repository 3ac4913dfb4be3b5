/** What every answer says to browsers: the policy of pages and of data, no word about what serves them, and nothing for other sites. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../platform/http/server.ts';
import { ADMIN_KEY, openTestApi, type TestApi } from '../support/api.ts';

const SCRIPT = '\n\t\t\t{ window.started = true; }\n\t\t';
const PAGE = `<!doctype html><title>app</title><body><script>${SCRIPT}</script><script type="module" src="/a.js"></script></body>`;

let api: TestApi;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tallyline-pages-'));
  await mkdir(join(directory, '_app'));
  await writeFile(join(directory, 'index.html'), PAGE);
  api = await openTestApi({ dashboardDirectory: directory });
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

const bearer = { authorization: `Bearer ${ADMIN_KEY}` };
const policyOf = (headers: Record<string, unknown>): Map<string, string[]> =>
  new Map(
    String(headers['content-security-policy'])
      .split(';')
      .map((directive) => directive.trim().split(' '))
      .map(([name = '', ...sources]) => [name, sources]),
  );

/** Pages, data, refusals, and what no route knows. */
const ANSWERS: [url: string, headers: Record<string, string>][] = [
  ['/', { accept: 'text/html' }],
  ['/invoices/12', { accept: 'text/html' }],
  ['/docs/', { accept: 'text/html' }],
  ['/openapi.json', {}],
  ['/health/live', {}],
  ['/v1/customers', bearer],
  ['/v1/customers', {}],
  ['/v1/nothing', bearer],
  ['/nothing.js', {}],
];

describe.each(ANSWERS)('the answer to %s %o', (url, headers) => {
  it('may not be framed, guessed at, or handed on by a page', async () => {
    const response = await api.server.inject({ url, headers });
    const policy = policyOf(response.headers);
    expect(policy.get('default-src')).toEqual(["'none'"]);
    expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
    expect(policy.get('base-uri')).toEqual(["'none'"]);
    expect([...policy.values()].flat()).not.toContain("'unsafe-eval'");
    expect(policy.get('script-src') ?? []).not.toContain("'unsafe-inline'");
    expect(response.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it('does not say what serves it, and nothing to other sites', async () => {
    const response = await api.server.inject({ url, headers: { ...headers, origin: 'https://other.example' } });
    const names = Object.keys(response.headers);
    expect(names.filter((name) => name === 'server' || name === 'x-powered-by' || name.startsWith('access-control-'))).toEqual([]);
  });
});

describe('a page', () => {
  it('runs files of this origin and the script that the build wrote into it, by its hash', async () => {
    const policy = policyOf((await api.server.inject({ url: '/usage', headers: { accept: 'text/html' } })).headers);
    const hash = createHash('sha256').update(SCRIPT).digest('base64');
    expect(policy.get('script-src')).toEqual(["'self'", `'sha256-${hash}'`]);
    expect(policy.get('style-src')).toEqual(["'self'"]);
    expect(policy.get('connect-src')).toEqual(["'self'"]);
    expect(policy.get('form-action')).toEqual(["'self'"]);
    expect(policy.get('object-src')).toEqual(["'none'"]);
  });

  it('has the hash of its new script once it was built anew', async () => {
    const script = 'window.built = "anew";';
    await writeFile(join(directory, 'index.html'), `<script>${script}</script>`);
    const policy = policyOf((await api.server.inject({ url: '/usage', headers: { accept: 'text/html' } })).headers);
    await writeFile(join(directory, 'index.html'), PAGE);
    expect(policy.get('script-src')).toEqual(["'self'", `'sha256-${createHash('sha256').update(script).digest('base64')}'`]);
  });
});

describe('another site', () => {
  it.each(['/v1/customers', '/v1/session', '/openapi.json', '/health/live'])('is not let in to %s before it asks', async (url) => {
    const response = await api.server.inject({
      method: 'OPTIONS',
      url,
      headers: {
        origin: 'https://other.example',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});

describe('Strict-Transport-Security', () => {
  it.each([
    ['https://usage.example.com', 'max-age=31536000'],
    ['http://usage.example.com', undefined],
    [undefined, undefined],
  ])('with the public URL %s is %s', async (publicUrl, expected) => {
    const server: HttpServer = await createHttpServer({
      platform: api.platform,
      adminKey: ADMIN_KEY,
      dashboardDirectory: undefined,
      publicUrl,
    });
    const { headers } = await server.inject('/health/live');
    await server.close();
    expect(headers['strict-transport-security']).toBe(expected);
  });
});
