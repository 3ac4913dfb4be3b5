/** The dashboard in a real browser against the real program. Each test goes on where the one before has left the data. */
import { readFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { dropFile, expectText, loadSampleData, openWindow, signIn, textOf } from '../support/dashboard.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

/** Enough that an import is seen under way. */
const ROWS = 100_000;
const BAD_LINE = 'acme;2023-11-17 08:00:00;x;eu';
const CALLS_FILE = [
  'Customer;Timestamp;calls;region',
  'acme;2023-11-17 05:00:00;2;eu',
  BAD_LINE,
  ...Array.from({ length: ROWS - 2 }, (_, n) => `c${n % 40};2023-11-17 ${String(n % 24).padStart(2, '0')}:00:00;${n};eu`),
  '',
].join('\n');

describe.skipIf(!chromiumAvailable)('the dashboard', () => {
  let tallyline: Tallyline;
  let browser: Browser;
  let page: Page;

  useDashboard({ signedIn: false }, (opened) => {
    ({ tallyline, browser, page } = opened);
  });

  const heading = (name: string, level: number) => page.getByRole('heading', { name, level, exact: true });
  const drawer = (name: string | RegExp) => page.getByRole('complementary', { name });

  describe('signing in', () => {
    test('a page without a session leads to sign-in, which says where the link is', async () => {
      await page.goto('/usage');
      await page.waitForURL('**/sign-in?to=%2Fusage');
      await heading('Sign in to Tallyline.', 1).waitFor();
      await page.getByText('the terminal that runs Tallyline shows a link').waitFor();
    });

    test('the printed link signs in, and stays signed in', async () => {
      await signIn(page, tallyline);
      await page.reload();
      await heading('Imports', 1).waitFor();
    });

    test('the link works once; a second use says so', async () => {
      const other = await openWindow(browser, tallyline);
      await other.goto(tallyline.signInUrl);
      await other.getByRole('heading', { name: 'This sign-in link does not work.' }).waitFor();
      await expectText(other.getByRole('alert')).toMatch(/used|once/);
      await other.goto('/imports');
      await other.waitForURL('**/sign-in?to=%2Fimports');
      await other.context().close();
    });
  });

  describe('importing', () => {
    test('without data the page offers the sample data, whose three imports complete', async () => {
      await page.goto('/usage');
      await page.getByText('No usage has come in yet.').waitFor();
      await loadSampleData(page);
      const files = ['azure_llm_inference_code.csv', 'azure_vm_noise_fio.csv', 'focus_sample.csv'];
      for (const name of files) await expect.poll(() => page.getByRole('row', { name }).getByText('complete').count()).toBe(1);
    });

    test('a file dropped on the page shows its dialect, and its columns with reasons', async () => {
      await dropFile(page, 'calls.csv', CALLS_FILE);
      await page.getByLabel('split by').waitFor();
      await expect.poll(() => chosen(page.getByLabel('split by'))).toBe('semicolon');
      await expect.poll(() => chosen(page.getByLabel('Encoding'))).toBe('UTF-8');
      await expectText(page.getByRole('columnheader', { name: 'Customer' })).toBe('customer Customer "Customer" names the customer');
      await expectText(page.getByRole('columnheader', { name: 'Timestamp' })).toBe('time Timestamp "Timestamp" names the time');
      await expectText(page.getByRole('columnheader', { name: 'calls' })).toContain('not used');
      await page.getByText('calls is left out.').waitFor();
      await page.getByText('The times carry no zone. Choose the zone of the times.').waitFor();
      await expect.poll(() => page.getByRole('button', { name: 'Import calls.csv' }).isDisabled()).toBe(true);
    });

    test('the mapping is mended in the form, and a row at fault is told in words', async () => {
      await page.getByLabel('Zone of the times').selectOption('UTC');
      const left = page.getByRole('listitem').filter({ hasText: 'calls is left out.' });
      await left.getByRole('button', { name: 'Make it a meter' }).click();
      await page.getByText('Line 3: calls: "x": not a plain number; if it is written in another style').waitFor();
      await page.getByRole('listitem').filter({ hasText: 'region is left out.' }).getByRole('button', { name: 'Keep as property' }).click();
      await page.getByText('is left out.').waitFor({ state: 'detached' });
      await expectText(page.getByRole('columnheader', { name: 'calls' })).toMatch(/^calls calls/);
      await expect.poll(() => page.getByRole('rowheader', { name: '"x": not a plain number' }).count()).toBe(1);
    });

    test('a mapping is kept as a profile', async () => {
      await page.getByLabel('Keep this mapping for the next file of this kind').fill('calls of a day');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText('Saved as calls of a day.').waitFor();
      const saved = await tallyline.json('/v1/profiles/calls%20of%20a%20day');
      expect(saved).toMatchObject({ mapping: { customer: 'Customer', time: 'Timestamp', timeZone: 'UTC', properties: ['region'] } });
    });

    test('the import is followed live, to a sum that adds up', async () => {
      const progress = page.getByRole('region', { name: 'Progress of calls.csv' });
      const counted = progress.getByText(/[1-9][\d,]* (rows|of 99,999 events)/).first();
      const seen = counted.waitFor();
      await page.getByRole('button', { name: 'Import calls.csv' }).click();
      await seen;
      await expect.poll(() => outcomes(page)).toBe('99,999 new + 0 already known + 1 rejected = 100,000 lines read adds up');
      await page.getByText('Complete', { exact: true }).waitFor();
    });

    test('rejected lines are grouped by their error, and downloaded as they were', async () => {
      const group = page.getByRole('listitem').filter({ hasText: 'invalid_number' });
      await expectText(group.getByRole('heading')).toBe('1The quantity is not a number');
      await expectText(group).toContain('line 3');
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'rejected.csv' }).click()]);
      const lines = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
      expect(lines).toHaveLength(2);
      expect(lines[0]).toBe('Customer;Timestamp;calls;region;error_line;error_column;error_code;error_message');
      expect(lines[1]?.startsWith(`${BAD_LINE};3;calls;invalid_number;`)).toBe(true);
    });

    test('the same file again, read by its profile, brings nothing new', async () => {
      await dropFile(page, 'calls-again.csv', CALLS_FILE);
      await page.getByRole('button', { name: 'Use it: Saved mapping calls of a day' }).click();
      await expect.poll(() => chosen(page.getByLabel('Saved mapping'))).toBe('calls of a day');
      await page.getByRole('button', { name: 'Import calls-again.csv' }).click();
      await expect.poll(() => outcomes(page)).toBe('0 new + 99,999 already known + 1 rejected = 100,000 lines read adds up');
      await page.getByText('The 99,999 already known lines are in calls.csv too, same content; nothing is billed twice.').waitFor();
    });
  });

  describe('usage', () => {
    test('the headline is exact, and the table below adds up to it', async () => {
      await page.goto('/usage?range=all&meter=context_tokens');
      const meter = page.getByRole('radio', { name: 'context_tokens' });
      await meter.waitFor();
      await expect.poll(() => meter.getAttribute('aria-checked')).toBe('true');
      await expectText(meter).toMatch(/^context_tokens 18,059,974 /);
      const total = page.getByRole('row', { name: 'One customer' });
      await expectText(total).toMatch(/^One customer 18,059,974 adds up 100.0 % .*8,819$/);
    });

    test('the buckets of the table sum to the headline, by hour and by day', async () => {
      await page.goto('/usage?from=2023-09-01T00:00:00Z&to=2023-09-04T00:00:00Z&meter=vm_seconds&grain=hour&view=table');
      const table = page.getByRole('region', { name: 'Usage as a table' }).getByRole('table');
      await table.waitFor();
      const headline = (await textOf(page.getByRole('radio', { name: 'vm_seconds' }))).split(' ')[1] ?? '';
      const hours = await bucketTotals(table);
      await page.getByRole('group', { name: 'Per' }).getByRole('button', { name: 'Day' }).click();
      await table.getByRole('columnheader', { name: 'Day' }).waitFor();
      const days = await bucketTotals(table);
      expect(days).toHaveLength(3);
      expect(hours.length).toBeGreaterThan(days.length);
      for (const totals of [hours, days]) expect(totals.reduce(addDecimals)).toBe(headline.replaceAll(',', ''));
    });

    test('a record opens the line of its file, with the cell marked', async () => {
      await page.goto('/records?customer=acme-ai&meter=context_tokens');
      await page.getByRole('row').nth(1).getByRole('button').click();
      const panel = drawer(/^azure_llm_inference_code\.csv, line [\d,]+$/);
      const line = panel.getByRole('group', { name: 'Lines of azure_llm_inference_code.csv' });
      const cell = await textOf(line.locator('mark'));
      const record = page.getByRole('row', { name: 'context_tokens' }).first();
      expect((await textOf(record)).replaceAll(',', '')).toContain(` ${cell} `);
      await expectText(panel).toContain(`${cell} in column 2`);
      await panel.getByText('adds up').waitFor();
      await expectText(line).toContain('TIMESTAMP,ContextTokens,GeneratedTokens');
    });
  });

  describe('invoices', () => {
    test('an invoice shows rounded and exact amounts, and its totals add up', async () => {
      await page.goto('/invoices/preview?customer=acme-ai&period=2023-11');
      const line = page.getByRole('region', { name: 'context_tokens' });
      await line.waitFor();
      await expectText(line).toContain('context_tokens 18,059,974 tokens 7.22');
      await expectText(line).toContain('exact 7.2239896');
      await page.getByText('Lines, subtotal and tax against the total').waitFor();
      await expectText(page.getByRole('article')).toMatch(/Total USD 7\.40 .*adds up$/);
    });

    test('an amount is traced to the line of a file, and every level adds up', async () => {
      await page.getByRole('button', { name: 'context_tokens', exact: true }).click();
      const panel = drawer('Where $7.22 comes from');
      const level = (at: number) => panel.locator('ol').getByRole('listitem').nth(at);
      const verified = async (locator: Locator, sentence: string | RegExp) => {
        await locator.getByText(sentence).waitFor();
        await expect.poll(() => locator.getByText('adds up').count()).toBe(1);
        await expect.poll(() => locator.getByText('differs').count()).toBe(0);
      };
      await verified(level(0), '30 days sum to 18,059,974 and $7.22');
      await panel
        .getByRole('group', { name: 'Days' })
        .getByRole('button', { name: /^16 Nov/ })
        .click();
      await verified(level(1), '24 hours sum to 18,059,974 and $7.22');
      await panel.getByRole('group', { name: 'Hours' }).getByRole('button', { name: /18:00/ }).click();
      await verified(level(2), /^[\d,]+ events sum to [\d,]+$/);
      await level(2).getByRole('table').getByRole('button').first().click();
      await panel.getByText('4808 in column 2 = 4,808 in the event').waitFor();
      await expect.poll(() => panel.getByText('adds up').count()).toBe(4);
      await expectText(panel.locator('mark')).toBe('4808');
      await expectText(panel.getByRole('navigation', { name: 'Trace' })).toMatch(/azure_llm_inference_code\.csv, line 2$/);
    });

    test('the trace has an address: opened anew, it stands at the same line', async () => {
      await page.reload();
      const panel = drawer('Where $7.22 comes from');
      await panel.getByText('4808 in column 2 = 4,808 in the event').waitFor();
      await page.keyboard.press('Escape');
      await panel.waitFor({ state: 'detached' });
    });

    test('a plan with a wrong tier is refused at the very field, and saved once it is mended, with a word on its meter', async () => {
      await page.goto('/plans');
      await page.getByRole('link', { name: 'New plan' }).click();
      await page.getByLabel('Name').fill('Calls by volume');
      const price = page.getByRole('group', { name: 'Price 1' });
      await price.getByLabel('Meter').fill('context_token');
      await price.getByLabel('Model').selectOption('graduated');
      while ((await price.getByLabel(/^Tier \d+ up to$/).count()) < 2) await price.getByRole('button', { name: 'Add a tier' }).click();
      await price.getByLabel('Tier 1 up to').fill('1000');
      await price.getByLabel('Tier 2 up to').fill('500');
      for (const tier of [1, 2, 3]) await price.getByLabel(`Tier ${tier} price per unit`).fill(`0.0${4 - tier}`);
      await page.getByRole('button', { name: 'Save the plan' }).click();
      const refused = price.getByRole('row').filter({ has: page.getByLabel('Tier 2 up to') });
      await refused.getByRole('alert').waitFor();
      await expect.poll(() => price.getByRole('alert').count()).toBe(1);
      await price.getByLabel('Tier 2 up to').fill('5000');
      await page.getByRole('button', { name: 'Save the plan' }).click();
      await page.waitForURL('**/plans/calls-by-volume');
      await expect.poll(() => page.getByRole('alert').count()).toBe(0);
      await page.getByText(/^Price 1: there is no usage of meter "context_token" yet.* near it is "context_tokens"/).waitFor();
      await price.getByLabel('Meter').fill('context_tokens');
      await page.getByRole('button', { name: 'Save the plan' }).click();
      await page.getByText('Saved.', { exact: true }).waitFor();
      const plan = await tallyline.json('/v1/plans/calls-by-volume');
      expect(plan).toMatchObject({
        prices: [{ meter: 'context_tokens', model: 'graduated', tiers: [{ upTo: '1000' }, { upTo: '5000' }, { upTo: null }] }],
      });
    });
  });
});

/** The words of the option that is chosen. */
async function chosen(select: Locator): Promise<string> {
  return await textOf(select.locator('option:checked'));
}

/** The sum of an import's lines by outcome, once it stands there. */
async function outcomes(page: Page): Promise<string> {
  return await textOf(page.getByRole('group', { name: 'Lines of the file by outcome' }));
}

/** The totals of all rows of a table of buckets, as decimals. */
async function bucketTotals(table: Locator): Promise<string[]> {
  const rows = await table.getByRole('row').all();
  const totals = rows.slice(1).map(async (row) => {
    const cells = row.getByRole('cell');
    return (await textOf(cells.nth((await cells.count()) - 2))).replaceAll(',', '').replace('\u2212', '-');
  });
  return await Promise.all(totals);
}
