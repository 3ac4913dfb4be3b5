/** What scripts use around an import: progress, profiles, inspection, the reference. */
import { expect, test } from 'vitest';
import type { Import, Inspection, Mapping } from '../../schemas/http/imports.ts';
import { importFile, importPath, sample } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useTallyline } from '../support/use-tallyline.ts';

let tallyline: Tallyline;
useTallyline((started) => {
  tallyline = started;
});

const HEADER = 'id,customer,time,quantity,meter\n';
const VM: Mapping = { customer: 'VM_id', time: 'starttime', timeZone: 'UTC', measures: [{ meter: { const: 'fio' }, quantity: 'runtime' }] };

test('progress is told as server-sent events up to the final state, never backwards', async () => {
  const rows = Array.from({ length: 60_000 }, (_, n) => `${n},c${n % 9},2026-01-01T00:00:00Z,1,m\n`).join('');
  const { id } = await importFile(tallyline, HEADER + rows, { wait: false });
  const response = await tallyline.fetch(`/v1/imports/${id}/progress`);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const views = (await response.text())
    .split('\n\n')
    .filter((message) => message.startsWith('data: '))
    .map((message) => JSON.parse(message.slice('data: '.length)) as Import);
  expect(views.at(-1)).toMatchObject({
    status: 'complete',
    events: { accepted: 60_000 },
    progress: { bytesTotal: HEADER.length + rows.length },
  });
  expect(views.length).toBeGreaterThan(1);
  const order = ['received', 'publishing', 'settling', 'complete'];
  const stages = views.map(({ status }) => order.indexOf(status));
  expect(stages).toEqual(stages.toSorted((a, b) => a - b));
  const accepted = views.map(({ events }) => events.accepted);
  expect(accepted).toEqual(accepted.toSorted((a, b) => a - b));
});

test('a saved profile maps the next file of its kind', async () => {
  const put = await tallyline.fetch('/v1/profiles/fio%20export', {
    method: 'PUT',
    body: JSON.stringify(VM),
    headers: { 'content-type': 'application/json' },
  });
  expect(put.status).toBe(200);
  const query = new URLSearchParams({ name: 'fio.csv', profile: 'fio export', wait: 'true' });
  const done = await tallyline.json<Import>(`/v1/imports?${query}`, { method: 'POST', body: await sample('azure_vm_noise_fio.csv') });
  expect(done).toMatchObject({ mapping: VM, rows: { read: 5892, new: 5892 } });

  query.set('profile', 'nobody');
  const unknown = await tallyline.fetch(`/v1/imports?${query}`, { method: 'POST', body: 'a\n1\n' });
  expect([unknown.status, await unknown.json()]).toMatchObject([422, { code: 'unknown_profile' }]);
  expect((await tallyline.fetch('/v1/profiles/fio%20export', { method: 'DELETE' })).status).toBe(204);
  expect((await tallyline.fetch('/v1/profiles/fio%20export')).status).toBe(404);
});

test('inspect answers from the head of a large body and publishes nothing', async () => {
  const ids = async () => (await tallyline.json<{ items: Import[] }>('/v1/imports')).items.map(({ id }) => id);
  const before = await ids();
  const body = `${HEADER}${'1,c,2026-01-01T00:00:00Z,1,m\n'.repeat(500_000)}`;
  const inspection = await tallyline.json<Inspection>('/v1/imports/inspect?limit=3', { method: 'POST', body });
  expect(inspection).toMatchObject({
    ready: true,
    dialect: { encoding: 'utf-8', bom: false, delimiter: ',', quote: '"', newline: 'LF' },
    mapping: { id: 'id', customer: 'customer', time: 'time', measures: [{ meter: { column: 'meter' }, quantity: 'quantity' }] },
  });
  expect(inspection.rows.map(({ line }) => line)).toEqual([2, 3, 4]);
  expect(inspection.columns.find(({ name }) => name === 'customer')).toMatchObject({ mapsTo: 'customer' });
  expect(await ids()).toEqual(before);
});

test('an import without rejects has no rejected.csv, and says so', async () => {
  const { id } = await importFile(tallyline, `${HEADER}x,c,2026-01-01T00:00:00Z,1,other\n`);
  const response = await tallyline.fetch(`/v1/imports/${id}/rejected.csv`);
  expect([response.status, await response.json()]).toMatchObject([410, { code: 'source_gone' }]);
});

test('every route is in the OpenAPI document, and nothing under /v1 answers without signing in', async () => {
  const document = (await (await fetch(`${tallyline.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId?: string; 'x-roles'?: string[] }>>;
  };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, 'x-roles': roles = [] }]) => ({ path, method, operationId, roles })),
  );
  expect(operations.filter(({ operationId }) => operationId === undefined)).toEqual([]);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const path of [
    '/v1/imports',
    '/v1/imports/inspect',
    '/v1/profiles/{name}',
    '/v1/usage',
    '/v1/records/{key}/source',
    '/v1/invoices/preview',
  ]) {
    expect(Object.keys(document.paths)).toContain(path);
  }
  const closed = operations.filter(({ path, roles }) => path.startsWith('/v1') && !roles.includes('public'));
  expect(closed.length).toBeGreaterThan(100);
  for (const { path, method } of closed) {
    const url = tallyline.url + path.replace(/\{\w+\}/g, '1');
    const answer = await fetch(url, { method: method.toUpperCase() });
    expect([path, method, answer.status]).toEqual([path, method, 401]);
  }
  expect((await fetch(`${tallyline.url}/docs`)).status).toBe(200);
  expect((await fetch(tallyline.url + importPath({}), { method: 'POST', body: HEADER })).status).toBe(401);
});
