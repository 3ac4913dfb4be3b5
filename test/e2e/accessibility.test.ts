/** Every page of the dashboard, with real data, in light and dark: axe-core finds nothing serious or critical. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { Reconciliation } from '../../schemas/http/reconciliation.ts';
import { graveFaults } from '../support/axe.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { dropFile, loadSampleData, signIn } from '../support/dashboard.ts';
import { connectEmbedded } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

const REJECTED =
  'id,customer,time,quantity,meter\n1,acme-ai,2023-11-16T05:00:00Z,2,calls\n2,acme-ai,never,2,calls\n3,,2023-11-16T05:00:00Z,2,calls\n';
const DISPUTED = (quantity: number) => `id,customer,time,quantity,meter\nd1,acme-ai,2023-11-16T05:00:00Z,${quantity},disputed\n`;
const OPEN_QUESTIONS = 'account,when,calls,region\nacme,2023-11-16 05:00:00,2,eu\nacme,2023-11-16 06:00:00,x,eu\n';
const TRACED = '/invoices/preview?customer=acme-ai&period=2023-11&line=1&day=2023-11-16&hour=1700157600000';

type Opening = (page: Page) => Promise<unknown>;

/** A page, and what stands there once it is whole. */
const PAGES: [name: string, open: Opening][] = [
  ['usage as a chart', at('/usage?range=all', (page) => page.getByRole('application').locator('canvas'))],
  ['usage as a table', at('/usage?range=all&view=table', (page) => page.getByRole('region', { name: 'Usage as a table' }))],
  ['usage by meter', at('/usage?range=all&by=meter', (page) => page.getByRole('slider').first())],
  ['usage zoomed, with its tooltip', zoomedUsage],
  ['usage of one customer', at('/usage?range=all&customer=acme-ai', (page) => page.getByRole('row', { name: 'All events' }))],
  ['usage of a range without data', at('/usage?range=24h', (page) => page.getByRole('button', { name: 'Jump to the data' }))],
  ['the imports', at('/imports', (page) => page.getByRole('heading', { name: 'History' }))],
  ['an import with rejected lines', rejectedImport],
  ['the customers of a file in the history', openedHistory],
  ['the question before an undo', undoQuestion],
  ['an undone import', undoneImport],
  ['a conflict to decide', at('/imports/conflicts', (page) => page.getByRole('button', { name: 'Keep this' }))],
  ['no conflict decided', at('/imports/conflicts?status=resolved', (page) => page.getByText('No conflict has been decided yet.'))],
  ['a file that is looked at', inspected],
  ['the records', at('/records', (page) => page.getByRole('table'))],
  ['a record and its line', recordLine],
  ['the preview of an invoice', at('/invoices/preview?customer=acme-ai&period=2023-11', (page) => page.getByRole('article'))],
  ['the trace of an invoice', trace],
  ['the invoices, with an hour that differs', at('/invoices', (page) => page.getByText('an hour differs').filter({ visible: true }))],
  ['a month to run', at('/invoices?run=2023-11', (page) => page.getByText('used something in November 2023'))],
  ['a billing run', at('/invoices?run=1', (page) => page.getByRole('group', { name: 'Customers of the run by outcome' }))],
  ['the question before drafts become final', finalizeQuestion],
  ['the settings', at('/settings', (page) => page.getByText('ClickHouse'))],
  ['a final invoice', stored('final', '', (page) => page.getByText('agree for all 720 hours'))],
  ['the trace of a final invoice', stored('final', TRACED.slice(TRACED.indexOf('&line')), (page) => page.getByText('events sum to'))],
  ['a credit note that is written', stored('final', '&do=credit', writtenNote)],
  ['the question before an invoice is void', stored('final', '&do=void', (page) => page.getByText('This cannot be taken back'))],
  ['an invoice that is computed again', stored('final', '&do=recompute', (page) => page.getByText(/Computed again|Not any more/))],
  ['a draft that cannot be made final', stored('draft', '&do=finalize', (page) => page.getByRole('alert'))],
  ['a credit note', at('/credit-notes/1', (page) => page.getByRole('article'))],
  ['an invoice that is not there', at('/invoices/999999', (page) => page.getByRole('alert'))],
  ['the customers', at('/customers', (page) => page.getByRole('table'))],
  ['a customer', at('/customers?open=acme-ai', (page) => page.getByRole('complementary', { name: 'Acme AI' }))],
  ['customers that are searched for', at('/customers?search=vm&status=assigned', (page) => page.getByRole('table'))],
  ['a customer with changes', changedCustomer],
  ['the meters', at('/meters', (page) => page.getByRole('table').getByText('never').or(page.getByRole('table').getByText('2023')))],
  ['a meter', at('/meters?open=vm_seconds', (page) => page.getByRole('complementary').getByRole('radio', { name: /^sum/ }))],
  ['the plans', at('/plans', (page) => page.getByRole('table'))],
  ['a plan', at('/plans/sample-plan', (page) => page.getByRole('row', { name: 'Before tax USD' }))],
  ['a plan with changes and faults', changedPlan],
  ['the question before a plan is deleted', planDeletion],
  ['the pipeline with an hour that differs', at('/pipeline', (page) => page.getByText('differs by 1 event'))],
  ['the pipeline without usage in the time shown', at('/pipeline?range=24h', (page) => page.getByText(/^Neither store has usage from/))],
  ['the pipeline by days', at('/pipeline?from=2023-11-01T00:00:00Z&to=2023-11-30T00:00:00Z', (page) => page.getByRole('grid'))],
  ['the people', at('/settings/people', (page) => page.getByRole('form', { name: 'Invite somebody' }))],
  ['the keys of programs', at('/settings/keys', (page) => page.getByRole('form', { name: 'A new key' }))],
  ['the audit log', at('/settings/audit', (page) => page.getByRole('table'))],
  ['one’s account', at('/settings/account', (page) => page.getByText('this one'))],
  ['an invoice that is shared', stored('final', '&do=share', (page) => page.getByRole('button', { name: 'Make a link' }))],
  ['the keys', keys],
  ['the tour', tour],
  ['a word with its help', help],
  ['a page that is not there', at('/nowhere', (page) => page.getByRole('heading', { level: 1 }))],
];

