/** Whether everything adds up, as a person sees it on every page, and what is done about it when it does not. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Reconciliation } from '../../schemas/http/reconciliation.ts';
import { encodeUsageEvent } from '../../schemas/usage-event.ts';
import { chromiumAvailable, launchChromium } from '../support/chromium.ts';
import { loadSampleData, openWindow, signIn, textOf } from '../support/dashboard.ts';
import { connectEmbedded } from '../support/embedded-postgres.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';
import { usageEvent } from '../support/usage-event.ts';

describe.skipIf(!chromiumAvailable)('the state of the pipeline', () => {
  let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
  let tallyline: Tallyline;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    directory = await makeDataDirectory();
    [tallyline, browser] = await Promise.all([startTallyline({ dataDirectory: directory.path }), launchChromium()]);
    page = await openWindow(browser, tallyline);
    await signIn(page, tallyline);
    await loadSampleData(page);
  });
  afterAll(async () => {
    await browser.close();
    await tallyline.stop();
    await directory.remove();
  });

  const foot = () => page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name: /UTC|,|answer/ });
  const verdict = () => page.getByRole('region', { name: 'Whether everything adds up' });
  async function sql(text: string, values: unknown[] = []): Promise<void> {
    const client = await connectEmbedded(directory.path);
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
    expect(await textOf(foot())).toMatch(/^Everything adds up Checked \d\d:\d\d:\d\d UTC$/);
    await foot().click();
    await page.waitForURL('**/pipeline');
    await verdict().getByText('Everything adds up: both stores hold the same').waitFor();
    const { rows } = await tallyline.json<Reconciliation>('/v1/reconciliation');
    const figure = rows.published.toLocaleString('en');
    const balance = page.getByRole('group', { name: 'Events of all complete imports by outcome' });
    expect(await textOf(balance)).toBe(`${figure} accepted + 0 already known = ${figure} published adds up`);
  });

  test('an hour that differs is red on every page, and listed with what each store holds', async () => {
    await sql(
      `DELETE FROM usage_records WHERE (epoch, partition, "offset", idx) IN
         (SELECT epoch, partition, "offset", idx FROM usage_records WHERE meter = 'context_tokens' ORDER BY time LIMIT 3)`,
    );
    await verdict().getByRole('button', { name: 'Compare again' }).click();
    await verdict().getByText('Every hour adds up, except one: Acme AI, 16 Nov 2023 18:00–19:00.').waitFor();
    await verdict().getByText('Postgres lacks 3 events that ClickHouse has.').waitFor();
    const { cells } = await tallyline.json<Reconciliation>('/v1/reconciliation?state=differs');
    expect(cells).toHaveLength(1);
    const [cell] = cells;
    const row = await textOf(page.getByRole('region', { name: 'Hours that differ, 1' }).getByRole('row').nth(1));
    expect(row.replaceAll(',', '')).toContain(`${cell?.postgres} ${cell?.clickhouse} `);
    await page.getByRole('link', { name: '16 Nov 2023 18:00–19:00' }).click();
    await page.waitForURL('**/records?customer=acme-ai&meter=context_tokens&from=2023-11-16T18%3A00%3A00Z&to=2023-11-16T19%3A00%3A00.000Z');
    await foot().getByText('One hour differs').waitFor();
    expect(await textOf(foot())).toBe('One hour differs Acme AI, 16 Nov 2023 18:00');
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

  test('a rebuild of ClickHouse is asked for, followed, and everything adds up again', async () => {
    await page.getByRole('button', { name: 'Rebuild ClickHouse' }).click();
    await page.getByText(/^Rebuilt .* UTC from [\d,]+ events in Postgres\.$/).waitFor();
    await verdict().getByText('Everything adds up: both stores hold the same').waitFor();
    await foot().getByText('Everything adds up').waitFor();
    expect(await page.getByRole('region', { name: /^Hours that differ/ }).count()).toBe(0);
  });

  test('while the server cannot be reached, nothing is claimed of the present', async () => {
    await page.context().setOffline(true);
    await foot().getByText('Everything added up').waitFor();
    expect(await textOf(foot())).toMatch(/^Everything added up As of \d\d:\d\d:\d\d UTC, trying again$/);
    await page.getByText('What stands below is from before.').waitFor();
    await page.context().setOffline(false);
    await foot().getByText('Everything adds up').waitFor();
    await page.getByText('What stands below is from before.').waitFor({ state: 'detached' });
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
      expect(await textOf(unreadable)).toMatch(/partition 1, offset 17, .* UTC invalid_json/);
      await unreadable.getByText('The message, 10 bytes').click();
      await unreadable.getByText('half an ev', { exact: true }).waitFor();
    });

    test('one that still cannot be read is refused in words, and stays', async () => {
      const unreadable = letter('the message is not JSON');
      await unreadable.getByRole('button', { name: 'Replay' }).click();
      expect(await textOf(unreadable.getByRole('alert'))).toContain('The message still cannot be read: the message is not JSON');
      expect(await unreadable.getByRole('button', { name: 'Replay' }).isEnabled()).toBe(true);
    });

    test('one that can be read by now is replayed, and its outcome followed', async () => {
      const readable = letter('version 1 is not known here');
      await readable.getByRole('button', { name: 'Replay' }).click();
      await readable.getByText('accepted', { exact: true }).waitFor();
      expect(await readable.getByRole('button').count()).toBe(0);
    });
  });
});
