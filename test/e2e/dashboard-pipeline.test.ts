/** Whether everything adds up, as a person sees it on every page, and what is done about it when it does not. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Pipeline } from '../../schemas/http/operations.ts';
import type { Reconciliation, ReconciliationGrid } from '../../schemas/http/reconciliation.ts';
import { encodeUsageEvent } from '../../schemas/usage-event.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText, loadSampleData } from '../support/dashboard.ts';
import { connectEmbedded } from '../support/embedded-postgres.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { usageEvent } from '../support/usage-event.ts';
import { useDashboard } from '../support/use-dashboard.ts';

const TRUSTED = /^The numbers can be trusted: all usage received up to \d\d:\d\d:\d\d adds up in both stores\.$/;
/** The customer and hour that this test damages. */
const DAMAGED = 'Acme AI, 16 Nov 2023 18:00\u201319:00';

describe.skipIf(!chromiumAvailable)('the state of the pipeline', () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({}, async (opened) => {
    ({ tallyline, page } = opened);
    await loadSampleData(page);
    await sql('CREATE TABLE usage_records_kept (LIKE usage_records)');
  });

  const foot = () => page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name: /UTC|,|answer/ });
  const verdict = () => page.getByRole('region', { name: 'Whether everything adds up' });
  const storesBalance = () => page.getByRole('group', { name: 'Events of the time shown in both stores' });
  const cellAt = (place: string) => page.getByRole('grid').getByRole('button', { name: place });
  async function sql(text: string, values: unknown[] = []): Promise<void> {
    const client = await connectEmbedded(tallyline.dataDirectory);
    try {
      await client.query(text, values);
    } finally {
      await client.end();
    }
  }

  test('everything adds up: the navigation says so on every page, and leads to the reasons', async () => {
    for (const path of ['/usage', '/customers']) {
      await page.goto(path);
      await foot().getByText('Everything adds up').waitFor();
    }
    await expectText(foot()).toMatch(/^Everything adds up Checked \d\d:\d\d:\d\d UTC$/);
    await foot().click();
    await page.waitForURL('**/pipeline');
    await verdict().getByText(TRUSTED).waitFor();
    const { rows } = await tallyline.json<Reconciliation>('/v1/reconciliation');
    const figure = rows.published.toLocaleString('en');
    const balance = page.getByRole('group', { name: 'Events of all complete imports by outcome' });
    await expectText(balance).toBe(`${figure} published = ${figure} accepted + 0 already known adds up`);
  });

  test('the grid shows the hours of each customer, and both stores the same number of events', async () => {
    // Nothing happened today: it shows the last day of the data.
    const { from, to } = { from: '2023-11-16T12:00:00Z', to: '2023-11-17T00:00:00Z' };
    await page.goto(`/pipeline?from=${from}&to=${to}`);
    await page.getByRole('grid', { name: 'Reconciliation, customer by hour' }).waitFor();
    const shown = await tallyline.json<ReconciliationGrid>(`/v1/reconciliation/grid?from=${from}&to=${to}`);
    for (const { cells } of shown.rows) expect(cells.every((state) => state === 'agrees' || state === 'none')).toBe(true);
    await expect.poll(() => page.getByRole('gridcell').count()).toBe(shown.rows.length * 12);
    await cellAt(DAMAGED)
      .and(page.getByRole('button', { name: /: agrees$/ }))
      .waitFor();
    const events = shown.events.postgres.toLocaleString('en');
    await expectText(storesBalance()).toBe(`${events} in Postgres = ${events} in ClickHouse agrees`);
  });

  test('the arrow keys walk through the grid, Enter opens a cell', async () => {
    await cellAt('Acme AI, 16 Nov 2023 23:00\u201300:00').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Acme AI, 16 Nov 2023 13:00\u201314:00' }).getByText('Neither store has usage').waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get('hour')).toBe('2023-11-16T13:00:00.000Z');
    await expect.poll(() => page.getByRole('grid').locator('button[tabindex="0"]').count()).toBe(1);
  });

  test('an hour that differs is red on every page, and in the grid at its customer, with what each store holds', async () => {
    await sql(
      `WITH taken AS (DELETE FROM usage_records WHERE (epoch, partition, "offset", idx) IN
         (SELECT epoch, partition, "offset", idx FROM usage_records WHERE meter = 'context_tokens' ORDER BY time LIMIT 3) RETURNING *)
       INSERT INTO usage_records_kept SELECT * FROM taken`,
    );
    await page.goto('/pipeline');
    await verdict().getByRole('button', { name: 'Compare again' }).click();
    await verdict()
      .getByText(/^Everything was compared again, in /)
      .waitFor();
    await verdict()
      .getByText(/^All usage received up to .* can be trusted, except one hour: Acme AI, 16 Nov 2023 18:00–19:00\.$/)
      .waitFor();
    await verdict().getByText('Postgres lacks 3 events that ClickHouse has.').waitFor();
    const { cells } = await tallyline.json<Reconciliation>('/v1/reconciliation?state=differs');
    expect(cells).toHaveLength(1);
    await cellAt(DAMAGED)
      .and(page.getByRole('button', { name: /: differs$/ }))
      .waitFor();
    await expect.poll(() => page.getByRole('button', { name: /: differs$/ }).count()).toBe(1);
    await storesBalance().getByText('3 missing').waitFor();

    const detail = page.getByRole('region', { name: DAMAGED });
    await detail.getByText('differs by 3 events').waitFor();
    const table = detail.getByRole('table', { name: 'context_tokens in both stores' });
    await table.getByText(/^partition \d/).waitFor();
    const [cell] = cells;
    const count = (n = 0) => `${n.toLocaleString('en')} events`;
    const quantity = (text = '') => BigInt(text).toLocaleString('en');
    await expectText(table.getByRole('row').nth(0)).toBe(`Postgres ${count(cell?.events.postgres)} ${quantity(cell?.postgres)}`);
    await expectText(table.getByRole('row').nth(1)).toBe(`ClickHouse ${count(cell?.events.clickhouse)} ${quantity(cell?.clickhouse)}`);
    const missing = (BigInt(cell?.clickhouse ?? 0) - BigInt(cell?.postgres ?? 0)).toString();
    await expectText(table.getByRole('row').nth(2)).toMatch(new RegExp(`^Missing 3 events ${quantity(missing)} partition \\d, offset`));
    await detail.getByRole('link', { name: /^Open its [\d,]+ records$/ }).click();
    await page.waitForURL('**/records?customer=acme-ai&meter=context_tokens&from=2023-11-16T18%3A00%3A00Z&to=2023-11-16T19%3A00%3A00.000Z');
    await foot().getByText('One hour differs').waitFor();
    await expectText(foot()).toBe('One hour differs Acme AI, 16 Nov 2023 18:00');
  });

  test('an hour outside of the time that is shown is listed, and leads there', async () => {
    await page.goto('/pipeline?range=24h');
    await page.getByText(/^Neither store has usage from/).waitFor();
    await page.getByRole('region', { name: 'Hours that differ, 1' }).getByRole('link').click();
    await page.getByRole('region', { name: DAMAGED }).getByText('differs by 3 events').waitFor();
  });

  test('a phone shows it too', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto('/usage');
    const more = page.getByRole('button', { name: 'One hour differs More' });
    await more.click();
    await page.getByRole('link', { name: /^One hour differs/ }).click();
    await page.waitForURL('**/pipeline');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('once it is mended, comparing again is green, and so is the cell', async () => {
    await page.goto('/pipeline?from=2023-11-16T12:00:00Z&to=2023-11-17T00:00:00Z&customer=acme-ai&hour=2023-11-16T18:00:00Z');
    await cellAt(DAMAGED)
      .and(page.getByRole('button', { name: /: differs$/ }))
      .waitFor();
    await sql('INSERT INTO usage_records SELECT * FROM usage_records_kept');
    await verdict().getByRole('button', { name: 'Compare again' }).click();
    await verdict().getByText(TRUSTED).waitFor();
    await cellAt(DAMAGED)
      .and(page.getByRole('button', { name: /: agrees$/ }))
      .waitFor();
    await storesBalance().getByText('agrees').waitFor();
    await page.getByRole('region', { name: DAMAGED }).getByText('the same in both stores').first().waitFor();
  });

  test('a rebuild of ClickHouse is asked for, followed, and everything still adds up', async () => {
    await page.getByRole('button', { name: 'Rebuild ClickHouse' }).click();
    const rebuild = page.getByRole('region', { name: 'Rebuild of ClickHouse' });
    await rebuild.getByText('events in Postgres.').waitFor();
    await expectText(rebuild.getByRole('status')).toMatch(/^Rebuilt \d+ \w+ [\d:]+ UTC from [\d,]+ events in Postgres\.$/);
    await verdict().getByText(TRUSTED).waitFor();
    await foot().getByText('Everything adds up').waitFor();
  });

  test('lag, watermark and rates are shown as the API has them', async () => {
    const { partitions } = await tallyline.json<Pipeline>('/v1/pipeline');
    const table = page.getByRole('region', { name: 'Lag and watermark by partition' }).getByRole('table');
    const end = partitions.reduce((sum, { endOffset }) => sum + endOffset, 0).toLocaleString('en');
    await expectText(table.getByRole('row').last()).toMatch(new RegExp(`^All ${end} 0 0 \\d\\d:\\d\\d:\\d\\d$`));
    const rates = page.getByRole('region', { name: 'Rates, last 15 minutes' });
    for (const name of ['Published', 'Records to Postgres', 'Rollups to ClickHouse'])
      await rates.getByRole('row', { name }).getByText('rows/s').waitFor();
  });

  test('a store that is away is named, with what follows, until it is back', async () => {
    const stores = page.getByRole('region', { name: 'Stores and consumers' });
    await stores
      .getByRole('listitem')
      .filter({ hasText: 'File store' })
      .getByText(/^answers since/)
      .waitFor();
    const files = join(tallyline.dataDirectory, 'files');
    await rename(files, `${files}.away`);
    await stores
      .getByRole('listitem')
      .filter({ hasText: 'File store' })
      .getByText(/^does not answer since/)
      .waitFor();
    await verdict().getByText('The file store does not answer. The numbers are not touched by that').waitFor();
    await rename(`${files}.away`, files);
    await stores
      .getByRole('listitem')
      .filter({ hasText: 'File store' })
      .getByText(/^answers since/)
      .waitFor();
    await verdict().getByText('The file store does not answer.').waitFor({ state: 'detached' });
  });

  test('while the server cannot be reached, nothing is claimed of the present', async () => {
    await page.context().setOffline(true);
    await foot().getByText('Everything added up').waitFor();
    await expectText(foot()).toMatch(/^Everything added up As of \d\d:\d\d:\d\d UTC, trying again$/);
    await page.getByText('What stands below is from before.').first().waitFor();
    await verdict()
      .getByText(/^The server does not answer\. Everything added up at .* what is true now is not known\.$/)
      .waitFor();
    await page.context().setOffline(false);
    await foot().getByText('Everything adds up').waitFor();
    await verdict().getByText(TRUSTED).waitFor();
    await page.getByText('What stands below is from before.').first().waitFor({ state: 'detached' });
  });

  describe('dead letters', () => {
    const letter = (message: string) => page.getByRole('listitem').filter({ hasText: message });

    test('are listed with their place and what they say', async () => {
      const stored = `INSERT INTO dead_letters (epoch, partition, "offset", idx, code, message, payload) VALUES (99, $1, $2, 0, $3, $4, $5)`;
      const readable = encodeUsageEvent(usageEvent({ customer: 'late', importId: '900' }));
      await sql(stored, [0, 12_041, 'unknown_version', 'version 1 is not known here', readable]);
      await sql(stored, [1, 17, 'invalid_json', 'the message is not JSON', 'half an ev']);
      await page.reload();
      await page.getByRole('region', { name: 'Dead letters, 2' }).waitFor();
      const unreadable = letter('the message is not JSON');
      await expectText(unreadable).toMatch(/partition 1, offset 17, .* UTC invalid_json/);
      await unreadable.getByText('The message, 10 bytes').click();
      await unreadable.getByText('half an ev', { exact: true }).waitFor();
    });

    test('one that still cannot be read is refused in words, and stays', async () => {
      const unreadable = letter('the message is not JSON');
      await unreadable.getByRole('button', { name: 'Replay' }).click();
      await unreadable.getByRole('alert').waitFor();
      await expectText(unreadable.getByRole('alert')).toContain('The message still cannot be read: the message is not JSON');
      await expect.poll(() => unreadable.getByRole('button', { name: 'Replay' }).isEnabled()).toBe(true);
    });

    test('all are replayed at once: one that can be read by now is followed to its outcome, the other is refused by itself', async () => {
      const readable = letter('version 1 is not known here');
      await page.getByRole('button', { name: 'Replay all 2' }).click();
      await page.getByText('1 message was put back into the log; 1 was refused, with the reason below.').waitFor();
      await readable.getByText('accepted', { exact: true }).waitFor();
      await expect.poll(() => readable.getByRole('button').count()).toBe(0);
    });
  });
});
