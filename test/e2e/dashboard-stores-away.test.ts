/** The pipeline page while a store is away: which one, since when, what still holds, and that all of it mends itself once it is back. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumAvailable, launchChromium } from '../support/chromium.ts';
import { brokerIsOurs, startCluster, type Cluster } from '../support/cluster.ts';
import { expectText, openWindow, signIn, textOf } from '../support/dashboard.ts';
import { importFile } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';

const USAGE = 'id,customer,time,meter,quantity\na,acme,2026-03-10T00:10:00Z,tokens,5\nb,helio,2026-03-10T01:10:00Z,tokens,7\n';
/** A store is asked every few seconds; a connection that hangs is given up after some more. The live link waits up to a minute. */
const NOTICED_MS = 90_000;
const TRUSTED = /^The numbers can be trusted: all usage received up to \d\d:\d\d:\d\d adds up in both stores\.$/;

describe.skipIf(!chromiumAvailable || !brokerIsOurs)('the pipeline page without one of its stores', () => {
  let cluster: Cluster;
  let tallyline: Tallyline;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startCluster({ partitions: 2 }), launchChromium()]);
    tallyline = await cluster.start('ingest,consumers,api,dashboard');
    await importFile(tallyline, USAGE, { name: 'usage.csv' });
    page = await openWindow(browser, tallyline);
    page.setDefaultTimeout(NOTICED_MS);
    await signIn(page, tallyline);
    await page.goto('/pipeline');
    await verdict().getByText(TRUSTED).waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await cluster.close();
  });

  const verdict = () => page.getByRole('region', { name: 'Whether everything adds up' });
  const store = (name: string) =>
    page.getByRole('region', { name: 'Stores and consumers' }).getByRole('listitem').filter({ hasText: name }).first();

  test('ClickHouse: files are still taken in, what was checked before holds, and it comes back by itself', async () => {
    await cluster.clickhouse.kill();
    await verdict()
      .getByText(/^Only what was checked up to \d\d:\d\d:\d\d can be trusted: ClickHouse has not answered since \d\d:\d\d:\d\d\.$/)
      .waitFor();
    await expectText(verdict()).toContain('Files are still taken in; usage, invoices and comparisons wait until it is back.');
    await store('ClickHouse')
      .getByText(/^does not answer since \d\d:\d\d:\d\d$/)
      .waitFor();
    await expectText(store('Postgres')).toMatch(/Postgres .*answers since/);
    // As it says: a file is taken in meanwhile.
    const { id } = await importFile(tallyline, USAGE.replaceAll('\na,', '\nc,'), { name: 'meanwhile.csv', wait: false });
    expect(id).toMatch(/^\d+$/);
    await page.goto('/usage?from=2026-03-10T00:00:00Z&to=2026-03-11T00:00:00Z');
    await page.getByRole('alert').getByText('The usage of this range could not be loaded.').waitFor();
    await page.goto('/pipeline');
    await verdict().getByText('ClickHouse has not answered since').waitFor();
    await cluster.clickhouse.start();
    await verdict().getByText(TRUSTED).waitFor();
    await store('ClickHouse')
      .getByText(/^answers since/)
      .waitFor();
    await page.getByRole('group', { name: 'Events of all complete imports by outcome' }).getByText('adds up').waitFor();
  });

  test('Postgres: nothing can be shown or billed, what stood there is from before, and the link and the figures come back by themselves', async () => {
    await cluster.postgres.kill();
    await verdict()
      .getByText(/^Only what was checked up to \d\d:\d\d:\d\d can be trusted: Postgres has not answered since \d\d:\d\d:\d\d\.$/)
      .waitFor();
    await expectText(verdict()).toContain(
      'Nothing can be shown, imported or billed until it is back; nothing that was acknowledged is lost.',
    );
    await store('Postgres')
      .getByText(/^does not answer since \d\d:\d\d:\d\d$/)
      .waitFor();
    await page.getByText('What stands below is from before.').first().waitFor();
    await page
      .locator('main .live')
      .getByText(/^not live since \d\d:\d\d:\d\d · data up to /)
      .waitFor();
    const since = /has not answered since (\S+)\./.exec(await textOf(verdict()))?.[1];
    await page
      .locator('main .live')
      .getByText(/^trying again in \d+ s$/)
      .waitFor();
    // It was away at that moment, however often it is asked since.
    expect(/has not answered since (\S+)\./.exec(await textOf(verdict()))?.[1]).toBe(since);
    // Who comes now is told as much, though not even who is signed in can be asked.
    await page.reload();
    await verdict()
      .getByText(/^No number can be trusted until it is back: Postgres has not answered since \d\d:\d\d:\d\d\.$/)
      .waitFor();
    await page.goto('/customers');
    await page.getByRole('alert').getByText('The customers could not be loaded.').waitFor();
    await page.goto('/pipeline');
    await verdict().getByText('Postgres has not answered since').waitFor();
    await cluster.postgres.restart();
    await page.locator('main .live').getByText('live · data up to').waitFor();
    await verdict().getByText(TRUSTED).waitFor();
    await store('Postgres')
      .getByText(/^answers since/)
      .waitFor();
    await page.getByText('What stands below is from before.').first().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Rebuild ClickHouse' }).waitFor();
  });
});
