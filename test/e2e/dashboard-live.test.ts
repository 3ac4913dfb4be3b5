/** The live link when the program goes away under an open page: since when, what is done about it, and that nothing old is taken for new. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumAvailable, launchChromium } from '../support/chromium.ts';
import { expectText, openWindow, signIn, textOf } from '../support/dashboard.ts';
import { importFile } from '../support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const fileOf = (id: string, quantity: number) => `id,customer,time,meter,quantity\n${id},acme,2026-03-10T00:10:00Z,tokens,${quantity}\n`;
const RANGE = '/usage?from=2026-03-10T00:00:00Z&to=2026-03-11T00:00:00Z&meter=tokens';

describe.skipIf(!chromiumAvailable)('the live link', () => {
  let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
  let tallyline: Tallyline;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    directory = await makeDataDirectory();
    [tallyline, browser] = await Promise.all([startTallyline({ dataDirectory: directory.path }), launchChromium()]);
    await importFile(tallyline, fileOf('a', 5), { name: 'first.csv' });
    page = await openWindow(browser, tallyline);
    await signIn(page, tallyline);
  });
  afterAll(async () => {
    await browser.close();
    await tallyline.stop();
    await directory.remove();
  });

  const indicator = () => page.locator('main .live');
  const total = () => page.getByRole('row', { name: 'One customer' });

  test('says since when it is away and when it is tried again, which can be now; figures say up to when they hold', async () => {
    await page.goto(RANGE);
    await indicator().getByText('live · data up to').waitFor();
    await total().waitFor();
    await tallyline.kill();
    await indicator()
      .getByText(/^not live since \d\d:\d\d:\d\d · data up to \d\d:\d\d:\d\d$/)
      .waitFor();
    const since = /since (\S+)/.exec(await textOf(indicator()))?.[1] ?? '';
    await page.getByText(/^as of \d\d:\d\d:\d\d$/).waitFor();
    await expectText(total()).toMatch(/^One customer 5 /);

    // It counts down, fails, and waits longer; the moment when it was lost stays the same.
    const tries: string[] = [];
    page.on('request', (request) => void (request.url().endsWith('/v1/live') && tries.push(request.url())));
    await indicator()
      .getByText(/^trying again in [4-9] s$/)
      .waitFor();
    const before = tries.length;
    await indicator().getByRole('button', { name: 'try now' }).click();
    await expect.poll(() => tries.length).toBe(before + 1);
    await indicator()
      .getByText(/^trying again in \d+ s$/)
      .waitFor();
    await expectText(indicator()).toContain(`not live since ${since} `);
  });

  test('comes back by itself, and so do the figures that changed meanwhile', async () => {
    const { port } = new URL(tallyline.url);
    tallyline = await startTallyline({ dataDirectory: directory.path, args: ['--port', port] });
    await importFile(tallyline, fileOf('b', 7), { name: 'second.csv' });
    await indicator().getByText('live · data up to').waitFor({ timeout: 70_000 });
    await page.getByRole('row', { name: /^One customer 12 / }).waitFor();
    await expect.poll(() => page.getByText(/^as of \d\d:\d\d:\d\d$/).count()).toBe(0);
  });
});
