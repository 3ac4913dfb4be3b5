/** Whose usage a file has brought and which invoices bill it, in the history and on the page of the import; who waits to be set up. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LATE, openBilledDashboard, type BilledDashboard } from '../support/billed-dashboard.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText } from '../support/dashboard.ts';
import { importFile } from '../support/imports.ts';

const HEAD = 'id,customer,time,meter,quantity';
const MANY = `${HEAD}\n${Array.from({ length: 60 }, (_, n) => `m${n},many-${String(n).padStart(2, '0')},2026-10-05T08:00:00Z,calls,${n + 1}`).join('\n')}\n`;

describe.skipIf(!chromiumAvailable)('the customers of a file', () => {
  let on: BilledDashboard;
  beforeAll(async () => {
    on = await openBilledDashboard();
  });
  afterAll(() => on?.close());

  const finalize = (id: string) =>
    on.tallyline.json(`/v1/invoices/${id}/finalize`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  const history = (file: string) => on.page.getByRole('row', { name: file });
  const whose = (file: string) => on.page.getByRole('button', { name: `Customers of ${file}: ` });
  const customer = (name: string) => on.page.getByRole('table').last().getByRole('row', { name });

  test('stand in the history; opened, each is shown with its usage and with the draft that bills it', async () => {
    await on.page.goto('/imports');
    await expectText(whose('acme-2026-10.csv')).toBe('Acme AI GmbH');
    await whose('acme-2026-10.csv').click();
    await customer('Acme AI GmbH').getByText('context_tokens').waitFor();
    await expectText(customer('Acme AI GmbH')).toBe(
      'Acme AI GmbH 37 context_tokens 1,315,204 storage_gb 250 highest draft for October 2026',
    );
    expect(new URL(on.page.url()).searchParams.get('open')).not.toBeNull();
    const links = customer('Acme AI GmbH').getByRole('link');
    await expect
      .poll(() => links.evaluateAll((all) => all.map((link) => (link as unknown as { href: string }).href.replace(/^.*?:\d+/, ''))))
      .toEqual([
        '/usage?customer=acme&range=all',
        '/records?import=1&customer=acme',
        '/records?import=1&customer=acme&meter=context_tokens',
        '/records?import=1&customer=acme&meter=storage_gb',
        `/invoices/${on.acme}`,
      ]);
    await whose('acme-2026-10.csv').press('Enter');
    await customer('context_tokens').waitFor({ state: 'detached' });
  });

  test('what came after the invoice was final is said to fall due on a later one', async () => {
    await finalize(on.acme);
    const { number } = await on.read(on.acme);
    const { id } = await importFile(on.tallyline, LATE, { name: 'late.csv' });
    await on.page.goto(`/imports/${id}`);
    const region = on.page.getByRole('region', { name: 'Customers of this file' });
    await region.getByRole('heading', { name: '1 customer' }).waitFor();
    await region.getByText(`${number}`).waitFor();
    await expectText(region.getByRole('row').last()).toBe(
      `Acme AI GmbH 1 context_tokens 500,000 ${number} its event came after it was final and falls due on a later invoice`,
    );
    await on.page.goto('/imports');
    await whose('acme-2026-10.csv').click();
    await customer('Acme AI GmbH')
      .getByRole('link', { name: `${number}` })
      .click();
    await on.sheet().getByText(`${number}`).first().waitFor();
  });

  test('of many are counted, and listed page by page; the navigation counts who is not set up, as soon as they are there', async () => {
    const nav = on.page.getByRole('navigation', { name: 'Pages', exact: true });
    await on.page.goto('/imports');
    await nav.getByRole('link', { name: 'Customers', exact: true }).waitFor();
    const { id } = await importFile(on.tallyline, MANY, { name: 'many.csv' });
    await nav.getByRole('link', { name: 'Customers 60 not set up', exact: true }).waitFor();
    await on.page.goto('/imports');
    await on.page.getByText('and 57 more').waitFor();
    await expectText(history('many.csv')).toContain('many-00, many-01, many-02 and 57 more 60 60 0 0 0 complete');
    await on.page.goto(`/imports/${id}`);
    const region = on.page.getByRole('region', { name: 'Customers of this file' });
    await region.getByRole('row', { name: /^many-49 1 calls 50 not billed yet$/ }).waitFor();
    await expect.poll(() => region.getByRole('row').count()).toBe(51);
    await region.getByRole('button', { name: 'More customers' }).click();
    await region.getByRole('row', { name: /^many-59 / }).waitFor();
    await expect.poll(() => region.getByRole('row').count()).toBe(61);
  });

  test('one who is set up is counted no more', async () => {
    const nav = on.page.getByRole('navigation', { name: 'Pages', exact: true });
    await on.page.goto('/customers?open=many-00');
    await on.page.getByRole('complementary').getByRole('button', { name: 'Save', exact: true }).click();
    await nav.getByRole('link', { name: 'Customers 59 not set up', exact: true }).waitFor();
  });

  test('of an undone file are nobody any more', async () => {
    const { id } = await on.tallyline
      .json<{ items: { id: string; name: string }[] }>('/v1/imports')
      .then(({ items }) => items.find(({ name }) => name === 'many.csv') ?? { id: '' });
    await on.tallyline.json(`/v1/imports/${id}/undo`, { method: 'POST' });
    await on.page.goto(`/imports/${id}`);
    await on.page.getByText('Nothing of it counts any more, so nobody is billed for it.').waitFor();
  });
});
