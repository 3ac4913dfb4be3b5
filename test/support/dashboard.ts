/** The dashboard in a browser, as a person meets it: pages are found by their links, controls by what they are called. */
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { launchChromium } from './chromium.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from './tallyline.ts';

/** A page answers within a second; on a busy machine an import takes a little longer. */
const WAIT_MS_MAX = 30_000;

/** Exists in the browser only, where the function that names it runs. */
declare const localStorage: { setItem: (key: string, value: string) => void };

export interface WindowOptions extends BrowserContextOptions {
  /** Whether the tour starts by itself, as it does on a first visit. */
  tour?: boolean;
}

/** A window of its own, without a session. */
export async function openWindow(
  browser: Browser,
  tallyline: Pick<Tallyline, 'url'>,
  { tour = false, ...options }: WindowOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ baseURL: tallyline.url, viewport: { width: 1440, height: 900 }, ...options });
  // Somebody who has been here before: the tour would stand over what a test clicks.
  if (!tour) await context.addInitScript(() => localStorage.setItem('tallyline-tour', 'offered'));
  context.setDefaultTimeout(WAIT_MS_MAX);
  return await context.newPage();
}

export interface DashboardOptions extends WindowOptions {
  signedIn?: boolean;
}

export interface OpenDashboard {
  tallyline: Tallyline;
  browser: Browser;
  page: Page;
  close(): Promise<void>;
}

/** The program on a data directory of its own, a browser, and a window in it. */
export async function openDashboard({ signedIn = true, ...options }: DashboardOptions = {}): Promise<OpenDashboard> {
  const directory = await makeDataDirectory();
  const [tallyline, browser] = await Promise.all([startTallyline({ dataDirectory: directory.path }), launchChromium()]);
  const page = await openWindow(browser, tallyline, options);
  if (signedIn) await signIn(page, tallyline);
  return {
    tallyline,
    browser,
    page,
    async close() {
      await browser.close();
      await tallyline.stop();
      await directory.remove();
    },
  };
}

/** With the link that the program printed; it works once, so one window serves all that is done. */
export async function signIn(page: Page, { signInUrl }: Pick<Tallyline, 'signInUrl'>): Promise<void> {
  await page.goto(signInUrl);
  await page.waitForURL('**/imports');
}

/** Exists in the browser only, where the function that names it runs. */
declare const DataTransfer: new () => { items: { add: (file: File) => void } };

/** Lets go of a file over the page, once the page answers to it: a browser, too, says `dragover` again and again. */
export async function dropFile(page: Page, name: string, text: string): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    (file) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([file.text], file.name, { type: 'text/csv' }));
      return transfer;
    },
    { name, text },
  );
  const target = page.getByText('Drop the file to look at it. Nothing is imported yet.');
  await expect
    .poll(
      async () => {
        await page.dispatchEvent('body', 'dragover', { dataTransfer });
        return target.isVisible();
      },
      { timeout: 30_000 },
    )
    .toBe(true);
  await page.dispatchEvent('body', 'drop', { dataTransfer });
  await page.getByRole('heading', { name, level: 1 }).waitFor();
}

/** Loads the sample data as somebody would who has nothing else, and waits for its three imports. */
export async function loadSampleData(page: Page): Promise<void> {
  await page.goto('/usage');
  await page.getByRole('button', { name: 'load the sample data' }).click();
  await page.waitForURL('**/imports');
  await page.getByRole('cell', { name: 'complete', exact: true }).nth(2).waitFor();
}

/** What stands there, in one line. */
export async function textOf(locator: Locator): Promise<string> {
  return (await locator.innerText()).replace(/\s+/g, ' ').trim();
}

/** What is expected of its text. A page's parts arrive one after the other, so it is asked for again until it holds, or the time is over. */
export function expectText(locator: Locator) {
  return expect.poll(() => textOf(locator));
}
