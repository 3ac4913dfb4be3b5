/**
 * `npm run screenshots [-- name …]`: starts the program on a directory of its own, fills it, and takes the pictures of docs/images: every
 * page in light and dark, in a window of 1440 × 900 and on a phone of 390 × 844. With names, only these. Which there are: screenshots/pages.ts
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openDashboard } from '../test/support/dashboard.ts';
import { makeData } from './screenshots/data.ts';
import { PICTURES } from './screenshots/pages.ts';

const IMAGES = join(import.meta.dirname, '../docs/images');
const WINDOWS = [
  { ending: '', viewport: { width: 1440, height: 900 } },
  { ending: '-phone', viewport: { width: 390, height: 844 } },
];

await takeScreenshots(process.argv.slice(2));

async function takeScreenshots(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !PICTURES.some((picture) => picture.name === name));
  if (unknown.length > 0) throw new Error(`There is no picture ${unknown.join(', ')}: ${PICTURES.map(({ name }) => name).join(', ')}`);
  const { page, tallyline, close } = await openDashboard({ reducedMotion: 'reduce' });
  try {
    const shown = await makeData(page, tallyline);
    await mkdir(IMAGES, { recursive: true });
    const failed: string[] = [];
    for (const { name, show } of PICTURES.filter((picture) => names.length === 0 || names.includes(picture.name))) {
      for (const { ending, viewport } of WINDOWS) {
        await page.setViewportSize(viewport);
        try {
          await show(page, shown);
          await take(page, `${name}${ending}`);
        } catch (error) {
          // The others are worth having all the same.
          failed.push(`${name}${ending}: ${String(error)}`);
        }
      }
    }
    if (failed.length > 0) throw new Error(`${failed.length} pictures could not be taken:\n${failed.join('\n')}`);
  } finally {
    await close();
  }
}

/** In light and in dark. */
async function take(page: Page, name: string): Promise<void> {
  // Nothing is under the pointer.
  await page.mouse.move(0, 0);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: join(IMAGES, `${name}${colorScheme === 'dark' ? '-dark' : ''}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}
