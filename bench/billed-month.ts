/** A month of many customers in the running program: imported as a file, so that parts, projection and watermarks are those of real use; set up; billed. */
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { BillingRun } from '../schemas/http/billing-runs.ts';
import type { Import } from '../schemas/http/imports.ts';
import type { InvoiceSummary } from '../schemas/http/invoice-life.ts';
import type { PlanDefinition } from '../schemas/http/plans.ts';
import { importPath } from '../test/support/imports.ts';
import type { Tallyline } from '../test/support/tallyline.ts';
import { BILLED_MONTH, billedUsageCsv, customerName, type UsageSize } from './billing-usage.ts';

const PLAN: PlanDefinition = {
  name: 'Bench',
  currency: 'EUR',
  prices: [
    {
      meter: 'api_calls',
      model: 'graduated',
      tiers: [
        { upTo: '1000000', unitPrice: '0.0005' },
        { upTo: '5000000', unitPrice: '0.0004', flatFee: '5' },
        { upTo: null, unitPrice: '0.00035' },
      ],
    },
    { meter: 'gigabyte_hours', model: 'per_unit', unitPrice: '0.000123456789', included: '1000' },
    { meter: 'messages', model: 'package', size: '1000', unitPrice: '0.35' },
    { model: 'flat', amount: '49' },
  ],
  minimum: '100',
  discounts: [{ percent: '5' }],
};
/** Often enough for tenths of a second, and seldom enough to cost nothing. */
const LOOK_MS = 100;

export async function importMonth(tallyline: Tallyline, size: UsageSize): Promise<void> {
  const beganAt = performance.now();
  const mapping = {
    id: 'id',
    customer: 'customer_id',
    time: 'timestamp',
    measures: [{ meter: { column: 'event_name' }, quantity: 'quantity' }],
  };
  // Not waited for: a client gives up an answer that takes minutes.
  let file = await tallyline.json<Import>(importPath({ name: 'month.csv', mapping, wait: false }), {
    method: 'POST',
    body: Readable.toWeb(billedUsageCsv(size)) as ReadableStream<Uint8Array<ArrayBuffer>>,
    duplex: 'half',
    headers: { 'content-type': 'text/csv' },
  });
  while (file.status !== 'complete' && file.status !== 'failed') {
    await delay(LOOK_MS);
    file = await tallyline.json<Import>(`/v1/imports/${file.id}`);
  }
  if (file.events.accepted !== size.events) throw new Error(JSON.stringify(file));
  console.log(`${size.events} events imported in ${((performance.now() - beganAt) / 1000).toFixed(1)} s`);
}

export async function setUpCustomers(tallyline: Tallyline, { customers }: UsageSize): Promise<void> {
  await send(tallyline, 'PUT', '/v1/plans/bench', PLAN);
  const customer = { plan: 'bench', currency: PLAN.currency, timeZone: 'UTC', taxRate: '19' };
  for (let n = 0; n < customers; n++) await send(tallyline, 'PUT', `/v1/customers/${customerName(n)}`, customer);
}

export function send<Body>(tallyline: Tallyline, method: 'POST' | 'PUT', path: string, body: object): Promise<Body> {
  return tallyline.json<Body>(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

/** Drafts of the month for these customers; returns when the last one is committed. */
export async function billMonth(tallyline: Tallyline, customers: readonly string[]): Promise<void> {
  let run = await send<BillingRun>(tallyline, 'POST', '/v1/billing-runs', { period: BILLED_MONTH, customers });
  while (run.state !== 'done') {
    if (run.state === 'failed') throw new Error(`the billing run failed: ${run.failure?.message}`);
    await delay(LOOK_MS);
    run = await tallyline.json<BillingRun>(`/v1/billing-runs/${run.id}`);
  }
  if (run.progress.drafts !== customers.length) throw new Error(JSON.stringify(run));
}

export function invoiceIds(tallyline: Tallyline, customers: readonly string[]): Promise<string[]> {
  return Promise.all(
    customers.map(async (customer) => {
      const path = `/v1/invoices?customer=${encodeURIComponent(customer)}&period=${BILLED_MONTH}`;
      const [invoice] = (await tallyline.json<{ items: InvoiceSummary[] }>(path)).items;
      if (invoice === undefined) throw new Error(`no invoice of ${customer}`);
      return invoice.id;
    }),
  );
}
