/** Imports, streams, events and the mappings that they are read by. */
import type { Calls } from './call.ts';

const CSV = 'id,customer,meter,time,quantity\nrole-1,cedar,requests,2025-12-01T00:00:00Z,1\n';
const MAPPING = { id: 'id', customer: 'customer', time: 'time', measures: [{ meter: { column: 'meter' }, quantity: 'quantity' }] };
const EVENT = { id: 'role-2', customer: 'cedar', meter: 'requests', time: '2025-12-01T00:00:00Z', quantity: '1' };

export const SENDING_CALLS: Calls = {
  'GET /v1/imports': {
    plain: ({ cursors }) => [{ path: '/v1/imports' }, { path: `/v1/imports?cursor=${cursors.get('/v1/imports')}` }],
  },
  'GET /v1/imports/{id}': { import: (id) => [{ path: `/v1/imports/${id}` }] },
  'GET /v1/imports/{id}/progress': { import: (id) => [{ path: `/v1/imports/${id}/progress` }] },
  'GET /v1/imports/{id}/file': { import: (id) => [{ path: `/v1/imports/${id}/file` }] },
  'GET /v1/imports/{id}/rejected.csv': { import: (id) => [{ path: `/v1/imports/${id}/rejected.csv` }] },
  // A CSV has none: to whom it is theirs it says where else they are.
  'GET /v1/imports/{id}/rejected.ndjson': { import: (id) => [{ path: `/v1/imports/${id}/rejected.ndjson`, status: 404 }] },
  'GET /v1/imports/{id}/effect': { import: (id) => [{ path: `/v1/imports/${id}/effect?of=undo` }] },
  'GET /v1/imports/{id}/customers': { import: (id) => [{ path: `/v1/imports/${id}/customers` }] },
  'GET /v1/imports/{id}/suspected-doubles': { import: (id) => [{ path: `/v1/imports/${id}/suspected-doubles` }] },
  'POST /v1/imports/inspect': { plain: () => [{ method: 'POST', path: '/v1/imports/inspect', body: CSV }] },
  'GET /v1/profiles': { plain: () => [{ path: '/v1/profiles' }] },
  'GET /v1/profiles/{name}': { plain: () => [{ path: '/v1/profiles/kept' }] },
  'GET /v1/profiles/{name}/template.csv': { plain: () => [{ path: '/v1/profiles/kept/template.csv' }] },
  'GET /v1/template.csv': { plain: () => [{ path: '/v1/template.csv' }] },
  'POST /v1/imports': {
    plain: () => [
      { method: 'POST', path: '/v1/imports?name=roles.csv', body: CSV },
      { method: 'POST', path: '/v1/imports?name=roles.csv&dryRun=true', body: CSV },
    ],
  },
  'PUT /v1/imports': { plain: () => [{ method: 'PUT', path: '/v1/imports?name=roles.csv', body: CSV }] },
  'POST /v1/stream': {
    plain: () => [{ method: 'POST', path: '/v1/stream', body: CSV, headers: { 'x-forwarded-for': '192.0.2.1' } }],
  },
  'POST /v1/events': { plain: () => [{ method: 'POST', path: '/v1/events', body: [EVENT] }] },
  'POST /v1/sample-data': { changes: true, plain: () => [{ method: 'POST', path: '/v1/sample-data' }] },
  'PUT /v1/profiles/{name}': { changes: true, plain: () => [{ method: 'PUT', path: '/v1/profiles/roles', body: MAPPING }] },
  'DELETE /v1/profiles/{name}': { changes: true, plain: () => [{ method: 'DELETE', path: '/v1/profiles/roles' }] },
  'POST /v1/imports/{id}/undo': { changes: true, import: (id) => [{ method: 'POST', path: `/v1/imports/${id}/undo?adjust=true` }] },
};
