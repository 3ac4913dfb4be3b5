/** Everything a person can do over the api role, each with the entry that it leaves in the audit log. */
import type { ApiKey } from '../../schemas/http/api-keys.ts';
import type { Conflict } from '../../schemas/http/conflicts.ts';
import type { InvoiceLink } from '../../schemas/http/invoice-links.ts';
import { encodeUsageEvent } from '../../schemas/usage-event.ts';
import type { TestBilling } from './billing.ts';
import { makeImports } from './undo.ts';
import { usageEvent } from './usage-event.ts';

export interface Act {
  method: 'POST' | 'PUT' | 'DELETE';
  url: string;
  body?: object;
  /** The entry that it leaves. */
  what: string;
  subject: string | RegExp;
  reason?: string;
  details?: object;
  /** Asked for again it is done, and is not done again. */
  isRepeatable?: true;
}

const PRICES = [{ meter: 'requests', model: 'per_unit', unitPrice: '1' }];
const plan = (name: string, prices: readonly object[] = PRICES) => ({ name, currency: 'USD', prices });

async function setUpInvoices(billing: TestBilling): Promise<{ draft: string; voided: string; credited: string }> {
  const customers = ['drafted', 'voided', 'credited'];
  for (const customer of customers) {
    await billing.setUp(customer);
    await billing.use([{ customer, time: '2026-10-05T00:10:00Z', quantity: '3' }]);
  }
  await billing.run('2026-10', customers);
  const { id: draft } = await billing.invoiceOf('drafted', '2026-10');
  return { draft, voided: (await billing.bill('voided', '2026-10')).id, credited: (await billing.bill('credited', '2026-10')).id };
}

async function setUpConflict(billing: TestBilling): Promise<string> {
  await makeImports(billing.pipeline, ['1']);
  await billing.use(['1', '2'].map((quantity) => ({ customer: 'drafted', id: 'twice', time: '2026-10-05T00:10:00Z', quantity })));
  const { items } = await billing.ok<{ items: Conflict[] }>('GET', '/v1/conflicts');
  return items[0]?.id ?? '';
}

async function setUpDeadLetter(billing: TestBilling): Promise<string> {
  const { rows } = await billing.platform.postgres.query<{ id: string }>(
    `INSERT INTO dead_letters (epoch, partition, "offset", idx, code, message, payload)
     VALUES (99, 0, 1, 0, 'unknown_version', 'version 1 is not known here', $1) RETURNING dead_letter_id::text AS id`,
    [encodeUsageEvent(usageEvent({ customer: 'drafted', id: 'late' }))],
  );
  return rows[0]?.id ?? '';
}

type Acts = Record<string, Act>;

/** None of them is done yet; each can be done once. */
export async function prepareActs(billing: TestBilling): Promise<Acts> {
  const conflict = await setUpConflict(billing);
  const invoices = await setUpInvoices(billing);
  const letter = await setUpDeadLetter(billing);
  const link = await billing.ok<InvoiceLink>('POST', `/v1/invoices/${invoices.credited}/links`, {});
  const revoked = await billing.ok<ApiKey>('POST', '/v1/api-keys', { name: 'old', role: 'ingest' });
  await billing.ok('PUT', '/v1/plans/unused', plan('Unused'));
  await billing.ok('PUT', '/v1/plans/kept', plan('Kept'));
  return {
    ...definitions(),
    ...invoicing(invoices),
    ...sharing({ invoice: invoices.credited, link: link.id, revoked: revoked.id }),
    ...operations({ conflict, letter }),
  };
}

function definitions(): Acts {
  return {
    'a plan is made': {
      method: 'PUT',
      url: '/v1/plans/new',
      body: plan('<b>New</b>'),
      isRepeatable: true,
      what: 'plan.changed',
      subject: 'plan/new',
      details: { version: 1, changed: { name: { before: null, after: '<b>New</b>' }, 'prices/requests': { before: null, after: PRICES } } },
    },
    'a plan is changed': {
      method: 'PUT',
      url: '/v1/plans/kept',
      body: plan('Kept', [{ ...PRICES[0], unitPrice: '2' }]),
      isRepeatable: true,
      what: 'plan.changed',
      subject: 'plan/kept',
      details: { version: 2, changed: { 'prices/requests': { before: PRICES, after: [{ ...PRICES[0], unitPrice: '2' }] } } },
    },
    'a plan is dropped': {
      method: 'DELETE',
      url: '/v1/plans/unused',
      what: 'plan.deleted',
      subject: 'plan/unused',
      details: { name: 'Unused', version: 1 },
    },
    'a customer is set up': {
      method: 'PUT',
      url: '/v1/customers/a%2Fb',
      body: { name: 'A\u{1F9FE}B', plan: null, taxRate: '19' },
      isRepeatable: true,
      what: 'customer.changed',
      subject: 'customer/a/b',
      details: { changed: { name: { before: null, after: 'A\u{1F9FE}B' }, taxRate: { before: null, after: '19' } } },
    },
    'a customer is changed': {
      method: 'PUT',
      url: '/v1/customers/drafted',
      body: { plan: 'plan-drafted', taxRate: '7' },
      isRepeatable: true,
      what: 'customer.changed',
      subject: 'customer/drafted',
      details: { changed: { taxRate: { before: '0', after: '7' } } },
    },
    'a meter is changed': {
      method: 'PUT',
      url: '/v1/meters/requests',
      body: { unit: 'calls' },
      isRepeatable: true,
      what: 'meter.changed',
      subject: 'meter/requests',
      details: { changed: { unit: { before: '', after: 'calls' } } },
    },
    'the settings are changed': {
      method: 'PUT',
      url: '/v1/settings',
      body: { seller: { name: 'We' } },
      isRepeatable: true,
      what: 'settings.changed',
      subject: 'settings',
      details: { changed: { 'seller/name': { before: null, after: 'We' } } },
    },
  };
}

