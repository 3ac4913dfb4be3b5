/** A month of two customers, billed as drafts, with a window signed in: where the tests of the invoice pages begin. */
import type { Locator, Page } from 'playwright-core';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openDashboard } from './dashboard.ts';
import { connectEmbedded } from './embedded-postgres.ts';
import { eventually } from './eventually.ts';
import { importFile } from './imports.ts';
import type { Tallyline } from './tallyline.ts';

const HEAD = 'id,customer,time,meter,quantity';
/** One row a day, and three in the hour that is traced. */
const OCTOBER = [
  HEAD,
  ...Array.from(
    { length: 31 },
    (_, day) => `d${day + 1},acme,2026-10-${String(day + 1).padStart(2, '0')}T06:00:00Z,context_tokens,${40_000 + day}`,
  ),
  'req_9,acme,2026-10-14T11:24:52Z,context_tokens,18377',
  'req_10,acme,2026-10-14T11:25:07Z,context_tokens,31552',
  'req_11,acme,2026-10-14T11:25:20Z,context_tokens,24810',
  's1,acme,2026-10-03T08:00:00Z,storage_gb,120',
  's2,acme,2026-10-09T08:00:00Z,storage_gb,250',
  's3,acme,2026-10-20T08:00:00Z,storage_gb,180',
  '',
].join('\n');
export const HELIO = (quantity: number) => `${HEAD}\nh1,helio,2026-10-05T08:00:00Z,context_tokens,${quantity}\n`;
export const LATE = `${HEAD}\nlate,acme,2026-10-20T12:00:00Z,context_tokens,500000\n`;

export type BilledDashboard = Awaited<ReturnType<typeof openBilledDashboard>>;

/** October 2026 of `acme` (three meters' worth of lines, one hour of it to be traced) and of `helio` (one row), both drafts. */
export async function openBilledDashboard() {
  const { tallyline, page, close } = await openDashboard({ permissions: ['clipboard-read', 'clipboard-write'] });
  await setUp(tallyline);
  await bill(tallyline, '2026-10');
  return {
    tallyline,
    page,
    close,
    ...partsOf(page),
    acme: await invoiceId(tallyline, 'acme', '2026-10'),
    helio: await invoiceId(tallyline, 'helio', '2026-10'),
    /** Makes drafts of the month. */
    bill: (period: string) => bill(tallyline, period),
    invoiceId: (customer: string, period: string) => invoiceId(tallyline, customer, period),
    read: (id: string) => tallyline.json<Invoice>(`/v1/invoices/${id}?hours=false`),
    /** Past the program's own code. */
    async sql(text: string): Promise<void> {
      const client = await connectEmbedded(tallyline.dataDirectory);
      try {
        await client.query(text);
      } finally {
        await client.end();
      }
    },
  };
}

/** What the page is made of, by what it is called. */
function partsOf(page: Page) {
  const sheet = () => page.getByRole('article');
  return {
    sheet,
    line: (name: string): Locator => sheet().getByRole('region', { name, exact: true }),
    drawer: () => page.getByRole('complementary', { name: /^Where .* comes from$/ }),
    panel: (name: string) => page.getByRole('region', { name }),
    button: (name: string) => page.getByRole('button', { name, exact: true }),
  };
}

async function setUp(tallyline: Tallyline): Promise<void> {
  const put = (path: string, body: object) =>
    tallyline.json(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await put('/v1/settings', { seller: { name: 'Larkfield Compute GmbH', address: ['Street 12', '10119 Berlin'] } });
  await put('/v1/meters/storage_gb', { unit: 'GB', aggregation: 'max' });
  const tiers = [
    { upTo: '1000000', unitPrice: '0.0003' },
    { upTo: null, unitPrice: '0.00024' },
  ];
  const prices = [
    { meter: 'context_tokens', model: 'graduated', tiers },
    { meter: 'storage_gb', model: 'per_unit', unitPrice: '0.02', included: '100' },
    { model: 'flat', amount: '49', description: 'Platform fee' },
  ];
  await put('/v1/plans/pro', { name: 'Pro', currency: 'USD', prices });
  const terms = { currency: 'USD', timeZone: 'Europe/Berlin', plan: 'pro' };
  await put('/v1/customers/acme', { ...terms, name: 'Acme AI GmbH', taxRate: '19', invoiceDetails: { address: 'Road 5\n80331 Munich' } });
  await put('/v1/customers/helio', { ...terms, name: 'Helio Labs' });
  await importFile(tallyline, OCTOBER, { name: 'acme-2026-10.csv' });
  await importFile(tallyline, HELIO(1000), { name: 'helio.csv' });
}

async function bill(tallyline: Tallyline, period: string): Promise<void> {
  const { id } = await tallyline.json<BillingRun>('/v1/billing-runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ period }),
  });
  await eventually(`run ${id} is done`, async () => (await tallyline.json<BillingRun>(`/v1/billing-runs/${id}`)).state === 'done');
}

async function invoiceId(tallyline: Tallyline, customer: string, period: string): Promise<string> {
  const { items } = await tallyline.json<{ items: InvoiceSummary[] }>(`/v1/invoices?customer=${customer}&period=${period}`);
  const found = items.find(({ status }) => status !== 'void');
  if (found === undefined) throw new Error(`${customer} has no invoice for ${period}`);
  return found.id;
}
