/** What the pictures show: the sample data, a file with damaged lines, two files that contradict each other, and a month that was billed. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { CreditNote } from '../../schemas/http/invoices.ts';
import { dropFile, loadSampleData } from '../../test/support/dashboard.ts';
import { eventually } from '../../test/support/eventually.ts';
import { importFile } from '../../test/support/imports.ts';
import type { Tallyline } from '../../test/support/tallyline.ts';
import { makePeople } from './people.ts';

const SAMPLES = join(import.meta.dirname, '../../ingest/samples');
const PERIOD = '2023-11';

/** What the addresses of pages are made of. */
export interface Shown {
  invoice: string;
  creditNote: string;
  /** Path of the page that a link to the invoice opens. */
  shared: string;
}

export function readSample(name: string): Promise<string> {
  return readFile(join(SAMPLES, name), 'utf8');
}

export async function makeData(page: Page, tallyline: Tallyline): Promise<Shown> {
  await loadSampleData(page);
  await importDamagedFile(page);
  await importConflicts(tallyline);
  const billed = await billMonth(tallyline);
  return { ...billed, shared: await makePeople(tallyline, billed.invoice) };
}

/** The sample of the virtual machines once more, with some of its lines spoilt: known lines, and rejected ones of three kinds. */
async function importDamagedFile(page: Page): Promise<void> {
  const lines = (await readSample('azure_vm_noise_fio.csv')).split('\n').slice(0, 2_001);
  const spoilt = lines.map((line, index) => {
    const [value = '', runtime = '', time = '', machine = ''] = line.split(',');
    if (index % 400 === 7) return [value, 'n/a', time, machine].join(',');
    if (index % 700 === 12) return [value, runtime, time.replace(/-\d\d /, '-31 ').replace(/-\d\d-31/, '-11-31'), machine].join(',');
    if (index % 900 === 20) return [value, runtime, time].join(',');
    return line;
  });
  await dropFile(page, 'azure_vm_noise_again.csv', spoilt.join('\n'));
  await page.getByRole('combobox', { name: 'Customer', exact: true }).selectOption('column VM_id');
  await page.getByLabel('Zone of the times').selectOption('UTC');
  await page.getByRole('combobox', { name: 'Quantity' }).selectOption('column runtime');
  await page.getByLabel('Meter: always the same meter').fill('vm_seconds');
  await page.getByRole('button', { name: 'Import azure_vm_noise_again.csv' }).click();
  await page.getByText('SHA-256 of the file').waitFor();
}

/** A correction of two lines, uploaded beside the file that it corrects. */
async function importConflicts(tallyline: Tallyline): Promise<void> {
  const file = (first: number, second: number) =>
    `id,customer,time,quantity,meter,region\nreq-4711,acme-ai,2023-11-17T05:12:00Z,${first},image_pixels,eu-west\nreq-4712,acme-ai,2023-11-17T06:40:30Z,${second},image_pixels,eu-west\n`;
  await importFile(tallyline, file(1_048_576, 786_432), { name: 'images-november.csv' });
  await importFile(tallyline, file(2_097_152, 589_824).replace('eu-west\n', 'eu-north\n'), { name: 'images-november-corrected.csv' });
}

/** A month of one customer: final, with one unit of it credited. */
async function billMonth(tallyline: Tallyline): Promise<Omit<Shown, 'shared'>> {
  const send = <Answer>(path: string, body: object) =>
    tallyline.json<Answer>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const { id } = await send<BillingRun>('/v1/billing-runs', { period: PERIOD, customers: ['acme-ai'] });
  await eventually('the billing run', async () => (await tallyline.json<BillingRun>(`/v1/billing-runs/${id}`)).state === 'done');
  const [invoice] = (await tallyline.json<{ items: InvoiceSummary[] }>(`/v1/invoices?customer=acme-ai&period=${PERIOD}`)).items;
  if (invoice === undefined) throw new Error(`${PERIOD} has no invoice of acme-ai`);
  await send(`/v1/invoices/${invoice.id}/finalize`, {});
  const note = await send<CreditNote>(`/v1/invoices/${invoice.id}/credit-notes`, {
    reason: 'Goodwill for an outage on 16 November',
    lines: [{ n: 1, amount: '0.50' }],
  });
  return { invoice: invoice.id, creditNote: note.id };
}
