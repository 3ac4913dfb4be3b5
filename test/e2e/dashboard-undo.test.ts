/** Taking an import back in a real browser: its consequences first, then live to the end. Each test goes on where the one before has left the data. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Mapping } from '../../schemas/http/imports.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText, textOf } from '../support/dashboard.ts';
import { connectEmbedded } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

const mapping: Mapping = { id: 'id', customer: 'customer', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'quantity' }] };
/** Enough that an import is met while it is being published. */
const MANY_ROWS = 150_000;

/** Rows `from` to `to`; the quantity is the row's number. */
function file(from: number, to: number, customer = 'acme'): string {
  const rows = Array.from({ length: to - from }, (_, n) => `${from + n},${customer},2026-10-01T0${(from + n) % 10}:00:00Z,${from + n}\n`);
  return `id,customer,time,quantity\n${rows.join('')}`;
}
const sum = (from: number, to: number) => String(((from + to - 1) * (to - from)) / 2);

describe.skipIf(!chromiumAvailable)('undoing an import', () => {
  let tallyline: Tallyline;
  let page: Page;
  let september: string;

  useDashboard({}, async (opened) => {
    ({ tallyline, page } = opened);
    ({ id: september } = await importFile(tallyline, file(0, 300), { name: 'september.csv', mapping }));
    await importFile(tallyline, file(200, 500), { name: 'october.csv', mapping });
  });

  const dialog = () => page.getByRole('dialog', { name: 'Undo september.csv?' });
  const row = (name: string) => page.getByRole('row', { name });
  const undoButton = () => row('september.csv').getByRole('button', { name: 'Undo september.csv' });
  /** What the focused control is called, and whether it belongs to the dialog. */
  const focused = () =>
    page.evaluate(() => {
      interface Focused {
        innerText: string;
        closest(selector: string): unknown;
      }
      const { activeElement } = (globalThis as unknown as { document: { activeElement: Focused } }).document;
      return { name: activeElement.innerText.trim(), isInDialog: activeElement.closest('dialog') !== null };
    });

  test('names what is taken back, what stays and why, and the way back', async () => {
    await page.goto('/imports');
    await undoButton().click();
    await dialog().getByText('Undo takes back 200 of the 300 events that this file added.').waitFor();
    const told = await textOf(dialog());
    expect(told).toContain('The other 100 stay, because october.csv reported them too.');
    expect(told).toContain('the file can be uploaded again afterwards');
    await expect.poll(() => new URL(page.url()).searchParams.get('undo')).toBe(september);
  });

  test('has an address, so that a reload stands before the same question', async () => {
    await page.reload();
    await dialog().getByText('Undo takes back 200 of the 300 events').waitFor();
  });

  test('is operated with the keyboard alone: the focus stays within, and goes back when Esc closes it', async () => {
    await page.goto('/imports');
    await undoButton().focus();
    await page.keyboard.press('Enter');
    await dialog().getByRole('button', { name: 'Undo this import', disabled: false }).waitFor();
    await expect.poll(focused).toEqual({ name: 'Keep it', isInDialog: true });
    for (const name of ['Undo this import', 'Keep it', 'Undo this import']) {
      await page.keyboard.press('Tab');
      await expect.poll(focused).toEqual({ name, isInDialog: true });
    }
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await expect.poll(focused).toEqual({ name: 'Undo this import', isInDialog: true });
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await expect.poll(focused).toEqual({ name: 'Undo', isInDialog: false });
    await expect.poll(() => new URL(page.url()).searchParams.has('undo')).toBe(false);
    expect(await tallyline.json(`/v1/imports/${september}`)).toMatchObject({ status: 'complete' });
  });

  test('"Keep it" keeps it', async () => {
    await undoButton().click();
    await dialog().getByRole('button', { name: 'Keep it' }).click();
    await dialog().waitFor({ state: 'detached' });
    expect(await tallyline.json(`/v1/imports/${september}`)).toMatchObject({ status: 'complete' });
  });

  test('a refusal is shown in the words of the server, and an unreachable server as such', async () => {
    const client = await connectEmbedded(tallyline.dataDirectory);
    try {
      await undoButton().click();
      const confirm = dialog().getByRole('button', { name: 'Undo this import' });
      await dialog().getByText('Undo takes back').waitFor();
      const { rows } = await client.query<{ at: string }>(`SELECT publishing_at::text AS at FROM imports WHERE id = $1`, [september]);
      await client.query(`UPDATE imports SET status = 'failed', publishing_at = NULL WHERE id = $1`, [september]);
      await confirm.click();
      await dialog().getByText('has failed before anything of it was published. There is nothing to undo.').waitFor();
      await expectText(dialog().getByRole('alert')).toMatch(/^It was not undone\. .* conflict request \S+$/);
      await client.query(`UPDATE imports SET status = 'complete', publishing_at = $2 WHERE id = $1`, [september, rows[0]?.at]);
    } finally {
      await client.end();
    }
    await page.context().setOffline(true);
    await dialog().getByRole('button', { name: 'Undo this import' }).click();
    await dialog().getByText('Tallyline cannot be reached. Is it running?').waitFor();
    await page.context().setOffline(false);
  });

  test('confirmed, it is followed live until the list says undone, and usage is what the other file justifies', async () => {
    const strip = page.getByRole('region', { name: 'Undo of september.csv' });
    const client = await connectEmbedded(tallyline.dataDirectory);
    try {
      // No row can be taken back until the strip was seen: 200 rows are gone sooner than a page is drawn.
      await client.query('BEGIN; LOCK TABLE usage_records IN SHARE MODE');
      await dialog().getByRole('button', { name: 'Undo this import' }).click();
      await strip.waitFor();
    } finally {
      await client.end();
    }
    await row('september.csv').getByText('undone', { exact: true }).waitFor();
    await strip.waitFor({ state: 'detached' });
    await expect.poll(() => undoButton().count()).toBe(0);
    expect(await usageTotals(tallyline)).toEqual({ calls: sum(200, 500) });
  });

  test('its page says that it is undone, and leads to the records that count no more', async () => {
    await row('september.csv').getByRole('link').click();
    await page.getByText('Nothing of this file counts any more. It can be uploaded again, corrected or as it is.').waitFor();
    await expect.poll(() => page.getByText('Undone', { exact: true }).count()).toBe(1);
    await expect.poll(() => page.getByRole('button', { name: /^Undo/ }).count()).toBe(0);
    await page.getByRole('link', { name: 'Its voided records' }).click();
    await page.waitForURL(`**/records?import=${september}&status=voided`);
    await page.getByRole('table').waitFor();
    await expect.poll(() => page.getByRole('table').getByRole('row').count()).toBe(1 + 100);
    const again = await importFile(tallyline, file(0, 300), { name: 'september.csv', mapping });
    expect(again).toMatchObject({ status: 'complete', events: { accepted: 200, duplicate: 100 } });
  });

  test('one that is still running is undone from its page', async () => {
    const { id } = await importFile(tallyline, file(0, MANY_ROWS, 'delta'), { name: 'running.csv', mapping, wait: false });
    await page.goto(`/imports/${id}`);
    await page.getByRole('button', { name: 'Undo running.csv' }).click();
    const asked = page.getByRole('dialog', { name: 'Undo running.csv?' });
    await asked.getByText('the file can be uploaded again afterwards').waitFor();
    await asked.getByRole('button', { name: 'Undo this import' }).click();
    await page.getByText('Nothing of this file counts any more.').waitFor();
    await eventually('nothing of it is left', async () => Object.keys(await usageTotals(tallyline, { customer: 'delta' })).length === 0);
  });

  test('one that failed before it was published offers none, and says why', async () => {
    await tallyline.fetch('/v1/imports?name=bad.csv', { method: 'POST', body: 'nothing\n1\n', headers: { 'content-type': 'text/csv' } });
    await page.goto('/imports');
    await expectText(row('bad.csv')).toMatch(/failed .* nothing to undo$/);
    await expect.poll(() => row('bad.csv').getByRole('button').count()).toBe(0);
  });
});
