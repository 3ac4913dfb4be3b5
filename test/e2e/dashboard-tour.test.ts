/** The tour for whoever sees Tallyline for the first time. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumAvailable, launchChromium } from '../support/chromium.ts';
import { loadSampleData, openWindow, signIn, textOf } from '../support/dashboard.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const callout = (page: Page) => page.getByRole('dialog');

describe.skipIf(!chromiumAvailable)('the tour', () => {
  let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
  let tallyline: Tallyline;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    directory = await makeDataDirectory();
    [tallyline, browser] = await Promise.all([startTallyline({ dataDirectory: directory.path }), launchChromium()]);
    page = await openWindow(browser, tallyline, { tour: true, reducedMotion: 'reduce' });
    await signIn(page, tallyline);
  });
  afterAll(async () => {
    await browser.close();
    await tallyline.stop();
    await directory.remove();
  });

  test('starts by itself once the sample data is loaded, beside the sum of the newest import', async () => {
    await loadSampleData(page);
    await callout(page).getByRole('heading', { name: 'Every line is accounted for' }).waitFor();
    expect(await textOf(callout(page))).toContain('Tour, 1 of 6');
    expect(await isFocused(page, 'Next')).toBe(true);
    expect(await overlaps(page, '.equation')).toBe(false);
  });

  test('is walked with the keyboard, over three pages, to its end', async () => {
    const seen: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const before = await callout(page).getByRole('heading').innerText();
      await page.keyboard.press('Enter');
      await callout(page).getByRole('heading').filter({ hasNotText: before }).waitFor();
      seen.push(`${new URL(page.url()).pathname} ${await callout(page).getByRole('heading').innerText()}`);
    }
    expect(seen).toEqual([
      '/imports Nothing here is final',
      '/usage Every figure opens',
      '/records Down to the line of the file',
      '/records Can the numbers be trusted now?',
      '/records That is all',
    ]);
    await page.keyboard.press('Enter');
    await callout(page).waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
  });

  test('goes back, and does not stand in the way of the page', async () => {
    await page.goto('/imports');
    await page.getByRole('button', { name: 'Take the tour' }).click();
    await callout(page).getByRole('button', { name: 'Next' }).click();
    await callout(page).getByRole('button', { name: 'Back' }).click();
    await callout(page).getByRole('heading', { name: 'Every line is accounted for' }).waitFor();
    await page.getByRole('row', { name: 'azure_vm_noise_fio.csv' }).getByRole('button').click();
    await page.getByText('Undo takes back').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Undo takes back').waitFor({ state: 'detached' });
    await callout(page).getByRole('button', { name: 'Skip the tour' }).click();
    await callout(page).waitFor({ state: 'detached' });
  });

  test('starts from the keys again, and Esc ends it', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByRole('button', { name: 'Take the tour' }).click();
    await callout(page).getByRole('heading', { name: 'Every line is accounted for' }).waitFor();
    await page.keyboard.press('Escape');
    await callout(page).waitFor({ state: 'detached' });
  });

  test('is remembered as offered, and leaves a later visit alone', async () => {
    expect(await page.evaluate("localStorage.getItem('tallyline-tour')")).toBe('offered');
    await page.reload();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    expect(await callout(page).count()).toBe(0);
  });

  test('runs on a phone, and where the browser keeps nothing', async () => {
    const session = await page.context().storageState();
    const phone = await openWindow(browser, tallyline, {
      tour: true,
      storageState: { ...session, origins: [] },
      viewport: { width: 360, height: 740 },
    });
    await phone.addInitScript(() => {
      Object.defineProperty(globalThis, 'localStorage', {
        get: () => {
          throw new Error('The browser keeps nothing.');
        },
      });
    });
    await phone.goto('/imports');
    await phone.getByRole('button', { name: 'More' }).click();
    await phone.getByRole('button', { name: 'Take the tour' }).click();
    await callout(phone).getByRole('heading', { name: 'Every line is accounted for' }).waitFor();
    expect(await overlaps(phone, '.equation')).toBe(false);
    await callout(phone).getByRole('button', { name: 'Skip the tour' }).click();
    await callout(phone).waitFor({ state: 'detached' });
    await phone.context().close();
  });
});

async function isFocused(page: Page, name: string): Promise<boolean> {
  return (await page.evaluate('document.activeElement.textContent')) === name;
}

/** Whether the callout covers any of what it speaks of. */
async function overlaps(page: Page, selector: string): Promise<boolean> {
  const box = await callout(page).boundingBox();
  const anchor = await page.locator(`main ${selector}`).first().boundingBox();
  if (box === null || anchor === null) throw new Error(`no box of the callout or of ${selector}`);
  const apart = box.x >= anchor.x + anchor.width || box.x + box.width <= anchor.x;
  return !apart && box.y < anchor.y + anchor.height && anchor.y < box.y + box.height;
}
