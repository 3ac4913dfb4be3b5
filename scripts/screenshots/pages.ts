/** The pictures there are: a page or a state of one each, in an order in which what one has opened does not disturb the next. */
import type { Page } from 'playwright-core';
import { dropFile } from '../../test/support/dashboard.ts';
import { readSample, type Shown } from './data.ts';
import { becomeCustomer } from './people.ts';

export interface Picture {
  /** Of the file, before `-phone` and `-dark`. */
  name: string;
  /** Goes there, and returns once all of it has come. */
  show: (page: Page, shown: Shown) => Promise<unknown>;
}

const MONTH = 'from=2023-11-01T00:00:00Z&to=2023-12-01T00:00:00Z';
const VM_USAGE = `/usage?meter=vm_seconds&${MONTH}&grain=day`;

export const PICTURES: readonly Picture[] = [
  { name: 'usage', show: at(VM_USAGE, (page) => page.getByRole('application').locator('canvas')) },
  { name: 'usage-table', show: at(`${VM_USAGE}&view=table`, (page) => page.getByRole('region', { name: 'Usage as a table' })) },
  { name: 'records', show: showRecord },
  { name: 'imports', show: at('/imports', (page) => page.getByRole('heading', { name: 'History' })) },
  { name: 'undo', show: showUndo },
  { name: 'inspect', show: (page) => showInspection(page) },
  { name: 'dry-run', show: showDryRun },
  { name: 'conflicts', show: at('/imports/conflicts', (page) => page.getByRole('button', { name: 'Keep this' })) },
  { name: 'customers', show: at('/customers', (page) => page.getByRole('table')) },
  { name: 'customer', show: at('/customers?open=acme-ai', (page) => page.getByRole('complementary', { name: 'Acme AI' })) },
  { name: 'meters', show: at('/meters', (page) => page.getByRole('table')) },
  { name: 'plans', show: at('/plans', (page) => page.getByRole('table')) },
  { name: 'plan', show: at('/plans/sample-plan', (page) => page.getByRole('group', { name: 'Price 3' })) },
  { name: 'invoices', show: at('/invoices', (page) => page.getByRole('table')) },
  {
    name: 'invoice',
    show: at(
      ({ invoice }) => `/invoices/${invoice}`,
      (page) => page.getByRole('article'),
    ),
  },
  { name: 'invoice-preview', show: at('/invoices/preview?customer=acme-ai&period=2023-11', (page) => page.getByRole('article')) },
  { name: 'invoice-trace', show: showTrace },
  {
    name: 'credit-note',
    show: at(
      ({ creditNote }) => `/credit-notes/${creditNote}`,
      (page) => page.getByRole('article'),
    ),
  },
  { name: 'pipeline', show: at('/pipeline', (page) => page.getByRole('grid')) },
  { name: 'settings', show: at('/settings', (page) => page.getByRole('main').getByRole('textbox')) },
  { name: 'tour', show: showTour },
  { name: 'people', show: at('/settings/people', (page) => page.getByRole('table')) },
  { name: 'keys', show: at('/settings/keys', (page) => page.getByRole('table')) },
  { name: 'audit', show: at('/settings/audit', (page) => page.getByRole('table')) },
  { name: 'account', show: at('/settings/account', (page) => page.getByText('this one')) },
  {
    name: 'shared-invoice',
    show: at(
      ({ shared }) => shared,
      (page) => page.getByRole('article'),
    ),
  },
  { name: 'sign-in', show: at('/sign-in', (page) => page.getByLabel('Password', { exact: true })) },
  // Whoever looks is a customer from here on.
  { name: 'portal', show: showPortal },
];

function at(path: string | ((shown: Shown) => string), whole: (page: Page) => ReturnType<Page['locator']>): Picture['show'] {
  return async (page, shown) => {
    await page.goto(typeof path === 'string' ? path : path(shown));
    await whole(page).first().waitFor();
  };
}

async function showUndo(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('button', { name: 'Undo azure_vm_noise_fio.csv' }).last().click();
  await page.getByRole('dialog').getByText('Undo takes back').waitFor();
}

async function showInspection(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await dropFile(page, 'azure_llm_inference_code.csv', await readSample('azure_llm_inference_code.csv'));
  await page.getByRole('combobox', { name: 'Customer', exact: true }).selectOption('one customer for all lines');
  await page.getByLabel('Customer: one customer for all lines').fill('acme-ai');
  await page.getByLabel('Zone of the times').selectOption('UTC');
  const left = page.getByRole('listitem').filter({ hasText: 'ContextTokens is left out.' });
  await left.getByRole('button', { name: 'Make it a meter' }).click();
  await page.getByText('GeneratedTokens is left out. The import can run without it.').waitFor();
  await page.getByRole('button', { name: 'Import azure_llm_inference_code.csv', disabled: false }).waitFor();
}

async function showDryRun(page: Page): Promise<void> {
  await showInspection(page);
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByText(/^Dry run of /).waitFor();
}

async function showRecord(page: Page): Promise<void> {
  await page.goto('/records?customer=acme-ai&meter=context_tokens');
  await page.getByRole('row').nth(6).getByRole('button').click();
  await page.getByRole('group', { name: 'Lines of azure_llm_inference_code.csv' }).waitFor();
}

/** Down to the line of the file: its day, its hour, one of its records. */
async function showTrace(page: Page, { invoice }: Shown): Promise<void> {
  await page.goto(`/invoices/${invoice}?line=1&day=2023-11-16&hour=${Date.UTC(2023, 10, 16, 18)}`);
  const panel = page.getByRole('complementary').filter({ has: page.getByRole('group', { name: 'Hours' }) });
  await panel.getByRole('table').getByRole('button').nth(3).click();
  await panel.getByText('in the event').scrollIntoViewIfNeeded();
}

async function showTour(page: Page): Promise<void> {
  await page.goto('/imports');
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).getByRole('button', { name: 'Take the tour' }).click();
  await page.getByRole('heading', { name: 'Every line is accounted for' }).waitFor();
}

async function showPortal(page: Page): Promise<void> {
  await becomeCustomer(page);
  await page.goto('/invoices');
  await page.getByRole('table').first().waitFor();
}
