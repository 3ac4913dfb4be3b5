/** A file that does not say all by itself, in a real browser: suggestions, questions, forms of times and numbers, and the dry run. */
import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Profile } from '../../schemas/http/imports.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { dropFile, expectText } from '../support/dashboard.ts';
import { usageTotals } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

/** Dates of either order, a column of the time of day, German numbers, and a line that is no usage. */
const GERMAN = [
  'Customer;Date;Clock;Quantity;Meter;State',
  'acme;03/04/2026;05:00:00;1.234,5;calls;answered',
  'acme;04/04/2026;06:00:00;2,25;calls;answered',
  'delta;05/04/2026;07:00:00;3.000,25;calls;failed',
  'delta;06/04/2026;08:00:00;10;calls;answered',
  '',
].join('\n');
const QUOTES = 'customer,time,quantity,note\nacme,2026-04-03T05:00:00Z,1,5" pipe\nacme,2026-04-03T06:00:00Z,2,6" pipe\n';
const RAGGED = [
  'customer,time,quantity,meter,note',
  ...['05', '06', '07'].map((hour) => `acme,2026-04-03T${hour}:00:00Z,1,pad,x`),
  'acme,2026-04-03T08:00:00Z,2,pad',
  '',
].join('\n');

describe.skipIf(!chromiumAvailable)('a file with open questions', () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({ reducedMotion: 'reduce' }, async (opened) => {
    ({ tallyline, page } = opened);
    const put = (path: string, body: object) =>
      tallyline.json(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const prices = [{ meter: 'calls', model: 'per_unit', unitPrice: '0.10' }];
    await put('/v1/plans/calls', { name: 'Calls', currency: 'EUR', prices });
    await put('/v1/customers/acme', { currency: 'EUR', timeZone: 'UTC', plan: 'calls' });
  });

  const suggestions = () => page.getByRole('region', { name: 'Suggestions' });
  const importButton = (name: string) => page.getByRole('button', { name: `Import ${name}` });
  const ready = (name: string) => page.getByRole('button', { name: `Import ${name}`, disabled: false }).waitFor();
  const report = () => page.getByRole('region', { name: /^This file would/ });
  const control = (name: string) => page.locator(`[data-control="${name}"]`);
  /** Which question the focused control answers. */
  const focused = () =>
    page.evaluate(
      () =>
        (globalThis as unknown as { document: { activeElement: { dataset: { control?: string } } } }).document.activeElement.dataset
          .control,
    );

  test('suggestions are shown with their reason, and nothing of them applies by itself', async () => {
    await page.goto('/imports');
    await dropFile(page, 'german.csv', GERMAN);
    const numbers = suggestions().getByRole('listitem').filter({ hasText: 'Numbers are written 1.234,5' });
    await numbers.waitFor();
    await expectText(numbers).toContain('"1.234,5" is 1234.5');
    await expectText(suggestions()).toContain('the cells do not say which of several forms it is');
    await expect.poll(() => control('numbers').inputValue()).toBe('.||');
    await expect.poll(() => page.getByLabel('Form of the times').inputValue()).toBe('');
    await expect.poll(() => importButton('german.csv').isDisabled()).toBe(true);
  });

  test('a click applies one, and its card goes', async () => {
    await page.getByRole('button', { name: 'Use it: Numbers are written 1.234,5' }).click();
    await suggestions().getByText('Numbers are written 1.234,5').waitFor({ state: 'detached' });
    await expect.poll(() => control('numbers').inputValue()).toBe(',|.|');
    await page.getByLabel('Time of day').selectOption('Clock');
    await suggestions().getByText('Times are written 31/10/2026 17:05:09').waitFor();
    await page.getByRole('button', { name: 'Use it: Times are written 31/10/2026 17:05:09' }).click();
    await page.getByText('Reads times such as 31/10/2026 17:05:09').waitFor();
    await page.getByRole('button', { name: 'Use it: Times are in UTC' }).click();
    await expect.poll(() => page.getByLabel('Zone of the times').inputValue()).toBe('UTC');
    await ready('german.csv');
  });

  test('only some lines count, chosen among those that were seen', async () => {
    await page.getByRole('button', { name: 'Count only some lines' }).click();
    await page.getByText('Choose the column that says which lines count.').waitFor();
    await page.getByLabel('Column that says whether a line counts').selectOption('State');
    await page.getByRole('button', { name: 'Count answered' }).click();
    await page.getByText('not_selected').first().waitFor();
    await ready('german.csv');
  });

  test('all of it is kept as a profile, with a template to start from', async () => {
    await page.getByLabel('Keep this mapping for the next file of this kind').fill('german');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved as german.').waitFor();
    await expect
      .poll(() => tallyline.json<Profile>('/v1/profiles/german'))
      .toMatchObject({
        mapping: {
          customer: 'Customer',
          time: ['Date', 'Clock'],
          timeFormat: 'dd/MM/yyyy HH:mm:ss',
          timeZone: 'UTC',
          decimal: ',',
          thousands: '.',
          only: [{ column: 'State', in: ['answered'] }],
        },
      });
    const template = page.getByRole('link', { name: 'Its template CSV' });
    const [download] = await Promise.all([page.waitForEvent('download'), template.click()]);
    expect(await readFile(await download.path(), 'utf8')).toContain('Customer');
  });

  test('a dry run says what would come of it, down to the money, and stores nothing', async () => {
    await page.getByRole('button', { name: 'Dry run' }).click();
    await report().waitFor();
    await expectText(report().getByRole('heading', { level: 2 })).toBe(
      'This file would bill 3 lines of 2 customers, 2 of them new: +€123.68.',
    );
    await expectText(report().getByRole('row', { name: /^acme/ })).toBe('acme new €0.00 €123.68 +€123.68');
    await expectText(report().getByRole('row', { name: /^calls/ })).toBe('calls 3 events 1,246.75');
    await expectText(report()).toContain('It reaches 3 hours');
    await expectText(report().getByRole('group', { name: 'Lines of the file by outcome' })).toContain('1 rejected');
    expect((await tallyline.json<{ items: unknown[] }>('/v1/imports')).items).toEqual([]);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id)).toEqual([]);
    }
  });

  test('a change of the mapping takes its result away, and the import comes to what it said', async () => {
    await page.getByRole('button', { name: 'Count failed' }).click();
    await report().waitFor({ state: 'detached' });
    await ready('german.csv');
    await importButton('german.csv').click();
    const outcomes = page.getByRole('group', { name: 'Lines of the file by outcome' });
    await expectText(outcomes).toBe('4 new + 0 already known + 0 rejected = 4 lines read adds up');
    await expect.poll(() => usageTotals(tallyline)).toEqual({ calls: '4247' });
  });

  test('a dry run names known lines, and events that another file has already', async () => {
    const other =
      'customer,time,quantity,meter,note\nacme,2026-04-03T05:00:00Z,1234.5,calls,twice\nnova,2026-04-03T05:00:00Z,1,calls,once\n';
    await dropFile(page, 'other.csv', other);
    await ready('other.csv');
    await page.getByRole('button', { name: 'Dry run' }).click();
    await report().waitFor();
    await expectText(report()).toContain('1 event equals one of another file in customer, meter, time and quantity. Both would be billed.');
    await expectText(report().getByRole('region', { name: 'Suspected doubles' }).getByRole('row').nth(1)).toBe(
      '2 acme calls 2026-04-03 05:00:00 1,234.5 german.csv, line 2',
    );
    await dropFile(page, 'again.csv', GERMAN);
    await page.getByRole('button', { name: 'Use it: Saved mapping german' }).click();
    await ready('again.csv');
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByText('3 lines are in german.csv already, with the same content: not billed twice.').waitFor();
  });

  test('a question about how the text is read leads to its control, and is answered by a click', async () => {
    await dropFile(page, 'quotes.csv', QUOTES);
    await page.getByText('undetected_quote').waitFor();
    await page.getByRole('button', { name: 'Set the quote' }).click();
    await expect.poll(() => focused()).toBe('dialect/quote');
    await page.getByRole('button', { name: 'quote none' }).click();
    await page.getByRole('columnheader', { name: 'note' }).waitFor();
    await expect.poll(() => control('dialect/quote').inputValue()).toBe('none');
    await page.getByRole('button', { name: 'Find out again: quote' }).click();
    await page.getByText('undetected_quote').waitFor();
  });

  test('a row at fault leads to what would read it, folded away as it is', async () => {
    await dropFile(page, 'ragged.csv', RAGGED);
    await page.getByText('too_few_cells').waitFor();
    await expect.poll(() => page.getByLabel('short rows are').count()).toBe(0);
    await page.getByRole('button', { name: 'Set what short rows become' }).click();
    await expect.poll(() => focused()).toBe('dialect/shortRows');
    await page.getByLabel('short rows are').selectOption('pad');
    await page.getByText('too_few_cells').waitFor({ state: 'detached' });
    for (const label of ['lines before it', 'comments begin with', 'rows end in', 'quotes within', 'lines end in'])
      await expect.poll(() => page.getByLabel(label).count()).toBe(1);
  });

  test('what the mapping lacks leads to its place in the form', async () => {
    await dropFile(page, 'open.csv', 'customer,time,calls\nacme,2026-04-03 05:00:00,2\n');
    await page.getByRole('button', { name: 'Set the zone' }).click();
    await expect.poll(() => focused()).toBe('timeZone');
    await page.getByRole('button', { name: 'Use it: Times are in UTC' }).click();
    await expect.poll(() => page.getByLabel('Zone of the times').inputValue()).toBe('UTC');
    await page.getByLabel('Form of the times').fill('dd/MM/yy');
    await page.getByLabel('Form of the times').press('Tab');
    await page.getByText('It has letters that are not read.').waitFor();
    await page.getByRole('button', { name: 'Set the form of times' }).first().click();
    await expect.poll(() => focused()).toBe('timeFormat');
  });

  test('several files are looked at one after another, the next ones as the first was read if somebody says so', async () => {
    const calls = (customer: string) => `account;when;n\n${customer};2026-04-03 05:00:00;1,5\n${customer};2026-04-03 06:00:00;2,5\n`;
    const files = ['one', 'two', 'three'].map((name) => ({ name: `${name}.csv`, mimeType: 'text/csv', buffer: Buffer.from(calls(name)) }));
    await page.goto('/imports');
    await page.getByLabel('CSV files to import').first().setInputFiles(files);
    const drop = page.getByRole('region', { name: 'Files of this drop' });
    await drop.getByText('2 more files wait: two.csv, three.csv').waitFor();
    await page.getByRole('combobox', { name: 'Customer', exact: true }).selectOption('column account');
    await page.getByRole('combobox', { name: 'Time', exact: true }).selectOption('column when');
    await page.getByLabel('Zone of the times').selectOption('UTC');
    await page.getByRole('combobox', { name: 'Quantity' }).selectOption('column n');
    await page.getByLabel('Meter: always the same meter').fill('queued');
    await page.getByRole('button', { name: /^Use it: Numbers are written/ }).click();
    await ready('one.csv');
    await importButton('one.csv').click();
    await page.getByRole('heading', { name: 'two.csv', level: 1 }).waitFor();
    await drop.getByRole('link', { name: 'one.csv' }).waitFor();
    await page.getByRole('button', { name: 'Use it: Read as one.csv was' }).click();
    await ready('two.csv');
    await importButton('two.csv').click();
    await page.getByRole('heading', { name: 'three.csv', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Use it: Read as two.csv was' }).click();
    await ready('three.csv');
    await importButton('three.csv').click();
    await page.waitForURL('**/imports');
    for (const { name } of files) await page.getByRole('row', { name }).getByText('complete').waitFor();
    await expect.poll(() => usageTotals(tallyline, { meter: 'queued' })).toEqual({ queued: '12' });
  });

  test('the history is searched by a part of the name and by the status, which the URL keeps', async () => {
    await page.goto('/imports');
    await page.getByLabel('File name').fill('TWO');
    await page.getByLabel('File name').press('Enter');
    await page.waitForURL('**/imports?name=TWO');
    await page.getByRole('row', { name: 'one.csv' }).waitFor({ state: 'detached' });
    await expect.poll(() => page.getByRole('table').getByRole('row').count()).toBe(2);
    await page.getByLabel('Status').selectOption('failed');
    await page.getByText('No import is like this.').waitFor();
    await page.reload();
    expect([await page.getByLabel('File name').inputValue(), await page.getByLabel('Status').inputValue()]).toEqual(['TWO', 'failed']);
    await page.getByRole('link', { name: 'All, from the newest' }).click();
    await page.getByRole('row', { name: 'one.csv' }).waitFor();
  });
});
