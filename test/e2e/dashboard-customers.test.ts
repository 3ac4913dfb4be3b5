/** Customers in the browser: finding them among many, setting them up with plans by date, what a change does, and what is refused. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Customer } from '../../schemas/http/customers.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

/** More than a page shows. */
const MANY = 230;
const HOSTILE = 'a/b "c" <i>&?=%2F #1';
const USAGE = [
  'id,customer,time,quantity,meter',
  ...Array.from({ length: MANY }, (_, n) => `m${n},many-${String(n).padStart(3, '0')},2026-10-02T05:00:00Z,1,calls`),
  `h,"${HOSTILE.replaceAll('"', '""')}",2026-10-02T05:00:00Z,3,calls`,
  's,zz-set-up,2026-10-02T05:00:00Z,1,calls',
  '',
].join('\n');

describe.skipIf(!chromiumAvailable)('customers', () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({ reducedMotion: 'reduce' }, (opened) => {
    ({ tallyline, page } = opened);
  });

  const drawer = (name: string) => page.getByRole('complementary', { name, exact: true });
  const rows = () => page.getByRole('table').first().getByRole('row');
  const stored = (id: string) => tallyline.json<Customer>(`/v1/customers/${encodeURIComponent(id)}`);

  test('without usage the page says where customers come from', async () => {
    await page.goto('/customers');
    await page.getByText('There are no customers yet.').waitFor();
    await page.getByRole('link', { name: 'Import a file' }).waitFor();
  });

  test('those not set up come first, page by page, and are counted', async () => {
    await importFile(tallyline, USAGE, { name: 'usage.csv' });
    for (const [id, currency] of [
      ['basic', 'USD'],
      ['pro', 'USD'],
      ['euro', 'EUR'],
    ])
      await put(`/v1/plans/${id}`, { name: `Plan ${id}`, currency, prices: [{ meter: 'calls', model: 'per_unit', unitPrice: '1' }] });
    await put('/v1/customers/zz-set-up', { name: 'A first name', plan: 'basic' });
    await page.goto('/customers');
    await page.getByText('231 customers were seen in usage and not set up yet.').waitFor();
    await expect.poll(() => rows().count()).toBe(201);
    await expectText(rows().nth(1)).toContain(HOSTILE);
    await page.getByRole('button', { name: 'More customers' }).click();
    await page.getByRole('row', { name: 'A first name' }).waitFor();
    await expect.poll(() => rows().count()).toBe(MANY + 3);
    await expectText(rows().last()).toBe('A first name zz-set-up Plan basic USD UTC 0 % set up');
    await page.getByRole('button', { name: 'Set up 1', exact: true }).click();
    await eventually('one customer', async () => (await rows().count()) === 2);
  });

  test('/ goes to the search, which is in the address, and Esc clears it', async () => {
    await page.goto('/customers');
    await page.getByRole('row', { name: 'many-000' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('NY-22');
    await page.waitForURL('**/customers?search=NY-22');
    await page.getByRole('button', { name: 'All 10' }).waitFor();
    await expect.poll(() => rows().count()).toBe(11);
    await page.reload();
    await page.getByRole('button', { name: 'All 10' }).waitFor();
    await page.getByRole('searchbox').fill('nobody is called this');
    await page.getByText('No customer is like that.').waitFor();
    await page.getByRole('searchbox').press('Escape');
    await page.getByRole('button', { name: `All ${MANY + 2}` }).waitFor();
  });

  test('a customer with an id that means something to addresses is set up, with a zone that is searched for', async () => {
    await page.getByRole('row', { name: HOSTILE }).getByRole('button').click();
    const form = drawer(HOSTILE);
    await form.getByText('Seen in usage, not set up yet').waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get('open')).toBe(HOSTILE);
    await form.getByLabel('Name', { exact: true }).fill('Hostile & Sons');
    await form.getByLabel('Tax, percent').fill('19');
    await form.getByRole('combobox', { name: /^Time zone/ }).fill('kathm');
    await form.getByRole('option', { name: /^Asia\/Kathmandu\s*UTC\+05:45$/ }).waitFor();
    await page.keyboard.press('Enter');
    await form.getByText('Asia/Kathmandu is UTC+05:45 now.').waitFor();
    await form.getByRole('button', { name: 'Put on a plan' }).click();
    await form.getByLabel('Plan 1', { exact: true }).selectOption('basic');
    await form.getByLabel('Address on invoices').fill('1 Road\nTown');
    await form.getByRole('button', { name: 'Add a detail' }).click();
    await form.getByLabel('Name of detail 1').fill('VAT');
    await form.getByLabel('Value of detail 1').fill('XX 1');
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await drawer('Hostile & Sons').getByText('Saved.', { exact: true }).waitFor();
    await expect
      .poll(() => stored(HOSTILE))
      .toMatchObject({
        name: 'Hostile & Sons',
        status: 'assigned',
        timeZone: 'Asia/Kathmandu',
        taxRate: '19',
        plans: [{ plan: 'basic', from: null }],
        invoiceDetails: { address: '1 Road\nTown', VAT: 'XX 1' },
      });
    await page.reload();
    await expect.poll(() => drawer('Hostile & Sons').getByLabel('Value of detail 1').inputValue()).toBe('XX 1');
    const links = drawer('Hostile & Sons').getByRole('navigation', { name: 'Of this customer' });
    await links.getByRole('link', { name: 'Records' }).click();
    await page.waitForURL('**/records?**');
    await expect.poll(() => new URL(page.url()).searchParams.get('customer')).toBe(HOSTILE);
    await eventually('its one record', async () => (await rows().count()) === 2);
  });

  test('a plan is changed from a day on, with a word on what that does', async () => {
    await page.goto('/customers?open=zz-set-up');
    const form = drawer('A first name');
    await form.getByRole('button', { name: 'Change the plan from a day on' }).click();
    await form.getByLabel('Change 2 holds from').fill('2027-03-01');
    await form.getByLabel('Plan 2', { exact: true }).selectOption('pro');
    await form.getByText('a change within a month splits it').waitFor();
    await form.getByText('There is no draft yet; there is no final invoice yet.').waitFor();
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await form.getByText('Saved.', { exact: true }).waitFor();
    expect((await stored('zz-set-up')).plans).toEqual([
      { plan: 'basic', from: null },
      { plan: 'pro', from: '2027-03-01' },
    ]);
  });

  test('days that do not rise are refused where they stand', async () => {
    const form = drawer('A first name');
    await form.getByRole('button', { name: 'Change the plan from a day on' }).click();
    await expect.poll(() => form.getByLabel('Change 3 holds from').inputValue()).toBe('2027-04-01');
    await form.getByLabel('Change 3 holds from').fill('2027-02-01');
    await form.getByLabel('Plan 3', { exact: true }).selectOption('basic');
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await form.getByRole('listitem').nth(2).getByRole('alert').getByText('2027-02-01 must be later than 2027-03-01').waitFor();
    await form.getByRole('button', { name: 'Remove plan 3' }).click();
    expect((await stored('zz-set-up')).plans).toHaveLength(2);
  });

  test('another currency and zone say what they change, and a plan in another currency is refused', async () => {
    const form = drawer('A first name');
    await form.getByLabel('Currency').fill('EUR');
    await form.getByRole('combobox', { name: /^Time zone/ }).fill('berlin');
    await page.keyboard.press('Enter');
    await form.getByText('Invoices are made out in EUR instead of USD. Prices are not converted').waitFor();
    await form.getByText('Months, days and hours are cut in Europe/Berlin instead of UTC.').waitFor();
    await form.getByText('This plan is in USD, the customer in EUR').first().waitFor();
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await form.getByText('Not saved.', { exact: true }).waitFor();
    await expect.poll(() => stored('zz-set-up')).toMatchObject({ currency: 'USD', timeZone: 'UTC' });
  });

  test('closing the drawer with changes asks first', async () => {
    await page.getByRole('button', { name: 'Close, Esc' }).click();
    const question = page.getByRole('dialog', { name: 'Leave without saving' });
    await question.getByRole('button', { name: 'Stay here' }).click();
    await drawer('A first name').waitFor();
    await page.getByRole('button', { name: 'Close, Esc' }).click();
    await question.getByRole('button', { name: 'Leave without saving' }).click();
    await drawer('A first name').waitFor({ state: 'detached' });
  });

  test('one after the other is set up without closing the drawer', async () => {
    await page.goto('/customers?open=many-000');
    await drawer('many-000').getByLabel('Name', { exact: true }).fill('First of many');
    await drawer('many-000').getByRole('button', { name: 'Save and open the next to set up' }).click();
    await drawer('many-001').waitFor();
    await expect.poll(() => stored('many-000')).toMatchObject({ name: 'First of many', status: 'assigned' });
    await page.goto('/customers?plan=basic');
    await page.getByRole('button', { name: 'on Plan basic' }).waitFor();
    await eventually('who is on the plan', async () => (await rows().count()) === 3);
  });

  test('a customer nobody has heard of says so', async () => {
    await page.goto('/customers?open=ghost');
    await drawer('ghost').getByText('There is no customer "ghost", neither set up nor seen in usage.').waitFor();
  });

  async function put(path: string, body: object): Promise<void> {
    await tallyline.json(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }
});
