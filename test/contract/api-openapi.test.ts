/** The OpenAPI document: every route of the api, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

interface OpenApiDocument {
  openapi: string;
  info: { title: string };
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
  paths: Record<
    string,
    Record<string, { operationId?: string; parameters?: { name: string; in: string }[]; responses: Record<string, unknown> }>
  >;
}

describe('the OpenAPI document', () => {
  it('lists every route with an id of its own, its path parameters and its answers, and needs no sign-in', async () => {
    const response = await api.server.inject('/openapi.json');
    expect(response.statusCode).toBe(200);
    const document = response.json<OpenApiDocument>();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.components.securitySchemes)).toEqual(['apiKey', 'session']);
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(undefined);
    for (const { path, method, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
      expect([method, path, declared]).toEqual([method, path, inPath]);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['default']));
    }
    expect(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(ROUTES);
  });

  it('refers to nothing that is not in it', async () => {
    const document = (await api.server.inject('/openapi.json')).json<OpenApiDocument>();
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(references).toContain('Problem');
    expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  it('has a page, which needs no sign-in', async () => {
    const page = await api.server.inject({ url: '/docs/', headers: { accept: 'text/html' } });
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
  });
});

const ROUTES = [
  'DELETE /v1/api-keys/{id}',
  'DELETE /v1/invoices/{id}/links/{link}',
  'DELETE /v1/plans/{id}',
  'DELETE /v1/session',
  'DELETE /v1/sessions/{id}',
  'DELETE /v1/users/{id}',
  'GET /health/live',
  'GET /health/ready',
  'GET /v1/about',
  'GET /v1/api-keys',
  'GET /v1/audit',
  'GET /v1/audit.csv',
  'GET /v1/billing-runs',
  'GET /v1/billing-runs/{id}',
  'GET /v1/conflicts',
  'GET /v1/conflicts/{id}',
  'GET /v1/credit-notes',
  'GET /v1/credit-notes/{id}',
  'GET /v1/credit-notes/{id}.csv',
  'GET /v1/credit-notes/{id}.pdf',
  'GET /v1/customers',
  'GET /v1/customers/{id}',
  'GET /v1/customers/{id}/credits',
  'GET /v1/dead-letters',
  'GET /v1/dead-letters/{id}',
  'GET /v1/imports/{id}/customers',
  'GET /v1/imports/{id}/effect',
  'GET /v1/imports/{id}/suspected-doubles',
  'GET /v1/invoices',
  'GET /v1/invoices/export.csv',
  'GET /v1/invoices/preview.csv',
  'GET /v1/invoices/preview.pdf',
  'GET /v1/invoices/totals',
  'GET /v1/invoices/{id}',
  'GET /v1/invoices/{id}.csv',
  'GET /v1/invoices/{id}.pdf',
  'GET /v1/invoices/{id}/adjustments/{n}/days',
  'GET /v1/invoices/{id}/adjustments/{n}/hours',
  'GET /v1/invoices/{id}/adjustments/{n}/hours/{start}/records',
  'GET /v1/invoices/{id}/lines/{n}/days',
  'GET /v1/invoices/{id}/lines/{n}/explanation',
  'GET /v1/invoices/{id}/lines/{n}/hours',
  'GET /v1/invoices/{id}/lines/{n}/hours/{start}/records',
  'GET /v1/invoices/{id}/links',
  'GET /v1/live',
  'GET /v1/meters',
  'GET /v1/meters/{key}',
  'GET /v1/meters/{key}/use',
  'GET /v1/oidc/callback',
  'GET /v1/oidc/start',
  'GET /v1/pipeline',
  'GET /v1/pipeline/stores',
  'GET /v1/plans',
  'GET /v1/plans/{id}',
  'GET /v1/plans/{id}/versions',
  'GET /v1/reconciliation',
  'GET /v1/reconciliation/grid',
  'GET /v1/reconciliation/missing',
  'GET /v1/reconciliation/run/{id}',
  'GET /v1/records',
  'GET /v1/records.csv',
  'GET /v1/records/{key}',
  'GET /v1/records/{key}/source',
  'GET /v1/session',
  'GET /v1/sessions',
  'GET /v1/settings',
  'GET /v1/sign-in',
  'GET /v1/top',
  'GET /v1/unassigned-customers',
  'GET /v1/usage',
  'GET /v1/usage.csv',
  'GET /v1/usage/extent',
  'GET /v1/usage/meters',
  'GET /v1/users',
  'GET /v1/users/{id}',
  'PATCH /v1/users/{id}',
  'POST /v1/api-keys',
  'POST /v1/billing-runs',
  'POST /v1/billing-runs/preview',
  'POST /v1/clickhouse/rebuild',
  'POST /v1/conflicts/{id}/resolve',
  'POST /v1/dead-letters/{id}/replay',
  'POST /v1/invoices/preview',
  'POST /v1/invoices/{id}/credit-notes',
  'POST /v1/invoices/{id}/credit-notes/preview',
  'POST /v1/invoices/{id}/finalize',
  'POST /v1/invoices/{id}/links',
  'POST /v1/invoices/{id}/recompute',
  'POST /v1/invoices/{id}/void',
  'POST /v1/password',
  'POST /v1/password-resets',
  'POST /v1/password/link',
  'POST /v1/plans/preview',
  'POST /v1/plans/{id}/effect',
  'POST /v1/reconciliation/run',
  'POST /v1/session',
  'POST /v1/sign-in-links',
  'POST /v1/users',
  'POST /v1/users/{id}/links',
  'PUT /v1/customers/{id}',
  'PUT /v1/meters/{key}',
  'PUT /v1/plans/{id}',
  'PUT /v1/session/password',
  'PUT /v1/settings',
];