function invoicing({ draft, voided, credited }: Awaited<ReturnType<typeof setUpInvoices>>): Acts {
  return {
    'a billing run is asked for': {
      method: 'POST',
      url: '/v1/billing-runs',
      body: { period: '2026-09', customers: ['voided', 'drafted'] },
      what: 'billing-run.requested',
      subject: /^billing-run\/\d+$/,
      details: { period: '2026-09', customers: 2, first: ['drafted', 'voided'] },
    },
    'an invoice becomes final': {
      method: 'POST',
      url: `/v1/invoices/${draft}/finalize`,
      body: { force: { reason: '=cmd()' } },
      isRepeatable: true,
      what: 'invoice.finalized',
      subject: `invoice/${draft}`,
      reason: '=cmd()',
      details: { number: 'INV-2026-00003', currency: 'USD' },
    },
    'an invoice is taken back': {
      method: 'POST',
      url: `/v1/invoices/${voided}/void`,
      body: { reason: 'wrong' },
      isRepeatable: true,
      what: 'invoice.voided',
      subject: `invoice/${voided}`,
      reason: 'wrong',
      details: { number: 'INV-2026-00001' },
    },
    'a credit note is made': {
      method: 'POST',
      url: `/v1/invoices/${credited}/credit-notes`,
      body: { full: true, reason: 'kind' },
      what: 'credit-note.created',
      subject: `invoice/${credited}`,
      reason: 'kind',
      details: { total: '-3.00' },
    },
  };
}

function sharing({ invoice, link, revoked }: { invoice: string; link: string; revoked: string }): Acts {
  return {
    'an invoice is shared': {
      method: 'POST',
      url: `/v1/invoices/${invoice}/links`,
      body: { days: 1 },
      what: 'link.created',
      subject: `invoice/${invoice}`,
      details: { expiresAt: '2026-12-06T12:00:00Z' },
    },
    'a link is taken back': {
      method: 'DELETE',
      url: `/v1/invoices/${invoice}/links/${link}`,
      isRepeatable: true,
      what: 'link.revoked',
      subject: `invoice/${invoice}`,
      details: { link },
    },
    'a key is made': {
      method: 'POST',
      url: '/v1/api-keys',
      body: { name: 'new', role: 'customer', customer: 'drafted' },
      what: 'key.created',
      subject: /^key\/\d+$/,
      details: { name: 'new', role: 'customer', customer: 'drafted', expiresAt: null },
    },
    'a key is revoked': {
      method: 'DELETE',
      url: `/v1/api-keys/${revoked}`,
      isRepeatable: true,
      what: 'key.revoked',
      subject: `key/${revoked}`,
      details: { name: 'old' },
    },
  };
}

function operations({ conflict, letter }: { conflict: string; letter: string }): Acts {
  return {
    'a reconciliation is asked for': {
      method: 'POST',
      url: '/v1/reconciliation/run?customer=drafted',
      isRepeatable: true,
      what: 'reconciliation.requested',
      subject: /^reconciliation\/\d+$/,
      details: { customer: 'drafted' },
    },
    'a rebuild is asked for': {
      method: 'POST',
      url: '/v1/clickhouse/rebuild',
      isRepeatable: true,
      what: 'rebuild.requested',
      subject: /^rebuild\/\d+$/,
    },
    'a conflict is decided': {
      method: 'POST',
      url: `/v1/conflicts/${conflict}/resolve`,
      body: { keep: 'first' },
      isRepeatable: true,
      what: 'conflict.resolved',
      subject: `conflict/${conflict}`,
      details: { keep: 'first', customer: 'drafted', event: 'twice', import: '1' },
    },
    'a dead letter is replayed': {
      method: 'POST',
      url: `/v1/dead-letters/${letter}/replay`,
      isRepeatable: true,
      what: 'dead-letter.replayed',
      subject: `dead-letter/${letter}`,
      details: { customer: 'drafted', event: 'late' },
    },
  };
}