describe.skipIf(!chromiumAvailable)('the pages are accessible', () => {
  let tallyline: Tallyline;
  let page: Page;

  // What moves in is judged where it comes to rest.
  useDashboard({ signedIn: false, reducedMotion: 'reduce' }, (opened) => {
    ({ tallyline, page } = opened);
  });

  test('sign-in, and the page before any data', async () => {
    await page.goto('/sign-in');
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await faultsInBothColours(page)).toEqual([]);
    await signIn(page, tallyline);
    await page.getByRole('button', { name: 'load the sample data' }).waitFor();
    expect(await faultsInBothColours(page)).toEqual([]);
    await loadSampleData(page);
    await importFile(tallyline, REJECTED, { name: 'rejected lines.csv' });
    await importFile(tallyline, DISPUTED(2), { name: 'first word.csv' });
    await importFile(tallyline, DISPUTED(3), { name: 'other word.csv' });
    const { id } = await importFile(tallyline, DISPUTED(4).replace('d1', 'd2'), { name: 'taken back.csv' });
    await tallyline.json(`/v1/imports/${id}/undo`, { method: 'POST' });
    await billed(tallyline);
    await damage(tallyline.dataDirectory);
    await tallyline.json('/v1/reconciliation/run', { method: 'POST' });
  });

  test.each(PAGES)('%s', async (_, open) => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await open(page);
    expect(await faultsInBothColours(page)).toEqual([]);
  });

  test.each(PAGES)('%s, on a phone', async (_, open) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await open(page);
    expect(await graveFaults(page)).toEqual([]);
  });
});

function at(path: string, whole: (page: Page) => ReturnType<Page['locator']>): Opening {
  return async (page) => {
    await page.goto(path);
    await whole(page).first().waitFor();
  };
}

async function zoomedUsage(page: Page): Promise<void> {
  await page.goto('/usage?from=2023-11-16T00:00:00Z&to=2023-11-17T00:00:00Z&zoom=2023-11-16T12:00:00Z/2023-11-17T00:00:00Z');
  await page.getByRole('application').press('ArrowRight');
  await page.getByRole('application').getByRole('status').waitFor();
}

async function keys(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
}

async function tour(page: Page): Promise<void> {
  await keys(page);
  await page.getByRole('button', { name: 'Take the tour' }).last().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Next' }).waitFor();
}

async function help(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.locator('main').getByRole('button', { name: 'already known' }).focus();
  await page.getByRole('tooltip').filter({ hasText: 'It is not counted twice.' }).waitFor();
}

async function rejectedImport(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('table').getByRole('link', { name: 'rejected lines.csv' }).click();
  await page.getByText('SHA-256 of the file').waitFor();
}

async function openedHistory(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('button', { name: /^Customers of azure_vm_noise_fio\.csv: / }).click();
  await page.getByRole('columnheader', { name: 'Billed in' }).waitFor();
}

async function planDeletion(page: Page): Promise<void> {
  await page.goto('/plans/sample-plan');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByText('It is in use').waitFor();
}

async function undoQuestion(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('row', { name: 'azure_vm_noise_fio.csv' }).getByRole('button', { name: 'Undo azure_vm_noise_fio.csv' }).click();
  await page.getByRole('dialog').getByText('Undo takes back').waitFor();
}

async function undoneImport(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('row', { name: 'taken back.csv' }).getByText('undone', { exact: true }).waitFor();
  await page.getByRole('table').getByRole('link', { name: 'taken back.csv' }).click();
  await page.getByText('Nothing of this file counts any more.').waitFor();
}

