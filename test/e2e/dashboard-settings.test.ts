/** What surrounds invoices, in a real browser: the settings, the list on a phone, and without a server. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { makeDrafts } from '../support/billing-runs.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText, loadSampleData, textOf } from '../support/dashboard.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

describe.skipIf(!chromiumAvailable)('around invoices', () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({}, async (opened) => {
    ({ tallyline, page } = opened);
    await loadSampleData(page);
    await makeDrafts(tallyline, '2023-11');
  });

  const panel = () => page.getByRole('region', { name: 'Run a month' });
  const row = (customer: string) => page.getByRole('table').first().getByRole('row', { name: customer });
  const field = (name: string | RegExp) => page.getByRole('textbox', { name });

  describe('the list', () => {
    test('without a server the figures stay, and say that they are old', async () => {
      await page.goto('/invoices?month=2023-11');
      await row('Acme AI').waitFor();
      await page.route('**/v1/invoices*', (route) => route.abort());
      await page.getByRole('button', { name: 'final', exact: true }).click();
      await page.getByText('What stands below is what was known before.').waitFor();
      await expect.poll(() => row('Acme AI').count()).toBe(1);
      await page.unroute('**/v1/invoices*');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('What stands below is what was known before.').waitFor({ state: 'detached' });
    });

    test.each([360, 390])('on a phone of %d px the list is one of lines, and nothing is wider than the screen', async (width) => {
      await page.setViewportSize({ width, height: 800 });
      await page.goto('/invoices?run=2023-11');
      await row('Acme AI').waitFor();
      await panel().getByText('used something').waitFor();
      await expect.poll(() => row('Acme AI').getByRole('cell').count()).toBeLessThanOrEqual(3);
      await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await page.goto('/settings');
      await field('Address, line by line').waitFor();
      await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await page.setViewportSize({ width: 1440, height: 900 });
    });
  });

  describe('settings', () => {
    test('are changed, with what they do said beside them', async () => {
      await page.goto('/settings');
      await field('Name').fill('Tally AG');
      await field('Address, line by line').fill('Hauptstraße 1\n10115 Berlin');
      await field(/^Invoices/).fill('T{year}/{number:3}');
      await page.getByText(/^The first is T\d{4}\/001\. Each year counts from 1\.$/).waitFor();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved. Drafts follow at once, final invoices stay as they are.').waitFor();
      await expect
        .poll(() => tallyline.json('/v1/settings'))
        .toMatchObject({
          seller: { name: 'Tally AG', address: ['Hauptstraße 1', '10115 Berlin'] },
          numbering: { invoice: 'T{year}/{number:3}' },
        });
    });

    test('what cannot be is refused at its field, and nothing is lost', async () => {
      await field(/^Invoices/).fill('T{year}');
      await field('Name').fill('Tally SE');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('a pattern has {number} once, or documents would share their numbers').waitFor();
      await expect.poll(() => field('Name').inputValue()).toBe('Tally SE');
      await expect.poll(() => tallyline.json('/v1/settings')).toMatchObject({ seller: { name: 'Tally AG' } });
      await page.getByRole('button', { name: 'Take the changes back' }).click();
      await expect.poll(() => field('Name').inputValue()).toBe('Tally AG');
    });

    test('colours hold in this browser; the stores are named', async () => {
      await page.getByRole('group', { name: 'Colours' }).getByRole('button', { name: 'dark' }).click();
      await expect.poll(() => page.locator('html').getAttribute('data-theme')).toBe('dark');
      await page.getByRole('group', { name: 'Colours' }).getByRole('button', { name: 'as the system' }).click();
      await expectText(page.getByRole('region', { name: 'This Tallyline' })).toContain('ClickHouse answers');
    });

    test('what runs here is named, and no secret', async () => {
      const section = page.getByRole('region', { name: 'This Tallyline' });
      await section.getByText('Running since').waitFor();
      const words = await textOf(section);
      expect(words).toMatch(
        /Version \d+\.\d+\.\d+ Mode embedded: one process with its own stores Roles ingest \(takes files in\), .*dashboard/,
      );
      expect(words).toContain(`Data directory ${tallyline.dataDirectory} Running since `);
      expect(words).not.toContain(tallyline.key);
    });
  });
});
