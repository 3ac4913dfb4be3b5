/** A plan is deleted from its page: what follows is said first, and who keeps it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBilledDashboard, type BilledDashboard } from '../support/billed-dashboard.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText } from '../support/dashboard.ts';

describe.skipIf(!chromiumAvailable)('a plan', () => {
  let on: BilledDashboard;
  beforeAll(async () => {
    on = await openBilledDashboard();
    await put('/v1/plans/spare', { name: 'Spare', currency: 'USD', prices: [{ meter: 'calls', model: 'per_unit', unitPrice: '1' }] });
  });
  afterAll(() => on?.close());

  const put = (path: string, body: object) =>
    on.tallyline.json(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const dialog = () => on.page.getByRole('dialog');
  const ask = async (plan: string) => {
    await on.page.goto(`/plans/${plan}`);
    await on.button('Delete').click();
  };
  const confirm = () => dialog().getByRole('button', { name: 'Delete this plan' });

  test('that somebody is on stays: it says who, and leads there', async () => {
    await ask('pro');
    await dialog().getByText('It is in use, and cannot be deleted.').waitFor();
    await expectText(dialog()).toContain('Acme AI GmbH, Helio Labs are, were or will be on it. Put them on another plan first.');
    await expect.poll(() => confirm().isDisabled()).toBe(true);
    await dialog().getByRole('link', { name: 'To these customers' }).click();
    await on.page.waitForURL('**/customers?plan=pro');
  });

  test('that is the default stays: it says where to choose another', async () => {
    const settings = await on.tallyline.json<{ seller: object; defaults: object }>('/v1/settings');
    await put('/v1/settings', { seller: settings.seller, defaults: { ...settings.defaults, plan: 'spare' } });
    await ask('spare');
    await dialog().getByText('It is the default plan: whoever is not set up is billed by it.').waitFor();
    await expect.poll(() => dialog().getByRole('link', { name: 'To the settings' }).getAttribute('href')).toBe('/settings');
    await put('/v1/settings', { seller: settings.seller, defaults: settings.defaults });
  });

  test('that somebody was put on meanwhile is refused by the server, in words, and stays', async () => {
    await ask('spare');
    await dialog().getByText('Deleting it takes it off the list of plans.').waitFor();
    await put('/v1/customers/helio', { name: 'Helio Labs', currency: 'USD', timeZone: 'Europe/Berlin', plan: 'spare' });
    await confirm().click();
    await dialog().getByRole('alert').getByText('Customers are on this plan: helio. Put them on another one first.').waitFor();
    await dialog().getByText('Helio Labs is, was or will be on it.').waitFor();
    await expect.poll(() => confirm().isDisabled()).toBe(true);
    await put('/v1/customers/helio', { name: 'Helio Labs', currency: 'USD', timeZone: 'Europe/Berlin', plan: 'pro' });
    await dialog().getByRole('button', { name: 'Keep it' }).click();
    await dialog().waitFor({ state: 'detached' });
  });

  test('that nobody is on goes, also with changes that were not saved, once somebody has read what follows', async () => {
    await ask('spare');
    await dialog().getByText('Deleting it takes it off the list of plans.').waitFor();
    await expectText(dialog()).toMatch(
      /Final invoices that were billed by it stay as they are.*Its one version stays readable in the API\./,
    );
    await on.page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await on.page.getByRole('textbox', { name: 'Name' }).first().fill('Changed');
    await on.button('Delete').click();
    await confirm().click();
    await on.page.waitForURL('**/plans');
    await on.page.getByRole('row', { name: 'Pro' }).waitFor();
    await expect.poll(() => on.page.getByRole('row', { name: 'Spare' }).count()).toBe(0);
    expect((await on.tallyline.fetch('/v1/plans/spare')).status).toBe(404);
  });
});
