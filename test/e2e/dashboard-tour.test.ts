/** For whoever sees Tallyline for the first time: the tour, and the help texts of all pages. */
import type { Browser, ElementHandle, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { graveFaults } from '../support/axe.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { dropFile, expectText, loadSampleData, openWindow } from '../support/dashboard.ts';
import { SAMPLE_PAGES } from '../support/dashboard-pages.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

const USAGE = 'id,customer,time,quantity,meter\n1,acme-ai,2023-11-16T05:00:00Z,2,calls\n';

const callout = (page: Page) => page.getByRole('dialog');
const help = (page: Page) => page.locator('.help[role=tooltip]');

/** Words and question marks that explain something. */
const words = (page: Page) => page.locator('main .term:visible');

describe.skipIf(!chromiumAvailable)('for a first visit', () => {
  let tallyline: Tallyline;
  let browser: Browser;
  let page: Page;

  useDashboard({ tour: true, reducedMotion: 'reduce' }, (opened) => {
    ({ tallyline, browser, page } = opened);
  });

  test('starts by itself once the sample data is loaded, beside the sum of the newest import', async () => {
    await loadSampleData(page);
    await callout(page).getByRole('heading', { name: 'Every line is accounted for' }).waitFor();
    await expectText(callout(page)).toContain('Tour, 1 of 6');
    await expect.poll(() => isFocused(page, 'Next')).toBe(true);
    await expect.poll(() => overlaps(page, '.equation')).toBe(false);
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
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('H1');
  });

  test('goes back, and does not stand in the way of the page', async () => {
    await page.goto('/imports');
    await page.getByRole('button', { name: 'Take the tour' }).click();
    await callout(page).getByRole('button', { name: 'Next' }).click();
    await callout(page).getByRole('button', { name: 'Back' }).click();
    await callout(page).getByRole('heading', { name: 'Every line is accounted for' }).waitFor();
    await page.getByRole('button', { name: 'Undo azure_vm_noise_fio.csv' }).last().click();
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
    await expect.poll(() => page.evaluate("localStorage.getItem('tallyline-tour')")).toBe('offered');
    await page.reload();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await expect.poll(() => callout(page).count()).toBe(0);
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
    await phone.getByRole('navigation', { name: 'Pages, bottom' }).getByRole('button').click();
    await phone.getByRole('button', { name: 'Take the tour' }).click();
    await callout(phone).getByRole('heading', { name: 'Every line is accounted for' }).waitFor();
    await expect.poll(() => overlaps(phone, '.equation')).toBe(false);
    await callout(phone).getByRole('button', { name: 'Skip the tour' }).click();
    await callout(phone).waitFor({ state: 'detached' });
    await phone.context().close();
  });

  test.each(SAMPLE_PAGES)('$name: help opens by keyboard and by click, and Esc closes it', async ({ name, path, whole }) => {
    await page.goto(path);
    await whole(page).first().waitFor();
    // Without a file, and without an invoice, there is nothing to explain yet.
    if (name === 'new import') await lookedAt(page);
    if (name === 'invoices') await page.getByRole('main').getByRole('button', { name: 'Run a month' }).first().click();
    await words(page).first().waitFor();
    // The elements themselves: a part of the page that comes later would move the places of all behind it.
    const [first, ...others] = await words(page).elementHandles();
    if (first === undefined) throw new Error('the page explains no word');
    await tabTo(page, first);
    await explains(page, first);
    await first.click();
    await explains(page, first);
    for (const word of others) {
      await word.focus();
      await explains(page, word);
    }
    await words(page).last().click();
    await help(page).waitFor();
    expect(await graveFaults(page)).toEqual([]);
  });
});

/** A file before it is imported. */
async function lookedAt(page: Page): Promise<void> {
  await dropFile(page, 'usage.csv', USAGE);
  await page.getByRole('heading', { name: 'What each line becomes' }).waitFor();
}

/** From the page's heading on, as somebody would come by. */
async function tabTo(page: Page, word: ElementHandle): Promise<void> {
  await page.getByRole('heading', { level: 1 }).focus();
  const isReached = () => word.evaluate((element) => element === element.ownerDocument.activeElement);
  for (let stops = 0; stops < 100 && !(await isReached()); stops += 1) await page.keyboard.press('Tab');
  await expect.poll(() => isReached()).toBe(true);
}

/** Its help stands there and belongs to it, and Esc closes it. */
async function explains(page: Page, word: ElementHandle): Promise<void> {
  await help(page).waitFor();
  expect((await help(page).innerText()).length).toBeGreaterThan(30);
  await expect.poll(() => word.getAttribute('aria-describedby')).toBe(await help(page).getAttribute('id'));
  await page.keyboard.press('Escape');
  await help(page).waitFor({ state: 'detached' });
}

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