/** A final invoice with a credit note, and a draft of the customer whose hour will differ. */
async function billed(tallyline: Tallyline): Promise<void> {
  const post = <Body>(path: string, body: object = {}) =>
    tallyline.json<Body>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  for (const period of ['2023-09', '2023-11']) {
    const { id } = await post<{ id: string }>('/v1/billing-runs', { period });
    await eventually('the run is done', async () => (await tallyline.json<{ state: string }>(`/v1/billing-runs/${id}`)).state === 'done');
  }
  const { items } = await tallyline.json<{ items: InvoiceSummary[] }>('/v1/invoices?customer=acme-ai&period=2023-11');
  await post(`/v1/invoices/${items[0]?.id}/finalize`);
  await post(`/v1/invoices/${items[0]?.id}/credit-notes`, { reason: 'outage', lines: [{ n: 1, amount: '1' }] });
}

/** The final invoice; or a draft of the customer whose hour differs. */
function stored(status: 'final' | 'draft', parameters: string, whole: (page: Page) => Locator | Promise<Locator>): Opening {
  return async (page) => {
    const read = async <Body>(path: string) => (await (await page.request.get(path)).json()) as Body;
    const { cells } = await read<Reconciliation>('/v1/reconciliation?state=differs');
    const customer = status === 'final' ? 'acme-ai' : (cells[0]?.customer ?? '');
    const { items } = await read<{ items: InvoiceSummary[] }>(`/v1/invoices?status=${status}&customer=${encodeURIComponent(customer)}`);
    await page.goto(`/invoices/${items[0]?.id}?${parameters}`);
    await (await whole(page)).first().waitFor();
  };
}

async function writtenNote(page: Page): Promise<Locator> {
  await page.getByLabel('Amount of context_tokens').fill('1');
  return page.getByText('The note comes to');
}

/** An hour in which the stores differ, and a dead letter: neither comes about by itself. */
async function damage(dataDirectory: string): Promise<void> {
  const client = await connectEmbedded(dataDirectory);
  try {
    await client.query(
      `DELETE FROM usage_records WHERE ctid = (SELECT ctid FROM usage_records WHERE meter = 'vm_seconds' AND customer = '0' LIMIT 1)`,
    );
    await client.query(
      `INSERT INTO dead_letters (epoch, partition, "offset", idx, code, message, payload) VALUES (99, 0, 7, 0, 'invalid_json', 'the message is not JSON', 'x')`,
    );
  } finally {
    await client.end();
  }
}

async function inspected(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await dropFile(page, 'open questions.csv', OPEN_QUESTIONS);
  await page.getByText('Choose the column that holds the time.').waitFor();
}

async function finalizeQuestion(page: Page): Promise<void> {
  await page.goto('/invoices');
  await page.getByLabel('Choose draft, VM 1, November 2023').check();
  await page.getByRole('button', { name: 'Finalize', exact: true }).click();
  await page.getByText('Finalizing cannot be taken back').waitFor();
}

async function changedCustomer(page: Page): Promise<void> {
  await page.goto('/customers?open=acme-ai');
  const form = page.getByRole('complementary', { name: 'Acme AI' });
  await form.getByRole('button', { name: 'Change the plan from a day on' }).click();
  await form.getByLabel('Currency').fill('EUR');
  await form.getByText('Invoices are made out in EUR instead of USD.').waitFor();
  await form.getByRole('combobox', { name: /^Time zone/ }).fill('new');
  await form.getByRole('option').first().waitFor();
}

async function changedPlan(page: Page): Promise<void> {
  await page.goto('/plans/sample-plan');
  const price = page.getByRole('group', { name: 'Price 1', exact: true });
  await price.getByLabel('Meter').fill('context_token');
  await price.getByText('No usage of context_token yet').waitFor();
  await page.getByText(/^Saving makes version 2/).waitFor();
  await page.getByText(/^Earlier versions/).click();
  await page.getByText('drafts follow this one').waitFor();
  await page.getByRole('group', { name: 'Price 3' }).getByLabel('Tier 1 up to').fill('0');
  await page.getByRole('button', { name: 'Save the plan' }).click();
  await page.getByText('One field is to be mended:').waitFor();
}

async function recordLine(page: Page): Promise<void> {
  await page.goto('/records?customer=acme-ai');
  await page.getByRole('row').nth(1).getByRole('button').click();
  await page.getByRole('group', { name: 'Lines of azure_llm_inference_code.csv' }).waitFor();
}

async function trace(page: Page): Promise<void> {
  await page.goto(TRACED);
  const panel = page.getByRole('complementary', { name: 'Where $7.22 comes from' });
  await panel.getByRole('table').getByRole('button').first().click();
  await panel.getByText('in the event').waitFor();
}

async function faultsInBothColours(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    found.push(...(await graveFaults(page)).map((fault) => `${colorScheme}: ${fault}`));
  }
  return found;
}
