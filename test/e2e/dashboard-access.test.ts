/** Who may come in, in a real browser: people, keys, links, the audit log; and what each of them cannot reach. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UsageRecord } from '../../schemas/http/usage.ts';
import { openBilledDashboard, type BilledDashboard } from '../support/billed-dashboard.ts';
import { chromiumAvailable, launchChromium } from '../support/chromium.ts';
import { expectText, openWindow, textOf } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';

const PASSWORD = 'seven blue kettles sing';

describe.skipIf(!chromiumAvailable)('who may come in', () => {
  let on: BilledDashboard;
  let browser: Browser;
  /** The administrator's, signed in by the printed link. */
  let page: Page;
  let customer: Page;
  let helioRecord: string;

  beforeAll(async () => {
    [on, browser] = await Promise.all([openBilledDashboard(), launchChromium()]);
    page = on.page;
    for (const id of [on.acme, on.helio]) await on.tallyline.json(`/v1/invoices/${id}/finalize`, { method: 'POST' });
    const { items } = await on.tallyline.json<{ items: UsageRecord[] }>('/v1/records?customer=helio');
    helioRecord = items[0]?.key ?? '';
  });
  afterAll(async () => {
    await browser?.close();
    await on?.close();
  });

  const window = () => openWindow(browser, on.tallyline);
  const pages = (of: Page) => of.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link').allInnerTexts();

  async function invite(email: string, name: string, role: string, whose?: string): Promise<string> {
    await page.goto('/settings/people');
    const form = page.getByRole('form', { name: 'Invite somebody' });
    await form.getByLabel('E-mail address').fill(email);
    await form.getByLabel('Name', { exact: true }).fill(name);
    await form.getByRole('radio', { name: role }).check();
    if (whose !== undefined) await form.getByLabel('Customer whose usage').fill(whose);
    await form.getByRole('button', { name: 'Invite' }).click();
    return form.getByLabel(`Link for ${name} to choose a password`).inputValue();
  }

  /** A window of somebody who has been invited and has chosen a password. */
  async function accept(link: string): Promise<Page> {
    const own = await window();
    // The link has the address that browsers reach the program at from outside.
    await own.goto(new URL(link).pathname + new URL(link).hash);
    await own.getByLabel('New password').fill(PASSWORD);
    await own.getByRole('button', { name: 'Choose it and sign in' }).click();
    await own.waitForURL('**/usage**');
    return own;
  }

  describe('a person', () => {
    test('is invited by a link, chooses a password, and comes in with it', async () => {
      const link = await invite('ann@example.com', 'Ann', 'Administrator');
      const own = await accept(link);
      await own.goto('/settings/account');
      await own.getByText('ann@example.com: Administrator, does everything.').waitFor();
      await own.getByText('this one').waitFor();
      await own.getByRole('button', { name: 'Sign out' }).click();
      await own.waitForURL('**/sign-in');
      await own.context().close();

      const used = await window();
      await used.goto(new URL(link).pathname + new URL(link).hash);
      await used.getByRole('heading', { name: 'This link does not work.' }).waitFor();
      expect(used.url()).not.toContain('#');
      await used.context().close();
    });

    test('with a wrong password is told no more than that; with the right one goes on where they wanted to', async () => {
      const own = await window();
      await own.goto('/invoices?status=final');
      await own.waitForURL('**/sign-in?to=**');
      const attempt = async (email: string, password: string) => {
        await own.getByLabel('E-mail address').fill(email);
        await own.getByLabel('Password', { exact: true }).fill(password);
        await own.getByRole('button', { name: 'Sign in', exact: true }).click();
      };
      await attempt('ann@example.com', 'not her password');
      const said = await textOf(own.getByRole('alert'));
      await attempt('nobody@example.com', 'not her password');
      await expectText(own.getByRole('alert')).toBe(said);
      await attempt('ann@example.com', PASSWORD);
      await own.waitForURL('**/invoices?status=final');
      await own.context().close();
    });

    test('who is not let in any more is led out without a click', async () => {
      const own = await accept(await invite('bo@example.com', 'Bo', 'Analyst'));
      await own.goto('/invoices?status=final');
      await own.getByRole('table').first().waitFor();
      const asked: string[] = [];
      own.on('request', (request) => void asked.push(new URL(request.url()).pathname));
      await page.goto('/settings/people');
      await page.getByRole('button', { name: 'Bo', exact: true }).click();
      await page.getByRole('button', { name: 'Do not let in any more' }).click();
      await page.getByText('They are signed out.').waitFor();
      await own.waitForURL('**/sign-in?to=%2Finvoices%3Fstatus%3Dfinal');
      await own.getByLabel('E-mail address').waitFor();
      expect(asked.filter((path) => path === '/v1/live')).toEqual([]);
      await own.context().close();
    });

    test('whose session is ended elsewhere is led to the sign-in page, and from there back', async () => {
      const own = await accept(await invite('eve@example.com', 'Eve', 'Analyst'));
      await own.goto('/invoices?status=final');
      await own.getByRole('table').first().waitFor();
      const { items } = await on.tallyline.json<{ items: { id: string; name: string }[] }>('/v1/sessions?user=all');
      const session = items.find(({ name }) => name === 'eve@example.com')?.id ?? '';
      const { status } = await fetch(`${on.tallyline.url}/v1/sessions/${session}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${on.tallyline.key}` },
      });
      expect(status).toBe(204);
      await own.waitForURL('**/sign-in?to=%2Finvoices%3Fstatus%3Dfinal');
      await own.getByLabel('E-mail address').fill('eve@example.com');
      await own.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await own.getByRole('button', { name: 'Sign in', exact: true }).click();
      await own.waitForURL('**/invoices?status=final');
      await own.context().close();
    });

    test('who changes the password stays on the page, and goes on hearing what arrives', async () => {
      const own = await accept(await invite('fay@example.com', 'Fay', 'Analyst'));
      await own.goto('/usage');
      await own.getByText('live · data up to').first().waitFor();
      // Listened for from before: the feed may be open again by the time the answer to the change is read.
      const opened = own.waitForResponse((response) => response.url().endsWith('/v1/live') && response.status() === 200);
      const status = await own.evaluate(
        async ({ current, password }) => {
          const headers = { 'content-type': 'application/json' };
          return (await fetch('/v1/session/password', { method: 'PUT', headers, body: JSON.stringify({ current, password }) })).status;
        },
        { current: PASSWORD, password: `${PASSWORD} loudly` },
      );
      expect(status).toBe(204);
      await opened;
      await own.getByText('live · data up to').first().waitFor();
      await expect.poll(() => new URL(own.url()).pathname).toBe('/usage');
      await own.context().close();
    });

    test('who analyses sees everything and is offered no change', async () => {
      const own = await accept(await invite('cy@example.com', 'Cy', 'Analyst'));
      await own.goto('/meters?open=storage_gb');
      await own.getByText('Only administrators change meters.').waitFor();
      await expect.poll(() => own.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
      await own.goto(`/invoices/${on.acme}`);
      await own.getByRole('article').waitFor();
      await expect.poll(() => own.getByRole('button', { name: /Credit note|Make it void/ }).count()).toBe(0);
      await own.goto('/settings/people');
      await own.getByText('There is no such page.').waitFor();
      await own.context().close();
    });
  });

  describe('a customer', () => {
    test('sees its usage, records and invoices, and nothing else is there for it', async () => {
      customer = await accept(await invite('dee@acme.example', 'Dee', 'Customer', 'acme'));
      await expect.poll(() => pages(customer)).toEqual(['Tallyline', 'Usage', 'Records', 'Invoices', 'Account']);
      await customer.goto('/usage?from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z');
      await customer.getByRole('application').locator('canvas').waitFor();
      await customer.getByRole('group', { name: 'Bars of' }).getByRole('button', { name: 'All meters' }).waitFor();
      await expectText(customer.getByRole('main')).not.toMatch(/Stack by|Only Acme/);
      await customer.goto('/records');
      await customer.getByRole('table').waitFor();
      await customer.getByLabel('Meter').waitFor();
      await expect.poll(() => customer.getByLabel('Customer').count()).toBe(0);
      await customer.goto('/invoices');
      await customer.getByRole('table').first().getByRole('row', { name: 'Acme AI GmbH' }).waitFor();
      await expectText(customer.getByRole('main')).not.toMatch(/Helio|helio|Run a month|draft/);
    });

    test('follows an amount down to the line of the file, of which it sees what is its own', async () => {
      await customer.goto(`/invoices/${on.acme}?line=1&day=2026-10-14&hour=${Date.UTC(2026, 9, 14, 11)}`);
      await customer.getByText('events sum to').waitFor();
      await customer.getByRole('button', { name: /^13:25:07/ }).click();
      const lines = customer.getByRole('group', { name: 'Lines of acme-2026-10.csv' });
      await lines.waitFor();
      await expectText(lines).toContain('31552');
      await expectText(lines).not.toContain('24810');
    });

    test('reaches nothing of another customer, by no page and by no address', async () => {
      for (const path of [
        '/customers?open=helio',
        '/pipeline',
        '/imports',
        '/plans/pro',
        '/settings',
        '/settings/keys',
        '/settings/audit',
      ]) {
        await customer.goto(path);
        await customer.getByText('There is no such page.').waitFor();
      }
      await customer.goto(`/invoices/${on.helio}`);
      await customer.getByText(`There is no invoice ${on.helio}.`).waitFor();
      await customer.goto(`/records?customer=helio`);
      await customer.getByText('The records could not be loaded.').waitFor();
      await customer.goto(`/records?record=${encodeURIComponent(helioRecord)}`);
      await customer.getByText('The line of the file could not be loaded.').waitFor();
      const addresses = [
        ...['', '.pdf', '.csv', '/lines/1/days', '/lines/1/explanation', '/links'].map((rest) => `/v1/invoices/${on.helio}${rest}`),
        '/v1/usage?customer=helio&from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z&grain=day',
        '/v1/records.csv?customer=helio',
        `/v1/records/${encodeURIComponent(helioRecord)}/source`,
        '/v1/customers/helio',
        '/v1/customers',
        '/v1/imports',
        '/v1/audit.csv',
        '/v1/users',
        '/v1/invoices/export.csv?shape=invoices',
      ];
      for (const address of addresses) expect([address, (await customer.request.get(address)).status()]).toEqual([address, 404]);
      expect(await (await customer.request.get('/v1/invoices')).text()).not.toMatch(/helio/i);
      await customer.context().close();
    });
  });

  test('a key is shown once, works, and ends when it is revoked', async () => {
    await page.goto('/settings/keys');
    const form = page.getByRole('form', { name: 'A new key' });
    await form.getByLabel('Name, for instance of the program').fill('night export');
    await form.getByLabel('Role').selectOption('analyst');
    await form.getByRole('button', { name: 'Make the key' }).click();
    const key = await form.getByLabel('Key night export').inputValue();
    const call = () => fetch(`${on.tallyline.url}/v1/invoices`, { headers: { authorization: `Bearer ${key}` } });
    expect((await call()).status).toBe(200);
    await page.reload();
    const row = page.getByRole('row', { name: 'night export' });
    await row.getByText('works until it is revoked').waitFor();
    await expectText(page.getByRole('main')).not.toContain(key);
    await row.getByRole('button', { name: 'Revoke night export' }).click();
    await row.getByRole('button', { name: 'Revoke for good night export' }).click();
    await row.getByText(/^revoked .* by admin$/).waitFor();
    expect((await call()).status).toBe(401);
  });

  test('an invoice is shared by a link, which shows it alone until it is taken back', async () => {
    await page.goto(`/invoices/${on.acme}?do=share`);
    await page.getByRole('button', { name: 'Make a link' }).click();
    const url = new URL(await page.getByLabel(/^Link to invoice/).inputValue());
    const reader = await window();
    await reader.goto(url.pathname + url.hash);
    await reader.getByRole('article').waitFor();
    await expectText(reader.getByRole('article')).toContain('Acme AI GmbH');
    const [saved] = await Promise.all([reader.waitForEvent('download'), reader.getByRole('button', { name: 'PDF' }).click()]);
    expect(saved.suggestedFilename()).toMatch(/\.pdf$/);
    const headers = { authorization: `Bearer ${url.hash.slice(1)}` };
    expect((await reader.request.get(`/v1/invoices/${on.helio}`, { headers })).status()).toBe(404);
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.getByText(/taken back .* by admin/).waitFor();
    await reader.reload();
    await reader.getByRole('heading', { name: 'This link does not show an invoice.' }).waitFor();
    await reader.context().close();
  });

  test('the audit log has all of it, and is filtered', async () => {
    await page.goto('/settings/audit');
    const rows = page.getByRole('table').getByRole('row');
    for (const what of ['user invited', 'key revoked', 'link revoked', 'invoice finalized'])
      await rows.filter({ hasText: what }).first().waitFor();
    await page.getByLabel('What', { exact: true }).fill('key.revoked');
    await page.keyboard.press('Enter');
    await eventually('only that is listed', async () => (await rows.count()) === 2);
    await rows.nth(1).getByText('Details').click();
    await expectText(rows.nth(1)).toContain('night export');
  });
});
