/** The Usage page of one customer alone: every figure on it, its table and its file are that customer's. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText } from '../support/dashboard.ts';
import { importFile } from '../support/imports.ts';
import { useDashboard } from '../support/use-dashboard.ts';

const DAYS = 'from=2026-03-10T00:00:00.000Z&to=2026-03-12T00:00:00.000Z';
const USAGE = [
  'id,customer,time,meter,quantity',
  'p1,acme,2026-03-09T05:00:00Z,tokens,4',
  'a1,acme,2026-03-10T05:00:00Z,tokens,10.5',
  'a2,acme,2026-03-11T06:00:00Z,tokens,2',
  'a3,acme,2026-03-11T06:10:00Z,storage,7',
  'h1,helio,2026-03-10T05:00:00Z,tokens,100',
  'o1,other,2026-01-10T05:00:00Z,tokens,1',
  '',
].join('\n');

describe.skipIf(!chromiumAvailable)('usage of one customer', () => {
  let page: Page;

  useDashboard({}, async (opened) => {
    const { tallyline } = opened;
    ({ page } = opened);
    await importFile(tallyline, USAGE, { name: 'usage.csv' });
    await tallyline.json('/v1/customers/acme', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Acme AI' }),
    });
  });

  const radio = (meter: string) => page.getByRole('radio', { name: meter });
  const meterRow = (name: RegExp | string) => page.getByRole('table').getByRole('row', { name });
  const chip = () => page.getByRole('button', { name: 'Only Acme AI' });
  const address = () => new URL(page.url()).searchParams;

  test('is asked for in the table of shares, and narrows the figures, the chart and what is below it', async () => {
    await page.goto(`/usage?${DAYS}&meter=tokens`);
    await expectText(radio('tokens')).toMatch(/^tokens 112\.5 /);
    await page.getByRole('row', { name: 'Acme AI' }).getByRole('button', { name: 'Only Acme AI' }).click();
    await chip().and(page.locator('.chip')).waitFor();
    expect(address().get('customer')).toBe('acme');
    await page.getByRole('radio', { name: /^tokens 12\.5 / }).waitFor();
    await expectText(radio('tokens')).toBe('tokens 12.5 212.5 % above the 48 h before');
    await expectText(radio('Events')).toMatch(/^Events 3 /);
    await expectText(page.getByText('in this range; the busiest')).toMatch(/^Acme AI used 12\.5 tokens in this range; .* with 10\.5\.$/);
    await expectText(meterRow('tokens')).toBe('tokens 12.5 212.5 % above the 48 h before 2');
    await expectText(meterRow('storage')).toMatch(/^storage 7 .* 1$/);
    await expectText(meterRow('All events')).toBe('All events adds up 3');
    await expect
      .poll(() => meterRow('storage').getByRole('link').getAttribute('href'))
      .toMatch(/^\/records\?customer=acme&meter=storage&from=2026-03-10/);
  });

  test('a bar opens the records of that customer', async () => {
    await page.getByRole('application', { name: /^Bars per/ }).press('ArrowRight');
    await page.getByRole('application').getByRole('status').waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/records?customer=acme&meter=tokens&from=2026-03-10T00**');
    await page.goBack();
    await chip().and(page.locator('.chip')).waitFor();
  });

  test('by meter, and as a table, it is still that customer alone', async () => {
    await page.getByRole('group', { name: 'Bars of' }).getByRole('button', { name: 'All meters' }).click();
    await page.getByRole('listitem').filter({ hasText: 'storage' }).first().waitFor();
    await expectText(page.getByRole('listitem').filter({ hasText: 'tokens' }).first()).toMatch(/^tokens 12\.5 /);
    await page.goto(`/usage?${DAYS}&meter=tokens&customer=acme&grain=day&view=table`);
    const table = page.getByRole('region', { name: 'Usage as a table' });
    await expectText(table.getByRole('row').nth(0)).toBe('Day Acme AI Events');
    await expectText(table.getByRole('row').nth(1)).toBe('Tue 10 Mar 2026 10.5 1');
    await expectText(table.getByRole('row').nth(2)).toBe('Wed 11 Mar 2026 2 1');
  });

  test('the CSV is what is shown', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    expect(download.suggestedFilename()).toBe('usage-Acme_AI-tokens-2026-03-10-day.csv');
    expect((await readFile(await download.path(), 'utf8')).split('\r\n')).toEqual([
      'start,end,Acme AI tokens,events',
      '2026-03-10T00:00:00.000Z,2026-03-11T00:00:00.000Z,10.5,1',
      '2026-03-11T00:00:00.000Z,2026-03-12T00:00:00.000Z,2,1',
      '',
    ]);
  });

  test('a range without usage of it says so, and the filter is taken away by its chip', async () => {
    await page.goto(`/usage?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&customer=acme`);
    await page.getByText(/^No usage of Acme AI from /).waitFor();
    await chip().click();
    await page.getByRole('radio', { name: /^tokens 1 / }).waitFor();
    expect(address().get('customer')).toBeNull();
  });

  test("is where a customer's own page leads", async () => {
    await page.goto('/customers?open=acme');
    await page.getByRole('navigation', { name: 'Of this customer' }).getByRole('link', { name: 'Usage' }).click();
    await chip().and(page.locator('.chip')).waitFor();
    await page.getByRole('radio', { name: /^tokens 16\.5 / }).waitFor();
  });
});
