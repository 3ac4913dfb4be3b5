/** Invoices, credit notes and billing runs. */
import type { Calls, Documents, Request } from './call.ts';

const at = encodeURIComponent;

/** Of an invoice, by what its address goes on with. */
const ofInvoice = (...rest: ((documents: Documents) => string)[]): Calls[string] => ({
  of: (documents) => rest.map((tail) => ({ path: `/v1/invoices/${documents.invoice}${tail(documents)}` })),
});
const lists = (path: string, query = ''): Calls[string] => ({
  of: ({ customer }, { cursors }) => {
    const cursor = cursors.get(path);
    return [`customer=${customer}`, `customer=${customer}&period=2025-10&status=final`, `customer=${customer}&status=draft`]
      .concat(cursor === undefined ? [] : [`customer=${customer}&cursor=${cursor}`])
      .map((filter) => ({ path: `${path}?${filter}${query}` }));
  },
});
const preview = (suffix: string): Calls[string] => ({
  of: ({ customer }) => [{ path: `/v1/invoices/preview${suffix}?customer=${customer}&period=2025-10` }],
});
const post = (path: string, body: unknown): Request => ({ method: 'POST', path, body });
const LINES = [{ n: 1, quantity: '1', amount: '2.00' }];

export const BILLING_CALLS: Calls = {
  'GET /v1/invoices': lists('/v1/invoices'),
  'GET /v1/invoices/totals': lists('/v1/invoices/totals'),
  'GET /v1/invoices/export.csv': lists('/v1/invoices/export.csv', '&shape=hours'),
  'GET /v1/invoices/preview.csv': preview('.csv'),
  'GET /v1/invoices/preview.pdf': preview('.pdf'),
  'POST /v1/invoices/preview': {
    of: ({ customer }) => [post('/v1/invoices/preview', { customer }), post('/v1/invoices/preview', { customer, period: '2025-10' })],
  },
  'GET /v1/invoices/{id}': ofInvoice(
    () => '',
    () => '?hours=false',
  ),
  'GET /v1/invoices/{id}.csv': ofInvoice(
    () => '.csv',
    () => '.csv?shape=hours',
  ),
  'GET /v1/invoices/{id}.pdf': ofInvoice(() => '.pdf?hours=true'),
  'GET /v1/invoices/{id}/lines/{n}/days': ofInvoice(() => '/lines/1/days'),
  'GET /v1/invoices/{id}/lines/{n}/hours': ofInvoice(
    () => '/lines/1/hours',
    () => '/lines/1/hours?day=2025-10-01',
  ),
  'GET /v1/invoices/{id}/lines/{n}/explanation': ofInvoice(
    () => '/lines/1/explanation',
    () => '/lines/2/explanation',
  ),
  'GET /v1/invoices/{id}/lines/{n}/hours/{start}/records': ofInvoice(({ hour }) => `/lines/1/hours/${at(hour)}/records`),
  'GET /v1/invoices/{id}/adjustments/{n}/days': ofInvoice(() => '/adjustments/1/days'),
  'GET /v1/invoices/{id}/adjustments/{n}/hours': ofInvoice(() => '/adjustments/1/hours'),
  'GET /v1/invoices/{id}/adjustments/{n}/hours/{start}/records': ofInvoice(
    ({ adjustedHour }) => `/adjustments/1/hours/${at(adjustedHour)}/records`,
  ),
  'POST /v1/invoices/{id}/recompute': { of: ({ invoice }) => [{ method: 'POST', path: `/v1/invoices/${invoice}/recompute` }] },
  'GET /v1/credit-notes': lists('/v1/credit-notes'),
  'GET /v1/credit-notes/{id}': { of: ({ creditNote }) => [{ path: `/v1/credit-notes/${creditNote}` }] },
  'GET /v1/credit-notes/{id}.csv': { of: ({ creditNote }) => [{ path: `/v1/credit-notes/${creditNote}.csv?shape=hours` }] },
  'GET /v1/credit-notes/{id}.pdf': { of: ({ creditNote }) => [{ path: `/v1/credit-notes/${creditNote}.pdf?hours=true` }] },
  'POST /v1/invoices/{id}/credit-notes/preview': {
    of: ({ invoice }) => [post(`/v1/invoices/${invoice}/credit-notes/preview`, { lines: LINES })],
  },
  'GET /v1/billing-runs': { plain: () => [{ path: '/v1/billing-runs' }] },
  'GET /v1/billing-runs/{id}': { plain: () => [{ path: '/v1/billing-runs/1' }] },
  'POST /v1/billing-runs/preview': {
    of: ({ customer }) => [post('/v1/billing-runs/preview', { period: '2025-12', customers: [customer] })],
  },
  // In this order: what is done to an invoice of birch.
  'POST /v1/billing-runs': {
    changes: true,
    of: ({ customer }) => [post('/v1/billing-runs', { period: '2025-12', customers: [customer] })],
  },
  'POST /v1/invoices/{id}/credit-notes': {
    changes: true,
    of: ({ invoice }) => [post(`/v1/invoices/${invoice}/credit-notes`, { reason: 'once more', lines: LINES })],
  },
  'POST /v1/invoices/{id}/finalize': {
    changes: true,
    of: ({ draft }) => [post(`/v1/invoices/${draft}/finalize`, { force: { reason: 'before its time' } })],
  },
  'POST /v1/invoices/{id}/void': { changes: true, of: ({ invoice }) => [post(`/v1/invoices/${invoice}/void`, { reason: 'taken back' })] },
};
