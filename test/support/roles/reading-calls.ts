/** Usage and records, customers, meters and plans. */
import type { Calls } from './call.ts';
import { RANGE } from './fill.ts';

const at = encodeURIComponent;
const MONTH = 'from=2025-10-01T00:00:00Z&to=2025-11-01T00:00:00Z';
const PLAN = { name: 'Spare', currency: 'USD', prices: [{ meter: 'requests', model: 'per_unit', unitPrice: '3' }] };

/** Of everything that the caller may see, and of one customer. */
const usage = (path: string): Calls[string] => ({
  of: ({ customer }) => [
    { path: `${path}?${RANGE}&customer=${customer}` },
    { path: `${path}?${MONTH}&customer=${customer}&groupBy=customer` },
  ],
});

export const READING_CALLS: Calls = {
  'GET /v1/usage': usage('/v1/usage'),
  'GET /v1/usage.csv': usage('/v1/usage.csv'),
  'GET /v1/usage/extent': { plain: () => [{ path: '/v1/usage/extent' }] },
  'GET /v1/usage/meters': { plain: () => [{ path: '/v1/usage/meters' }] },
  'GET /v1/top': {
    plain: () => [
      { path: `/v1/top?by=meter&${RANGE}` },
      { path: `/v1/top?by=customer&${RANGE}` },
      { path: `/v1/top?by=customer&meter=requests&${RANGE}` },
      // A meter that only the other one has used, or no meter at all: the same.
      { path: `/v1/top?by=customer&meter=birch-meter&${RANGE}` },
    ],
  },
  'GET /v1/records': {
    of: ({ customer }, { cursors }) => [
      { path: `/v1/records?customer=${customer}` },
      { path: `/v1/records?customer=${customer}&status=conflict` },
      { path: `/v1/records?customer=${customer}&cursor=${cursors.get('/v1/records')}` },
    ],
  },
  'GET /v1/records.csv': {
    of: ({ customer }, { imports }) => [
      { path: `/v1/records.csv?customer=${customer}` },
      { path: `/v1/records.csv?customer=${customer}&import=${imports.own}` },
    ],
  },
  'GET /v1/records/{key}': { of: ({ record, event }) => [{ path: `/v1/records/${record}` }, { path: `/v1/records/${event}` }] },
  'GET /v1/records/{key}/source': {
    of: ({ record, event }) => [{ path: `/v1/records/${record}/source?context=100` }, { path: `/v1/records/${event}/source?context=100` }],
  },
  'GET /v1/customers': { plain: () => [{ path: '/v1/customers' }, { path: '/v1/customers?search=birch' }] },
  'GET /v1/customers/{id}': { of: ({ customer }) => [{ path: `/v1/customers/${customer}` }] },
  'GET /v1/customers/{id}/credits': { of: ({ customer }) => [{ path: `/v1/customers/${customer}/credits` }] },
  'PUT /v1/customers/{id}': {
    changes: true,
    of: ({ customer }) => [{ method: 'PUT', path: `/v1/customers/${customer}`, body: { name: 'Renamed', currency: 'USD' } }],
  },
  'GET /v1/meters': {
    plain: ({ cursors }) => [{ path: '/v1/meters' }, { path: `/v1/meters?cursor=${cursors.get('/v1/meters')}` }],
  },
  'GET /v1/meters/{key}': { of: ({ meter }) => [{ path: `/v1/meters/${meter}` }] },
  'GET /v1/meters/{key}/use': { of: ({ meter }) => [{ path: `/v1/meters/${meter}/use` }] },
  'PUT /v1/meters/{key}': {
    changes: true,
    of: ({ meter }) => [{ method: 'PUT', path: `/v1/meters/${meter}`, body: { name: 'Renamed' } }],
  },
  'GET /v1/plans': { plain: () => [{ path: '/v1/plans' }] },
  'GET /v1/plans/{id}': { plain: () => [{ path: '/v1/plans/spare' }] },
  'GET /v1/plans/{id}/versions': { plain: () => [{ path: '/v1/plans/spare/versions' }] },
  'POST /v1/plans/preview': {
    plain: () => [{ method: 'POST', path: '/v1/plans/preview', body: { plan: PLAN, quantities: [{ meter: 'requests', quantity: '5' }] } }],
  },
  'POST /v1/plans/{id}/effect': { plain: () => [{ method: 'POST', path: '/v1/plans/birch-plan/effect', body: PLAN }] },
  'PUT /v1/plans/{id}': { changes: true, plain: () => [{ method: 'PUT', path: '/v1/plans/spare', body: PLAN }] },
  'DELETE /v1/plans/{id}': { changes: true, plain: () => [{ method: 'DELETE', path: '/v1/plans/spare' }] },
  'GET /v1/settings': { plain: () => [{ path: '/v1/settings' }] },
  'PUT /v1/settings': { changes: true, plain: () => [{ method: 'PUT', path: '/v1/settings', body: {} }] },
  'GET /v1/reconciliation': { plain: () => [{ path: '/v1/reconciliation' }] },
  'GET /v1/reconciliation/grid': { plain: () => [{ path: `/v1/reconciliation/grid?from=2025-10-01T00:00:00Z&to=2025-10-02T00:00:00Z` }] },
  'GET /v1/reconciliation/missing': {
    of: ({ customer, meter }) => [
      { path: `/v1/reconciliation/missing?customer=${customer}&meter=${meter}&hour=${at('2025-10-01T10:00:00Z')}` },
    ],
  },
  'POST /v1/reconciliation/run': {
    changes: true,
    of: ({ customer }) => [{ method: 'POST', path: `/v1/reconciliation/run?customer=${customer}` }],
  },
  'GET /v1/reconciliation/run/{id}': { plain: () => [{ path: '/v1/reconciliation/run/1' }] },
  'GET /v1/pipeline': { plain: () => [{ path: '/v1/pipeline' }] },
  'GET /v1/pipeline/stores': { plain: () => [{ path: '/v1/pipeline/stores' }] },
  'GET /v1/about': { plain: () => [{ path: '/v1/about' }] },
  'GET /v1/unassigned-customers': { plain: () => [{ path: '/v1/unassigned-customers' }] },
  'GET /v1/live': { plain: () => [{ path: '/v1/live' }] },
  'GET /v1/conflicts': { of: ({ customer }) => [{ path: `/v1/conflicts?customer=${customer}` }] },
  'GET /v1/conflicts/{id}': { plain: ({ conflict }) => [{ path: `/v1/conflicts/${conflict}` }] },
  'POST /v1/conflicts/{id}/resolve': {
    changes: true,
    plain: ({ conflict }) => [{ method: 'POST', path: `/v1/conflicts/${conflict}/resolve`, body: { keep: 'first' } }],
  },
  'GET /v1/dead-letters': { plain: () => [{ path: '/v1/dead-letters' }] },
  'GET /v1/dead-letters/{id}': { plain: ({ deadLetter }) => [{ path: `/v1/dead-letters/${deadLetter}` }] },
  'POST /v1/dead-letters/{id}/replay': {
    changes: true,
    // It still is no event.
    plain: ({ deadLetter }) => [{ method: 'POST', path: `/v1/dead-letters/${deadLetter}/replay`, status: 422 }],
  },
  'POST /v1/clickhouse/rebuild': { changes: true, plain: () => [{ method: 'POST', path: '/v1/clickhouse/rebuild' }] },
};
