/**
 * The policy of the pages in a real browser: none of them breaks it, and a script that gets into one does not run. That none gets in is the
 * business of html-as-text.test.ts.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumAvailable, launchChromium } from '../support/chromium.ts';
import { loadSampleData, openWindow, signIn } from '../support/dashboard.ts';
import { SAMPLE_PAGES } from '../support/dashboard-pages.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

describe.skipIf(!chromiumAvailable)('in a browser', () => {
  let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
  let tallyline: Tallyline;
  let browser: Browser;
  let page: Page;
  const violations: string[] = [];

  beforeAll(async () => {
    directory = await makeDataDirectory();
    [tallyline, browser] = await Promise.all([startTallyline({ dataDirectory: directory.path }), launchChromium()]);
    page = await openWindow(browser, tallyline);
    await page.context().exposeFunction('noteViolation', (text: string) => violations.push(text));
    await page.context().addInitScript(
      `document.addEventListener('securitypolicyviolation', (event) => {
         noteViolation(location.pathname + ': ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber);
       })`,
    );
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) violations.push(`${page.url()}: ${message.text()}`);
    });
    await signIn(page, tallyline);
    await loadSampleData(page);
  });
  afterAll(async () => {
    await browser.close();
    await tallyline.stop();
    await directory.remove();
  });

  test.each(SAMPLE_PAGES)('$name keeps to its policy', async ({ path, whole }) => {
    violations.length = 0;
    await page.goto(path);
    await whole(page).first().waitFor();
    expect(violations).toEqual([]);
  });

  test('a page says of itself what the server says of it, but for what a page cannot', async () => {
    const response = await fetch(tallyline.url, { headers: { accept: 'text/html' } });
    const [, own = ''] = /http-equiv="content-security-policy" content="([^"]*)"/.exec(await response.text()) ?? [];
    const directives = (policy: string) =>
      policy
        .split(';')
        .map((directive) => directive.trim())
        .sort();
    const fromServer = directives(response.headers.get('content-security-policy') ?? '');
    expect(directives(own)).toEqual(fromServer.filter((directive) => !directive.startsWith('frame-ancestors')));
    expect(fromServer).toContain("frame-ancestors 'none'");
  });

  test('the sign-in page and the API reference keep to theirs', async () => {
    violations.length = 0;
    await page.goto('/docs/');
    await page.locator('.opblock').first().waitFor();
    const stranger = await openWindow(browser, tallyline);
    stranger.on('console', (message) => {
      if (/content security policy/i.test(message.text())) violations.push(message.text());
    });
    await stranger.goto('/');
    await stranger.getByRole('heading').first().waitFor();
    await stranger.context().close();
    expect(violations).toEqual([]);
  });

  test('a script that gets into a page does not run, by whichever way', async () => {
    await page.goto('/customers');
    await page.getByRole('table').waitFor();
    violations.length = 0;
    // Each as an attacker would have it who can put HTML into the page.
    for (const html of [
      '<img src="/no-such-image" onerror="window.taken = 1">',
      '<iframe srcdoc="<script>parent.taken = 1</script>"></iframe>',
      '<a id="injected" href="javascript:void(window.taken = 1)">here</a>',
      '<form id="elsewhere" action="https://other.example/"><input name="a" /></form>',
      '<base href="https://other.example/">',
      '<iframe src="https://other.example/"></iframe>',
      '<object data="/tally.svg"></object>',
    ])
      await page.evaluate(`document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(html)})`);
    await page.evaluate(`document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.taken = 1' }))`);
    await page.evaluate(`document.body.append(Object.assign(document.createElement('script'), { src: 'https://other.example/a.js' }))`);
    await page.evaluate(`document.getElementById('injected').click()`);
    await page.evaluate(`fetch('https://other.example/').catch(() => undefined)`);
    await page.evaluate(`document.getElementById('elsewhere').submit()`);
    const refused = ['script-src-attr', 'script-src-elem', 'frame-src', 'form-action', 'base-uri', 'object-src', 'connect-src'];
    await expect
      .poll(() => refused.filter((directive) => !violations.some((text) => text.includes(directive))), { timeout: 30_000 })
      .toEqual([]);
    expect(await page.evaluate('window.taken')).toBeUndefined();
    expect(new URL(page.url()).origin).toBe(new URL(tallyline.url).origin);
    expect(await page.evaluate('document.baseURI')).toContain(tallyline.url);
  });
});
