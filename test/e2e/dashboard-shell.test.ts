/** What crosses all pages: keys, widths, titles, where the focus goes, help texts, and what is said when the server is gone. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumAvailable } from '../support/chromium.ts';
import { loadSampleData } from '../support/dashboard.ts';
import { SAMPLE_PAGES } from '../support/dashboard-pages.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

/** Exists in the browser only, where the function that names it runs. */
declare const getComputedStyle: (element: never) => { animationDelay: string };

const WIDTHS = [360, 768, 1440, 2560];

describe.skipIf(!chromiumAvailable)('the shell of the dashboard', () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({ reducedMotion: 'reduce' }, async (opened) => {
    ({ tallyline, page } = opened);
    await loadSampleData(page);
  });

  test.each(SAMPLE_PAGES)('$name has its title, one heading, and no width too much', async ({ path, title, whole }) => {
    await page.goto(path);
    await whole(page).first().waitFor();
    await expect.poll(() => page.title()).toMatch(title instanceof RegExp ? title : new RegExp(`^${title} · Tallyline$`));
    await expect.poll(() => page.getByRole('heading', { level: 1 }).count()).toBe(1);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await whole(page).first().waitFor();
      expect.soft(await overflow(page), `${path} at ${width} px`).toEqual([]);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('is navigated by names, by icons, or by a bar of five, as the width has it', async () => {
    await page.goto('/imports');
    const side = page.getByRole('navigation', { name: 'Pages', exact: true });
    await side.getByText('Customers').waitFor();
    await page.setViewportSize({ width: 820, height: 900 });
    expect((await side.boundingBox())?.width).toBe(52);
    // What is no longer seen is still its name.
    await side.getByRole('link', { name: 'Customers' }).click();
    await page.waitForURL('**/customers');
    await page.setViewportSize({ width: 390, height: 844 });
    await side.waitFor({ state: 'hidden' });
    const bar = page.getByRole('navigation', { name: 'Pages, bottom' });
    await expect.poll(() => bar.locator(':scope > *').count()).toBe(5);
    await bar.getByRole('button', { name: 'More' }).click();
    await page.getByRole('link', { name: 'Pipeline' }).click();
    await page.waitForURL('**/pipeline');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test.each([
    ['u', '/usage'],
    ['r', '/records'],
    ['i', '/imports'],
    ['c', '/customers'],
    ['p', '/plans'],
    ['v', '/invoices'],
    ['l', '/pipeline'],
  ])('g %s goes to %s, and reading goes on at its heading', async (key, path) => {
    await page.goto(path === '/imports' ? '/plans' : '/imports');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.waitForURL(`**${path}*`);
    await page.locator('main h1:focus').waitFor();
  });

  test('the same page with another filter keeps the focus where it was', async () => {
    await page.goto('/usage?range=all');
    const day = page.getByRole('button', { name: 'Table' });
    await day.click();
    await page.waitForURL('**view=table*');
    await expect.poll(() => page.locator('main h1:focus').count()).toBe(0);
  });

  test('/ goes to the filter of the page, and keys that are typed stay text', async () => {
    await page.goto('/records');
    await page.getByRole('table').waitFor();
    await page.keyboard.press('/');
    await page.getByRole('search').locator('input:focus').waitFor();
    await page.keyboard.type('gu?');
    await expect.poll(() => page.getByRole('search').locator('input:focus').inputValue()).toBe('gu?');
    await expect.poll(() => new URL(page.url()).pathname).toBe('/records');
  });

  test('? shows the keys, which Esc closes; no key works behind them', async () => {
    await page.goto('/imports');
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await page.keyboard.press('?');
    const keys = page.getByRole('dialog', { name: 'Keys' });
    await keys.getByText('the period before and after').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('u');
    await page.keyboard.press('Escape');
    await keys.waitFor({ state: 'detached' });
    await expect.poll(() => new URL(page.url()).pathname).toBe('/imports');
  });

  test('the first stop of Tab skips the navigation', async () => {
    await page.goto('/imports');
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await page.keyboard.press('Tab');
    await page.getByRole('link', { name: 'Skip to the content' }).press('Enter');
    await page.locator('main:focus').waitFor();
  });

  test('a word explains itself on hover, on focus and on touch; Esc closes the help, and nothing moves', async () => {
    await page.goto('/imports');
    const word = page.locator('main').getByRole('button', { name: 'already known' });
    const help = page.getByRole('tooltip').filter({ hasText: 'It is not counted twice.' });
    await word.waitFor();
    const before = await word.boundingBox();
    await word.hover();
    await help.waitFor();
    await expect.poll(() => word.boundingBox()).toEqual(before);
    // The pointer may go over to what it opened.
    await help.hover();
    await help.waitFor();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
    await page.mouse.move(0, 0);
    await word.focus();
    await help.waitFor();
    await expect.poll(() => word.getAttribute('aria-describedby')).toBe(await help.getAttribute('id'));
    await page.keyboard.press('Tab');
    await help.waitFor({ state: 'hidden' });
    await page.setViewportSize({ width: 360, height: 740 });
    await word.dispatchEvent('click');
    await help.waitFor();
    const box = await help.boundingBox();
    expect(box !== null && box.x >= 0 && box.x + box.width <= 360).toBe(true);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('what loads for a moment only shows no bones: they wait before they appear', async () => {
    let waits = '';
    await page.route('**/v1/plans*', async (route) => {
      const bone = page.locator('main .bone').first();
      await bone.waitFor({ state: 'visible' });
      waits = await bone.evaluate((element) => getComputedStyle(element as never).animationDelay);
      await route.continue();
    });
    await page.goto('/plans');
    await page.getByRole('table').waitFor();
    await page.unroute('**/v1/plans*');
    expect(waits).toBe('0.4s');
  });

  test('without the server the figures stay, and it is said up to when they hold', async () => {
    await page.goto('/usage?range=all');
    await page.locator('main .live').getByText('live · data up to').waitFor();
    const figures = await page.getByRole('row', { name: /^All |^One customer / }).innerText();
    await tallyline.kill();
    await page.getByText(/not live since \d\d:\d\d:\d\d · data up to \d\d:\d\d:\d\d/).waitFor();
    await expect.poll(() => page.getByRole('row', { name: /^All |^One customer / }).innerText()).toBe(figures);
    await page.getByRole('navigation', { name: 'Pages', exact: true }).getByText('trying again').waitFor();
  });
});

/** What sticks out of the window at the right, by tag and class; nothing where the page does not scroll sideways. */
async function overflow(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(`(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const out = [...document.querySelectorAll('main *')].filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1);
    return [root.scrollWidth + ' px', ...out.slice(0, 5).map((element) => element.tagName + '.' + element.getAttribute('class'))];
  })()`);
}
