/** `npm run audit` with the real npm, before a registry that knows a vulnerability, one that knows none, and one that cannot be asked. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/audit-dependencies.ts', import.meta.url));

let cache: string;
let registry: Server | undefined;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'tallyline-npm-'));
});
afterEach(async () => {
  registry?.close();
  await rm(cache, { recursive: true, force: true });
});

/** `advisories`: what the endpoint answers; undefined where there is none. */
async function runAudit(advisories: object | undefined, args: string[] = []): Promise<{ code: number | null; output: string }> {
  registry = createServer((request, response) => {
    request.resume();
    const isAudit = request.method === 'POST' && request.url === '/-/npm/v1/security/advisories/bulk';
    if (!isAudit || advisories === undefined) return response.writeHead(isAudit ? 405 : 404).end('{}');
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(advisories));
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  const child = spawn(process.execPath, [SCRIPT, ...args], {
    env: { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_cache: cache, npm_config_fetch_retries: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

const advisory = (severity: string) => ({
  fastify: [{ id: 1, url: 'https://advisories.example/1', title: 'Bodies are mistaken', severity, vulnerable_versions: '>=5.0.0' }],
});

test('a severe one fails, and is named', async () => {
  const { code, output } = await runAudit(advisory('high'));
  expect([code, output]).toEqual([1, expect.stringContaining('high: fastify: Bodies are mistaken https://advisories.example/1')]);
});

test('one that is not severe is counted', async () => {
  const { code, output } = await runAudit(advisory('low'));
  expect([code, output]).toEqual([0, expect.stringMatching(/Dependencies audited, \d+ of them: .*low [1-9]/)]);
});

test('none is said to be none', async () => {
  const { code, output } = await runAudit({});
  expect([code, output]).toEqual([0, expect.stringMatching(/Dependencies audited, [1-9]\d* of them: .*high 0, critical 0/)]);
});

test('a registry that cannot be asked is no pass that nobody sees, and no pass at all where one is required', async () => {
  const { code, output } = await runAudit(undefined);
  expect([code, output]).toEqual([0, expect.stringContaining('THE DEPENDENCIES WERE NOT AUDITED')]);
  expect(output).not.toContain('Dependencies audited');
  registry?.close();
  expect((await runAudit(undefined, ['--required'])).code).toBe(1);
});
