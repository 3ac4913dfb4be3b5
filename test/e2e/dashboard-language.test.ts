/** A reader whose language writes figures otherwise: "1.234,5" is read, "1234.5" is copied. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText } from '../support/dashboard.ts';
import { importFile } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

/** More digits than a JavaScript number has. */
const QUANTITY = '1234567890123456.123456789';
const USAGE = `id,customer,time,meter,quantity\n1,acme,2026-10-01T09:15:00Z,calls,${QUANTITY}\n`;

/** Exist in the browser only, where the functions that name them run. */
declare const getSelection: () => { selectAllChildren: (element: unknown) => void };
declare const document: { addEventListener: (name: 'copy', listener: (event: CopyEvent) => void) => void };

interface CopyEvent {
  clipboardData: { getData: (type: string) => string };
}

describe.skipIf(!chromiumAvailable)("figures in the reader's language", () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({ locale: 'de-DE' }, async (opened) => {
    ({ tallyline, page } = opened);
    await importFile(tallyline, USAGE, { name: 'october.csv' });
  });

  test('every digit is there, grouped as in German, and copied as the decimal it is', async () => {
    await page.goto('/records');
    const figure = page.getByRole('row').nth(1).getByTitle(QUANTITY, { exact: true });
    await expectText(figure).toBe('1.234.567.890.123.456,123456789');
    await expect.poll(() => copied(page, figure)).toBe(QUANTITY);
  });
});

/** What a copy of what stands there puts on the clipboard. */
async function copied(page: Page, figure: Locator): Promise<string> {
  await figure.evaluate((element) => getSelection().selectAllChildren(element));
  const text = page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        document.addEventListener('copy', ({ clipboardData }) => resolve(clipboardData.getData('text/plain')));
      }),
  );
  await page.keyboard.press('Control+C');
  return await text;
}
