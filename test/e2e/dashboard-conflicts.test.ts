/** Two lines that say different things about one event: a person sees both and decides. Each test goes on where the one before has left the data. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Conflict } from '../../schemas/http/conflicts.ts';
import type { Mapping } from '../../schemas/http/imports.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText, textOf } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

const mapping: Mapping = {
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { const: 'calls' }, quantity: 'quantity' }],
  properties: ['region'],
};
const HEADER = 'id,customer,time,quantity,region\n';
const line = (id: string, quantity: string, region = 'eu') => `${id},acme,2026-10-01T05:00:00Z,${quantity},${region}\n`;

describe.skipIf(!chromiumAvailable)('conflicts', () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({}, async (opened) => {
    ({ tallyline, page } = opened);
    await importFile(tallyline, HEADER + line('a', '1000.5') + line('b', '20') + line('c', '300'), { name: 'first.csv', mapping });
    await importFile(tallyline, HEADER + line('a', '1200') + line('b', '20', 'us') + line('c', '400'), { name: 'other.csv', mapping });
  });

  const card = (event: string) => page.getByRole('article', { name: `acme, event ${event}:calls` });
  const cells = async (event: string, label: string) => await textOf(card(event).getByRole('row').filter({ hasText: label }));

  test('are counted on the page of the imports, and listed with both versions side by side', async () => {
    await page.goto('/imports');
    await page.getByRole('link', { name: '3 conflicts to decide' }).click();
    await page.waitForURL('**/imports/conflicts');
    await card('a').waitFor();
    await expect.poll(() => page.getByRole('article').count()).toBe(3);
    await expect.poll(() => cells('a', 'Quantity')).toBe('Quantity 1,000.5 1,200');
    await expect.poll(() => cells('b', 'region')).toBe('region eu us');
  });

  test('mark what differs, and nothing else', async () => {
    const marked = async (event: string) => {
      const rows = card(event)
        .getByRole('row')
        .filter({ has: page.getByRole('img', { name: 'differs' }) });
      return await Promise.all((await rows.all()).map(async (row) => await textOf(row.getByRole('rowheader'))));
    };
    await expect.poll(() => marked('a')).toEqual(['Quantity']);
    await expect.poll(() => marked('b')).toEqual(['region']);
  });

  test('lead to the line of each file', async () => {
    await card('a').getByRole('link', { name: 'other.csv, line 2' }).click();
    const panel = page.getByRole('complementary', { name: 'other.csv, line 2' });
    await expectText(panel.locator('mark')).toBe('1200');
    await page.goBack();
    await card('a').getByRole('link', { name: 'first.csv, line 2' }).click();
    await expectText(page.getByRole('complementary', { name: 'first.csv, line 2' }).locator('mark')).toBe('1000.5');
    await page.goBack();
  });

  test('decided for this one: it is carried out, and billed instead', async () => {
    await card('a').getByRole('button', { name: 'Keep this' }).click();
    await card('a').getByText('this is kept').waitFor();
    await expect.poll(() => card('a').getByRole('button').count()).toBe(0);
    await eventually('usage says so', async () => (await usageTotals(tallyline))['calls'] === '1520');
  });

  test('decided for the first: nothing changes but the list', async () => {
    await card('b').getByRole('button', { name: 'Keep the first' }).click();
    await card('b').getByText('the first is kept').waitFor();
    await expect.poll(() => usageTotals(tallyline)).toEqual({ calls: '1520' });
    await page.reload();
    await card('c').waitFor();
    await expect.poll(() => page.getByRole('article').count()).toBe(1);
  });

  test('what was decided says by whom', async () => {
    await page.getByRole('link', { name: 'Decided' }).click();
    await page.waitForURL('**/imports/conflicts?status=resolved');
    await card('b').waitFor();
    await expectText(card('b')).toMatch(/the first is kept decided by admin, .* UTC/);
  });

  test('a decision that somebody else has made meanwhile stands, and is told in the words of the server', async () => {
    await page.goto('/imports/conflicts');
    await card('c').waitFor();
    const { items } = await tallyline.json<{ items: Conflict[] }>('/v1/conflicts?status=open');
    const decision = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ keep: 'first' }) };
    await tallyline.json(`/v1/conflicts/${items[0]?.id}/resolve`, decision);
    await card('c').getByRole('button', { name: 'Keep this' }).click();
    await card('c')
      .getByText(/was resolved with keep "first" by admin key/)
      .waitFor();
    await expectText(card('c').getByRole('alert')).toMatch(/^Nothing was decided\. .* conflict$/);
  });

  test('when none is left, the page says so', async () => {
    await page.reload();
    await page.getByText('No conflict is waiting for a decision.').waitFor();
    await page.goto('/imports');
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await page.getByRole('row', { name: 'other.csv' }).waitFor();
    await expect.poll(() => page.getByRole('link', { name: /conflicts? to decide$/ }).count()).toBe(0);
  });
});
