/** JavaScript has a budget: what a page cannot start without, after gzip, and what it loads until it is whole. Over it, the largest files are named. */
import { basename } from 'node:path';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chartLibrary, describeFiles, gzippedBytes, scriptsOfRoutes, totalOf, type LoadedFile } from '../support/bundle.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { loadSampleData, openWindow } from '../support/dashboard.ts';
import { SAMPLE_PAGES } from '../support/dashboard-pages.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

const FIRST_LOAD_BYTES_MAX = 80 * 1024;
/** With what comes once there is something to look at: panels that the address asks for. Charts have a library, in a file of its own. */
const WHOLE_BYTES_MAX = 90 * 1024;
const CHART_LIBRARY_BYTES_MAX = 25 * 1024;

describe('what each route cannot start without', () => {
  test.each([...scriptsOfRoutes()])('%s', (route, files) => {
    expect(files.length).toBeGreaterThan(0);
    expect.soft(totalOf(files), `${route} needs ${describeFiles(files)}`).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX);
  });

  test('the library of the charts is none of it', () => {
    const library = chartLibrary();
    expect(library.bytes).toBeLessThanOrEqual(CHART_LIBRARY_BYTES_MAX);
    for (const [, files] of scriptsOfRoutes()) expect(files.map(({ file }) => file)).not.toContain(library.file);
  });
});

describe.skipIf(!chromiumAvailable)('what a browser loads until the page is whole', () => {
  let tallyline: Tallyline;
  let browser: Browser;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;

  useDashboard({}, async (opened) => {
    ({ tallyline, browser } = opened);
    await loadSampleData(opened.page);
    session = await opened.page.context().storageState();
    await opened.page.context().close();
  });

  test.each(SAMPLE_PAGES)('$name', async ({ path, whole }) => {
    const page = await openWindow(browser, tallyline, { storageState: session });
    const loading = collectScripts(page);
    await page.goto(path);
    await whole(page).first().waitFor();
    const library = basename(chartLibrary().file);
    const files = (await Promise.all(loading)).filter(({ file }) => file !== library);
    await page.context().close();
    expect(files.length).toBeGreaterThan(0);
    expect(totalOf(files), `${path} has loaded ${describeFiles(files)}`).toBeLessThanOrEqual(WHOLE_BYTES_MAX);
  });

  test('scripts come packed', async () => {
    const page = await openWindow(browser, tallyline, { storageState: session });
    const answers: Response[] = [];
    page.on('response', (response) => void answers.push(response));
    await page.goto('/imports');
    await page.getByRole('heading', { name: 'History' }).waitFor();
    const scripts = answers.filter((answer) => answer.request().resourceType() === 'script');
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect((await script.allHeaders())['content-encoding'], script.url()).toMatch(/^(br|gzip)$/);
    await page.context().close();
  });
});

/** Grows while the page loads. */
function collectScripts(page: Page): Promise<LoadedFile>[] {
  const files: Promise<LoadedFile>[] = [];
  page.on('response', (response) => {
    if (response.request().resourceType() !== 'script') return;
    const file = response.body().then((body) => ({ file: response.url().split('/').at(-1) ?? '', bytes: gzippedBytes(body) }));
    // One that comes once the page is whole may still be on its way when the window closes, and nobody waits for it.
    file.catch(() => undefined);
    files.push(file);
  });
  return files;
}
