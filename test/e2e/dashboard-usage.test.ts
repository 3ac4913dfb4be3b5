/** The Usage page in a real browser against the real program: zoom, compare, drill, table, CSV, live. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { Mapping } from '../../schemas/http/imports.ts';
import type { Top } from '../../schemas/http/top.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText, textOf } from '../support/dashboard.ts';
import { importFile } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

const HOUR_MS = 3_600_000;
const DAYS = { from: '2026-03-10T00:00:00.000Z', to: '2026-03-12T00:00:00.000Z' };
const START = Date.parse(DAYS.from);
const CUSTOMERS = Array.from({ length: 8 }, (_, n) => `customer-${n + 1}`);
/** What a page does at once takes longer on a busy machine. */
const SOON = { timeout: 30_000 };
/** Left of the bars stands the axis. */
const AXIS_PX = 52;

const mappingOf = (meters: string[]): Mapping => ({
  customer: 'customer',
  time: 'time',
  timeZone: 'UTC',
  measures: meters.map((meter) => ({ meter: { const: meter }, quantity: meter })),
});

/** Four days, an event each hour and customer; the last two days hold half as much again as the two before. */
function tokensFile(): string {
  const lines = ['customer,time,tokens'];
  for (let hour = -48; hour < 48; hour += 1)
    CUSTOMERS.forEach((customer, n) => {
      const time = new Date(START + hour * HOUR_MS + n * 60_000).toISOString();
      lines.push(`${customer},${time},${(n + 1) * (hour < 0 ? 2 : 3)}.5`);
    });
  return `${lines.join('\n')}\n`;
}

function peaksFile(): string {
  const lines = CUSTOMERS.slice(0, 3).map((customer, n) => `${customer},${new Date(START + n * HOUR_MS).toISOString()},${n + 4}`);
  return `customer,time,peak\n${lines.join('\n')}\n`;
}

describe.skipIf(!chromiumAvailable)('the Usage page', () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({}, async (opened) => {
    ({ tallyline, page } = opened);
    await importFile(tallyline, tokensFile(), { name: 'tokens.csv', mapping: mappingOf(['tokens']) });
    await importFile(tallyline, peaksFile(), { name: 'peaks.csv', mapping: mappingOf(['peak']) });
    const json = { method: 'PUT', headers: { 'content-type': 'application/json' } };
    await tallyline.json('/v1/meters/peak', { ...json, body: JSON.stringify({ aggregation: 'max' }) });
  });

  const openDays = async (query: Record<string, string> = {}) => {
    await page.goto(`/usage?${new URLSearchParams({ ...DAYS, meter: 'tokens', ...query })}`);
    await total().waitFor();
  };
  const total = () => page.getByRole('row', { name: /^(All|One|Highest of) / });
  const chart = () => page.getByRole('application', { name: /^Bars per/ });
  const chip = () => page.getByRole('button', { name: /^Zoomed to / });
  const address = () => new URL(page.url()).searchParams;
  const top = (query: Record<string, string>) =>
    tallyline.json<Top>(`/v1/top?${new URLSearchParams({ ...DAYS, timeZone: 'UTC', ...query })}`);

  /** Where the segment of a customer stands in the chart, in pixels of the chart. */
  async function segment(customer: string, bar: number): Promise<{ x: number; y: number }> {
    await chart().locator('canvas').waitFor();
    const box = await chart().boundingBox();
    if (box === null) throw new Error('The chart is not shown.');
    const x = AXIS_PX + ((box.width - AXIS_PX) * (bar + 0.5)) / 48;
    for (let y = box.height - 34; y > 10; y -= 4) {
      await page.mouse.move(box.x + x, box.y + y);
      if ((await chart().getByText(`of ${customer} in this hour`).count()) > 0) return { x: box.x + x, y: box.y + y };
    }
    throw new Error(`${customer} has no segment in bar ${bar}.`);
  }

  describe('the figures', () => {
    test('the table adds up to the headline, with shares and what was before', async () => {
      await openDays();
      await expectText(page.getByRole('radio', { name: 'tokens' })).toBe('tokens 5,376 47.4 % above the 48 h before');
      await expectText(total()).toMatch(/^All 8 customers 5,376 adds up 100.0 % 47.4 % above the 48 h before 384$/);
      await expectText(page.getByRole('row', { name: 'customer-8' })).toMatch(/^customer-8 1,176 21.9 % 48.5 % above the 48 h before 48$/);
      await expectText(page.getByRole('row', { name: '3 others' })).toMatch(/^3 others 936 17.4 % 44.4 % .* 144$/);
      await expectText(page.getByText('of all tokens in this range; the busiest hour was')).toMatch(
        /^customer-8 used 21\.9 % .* with 112\.$/,
      );
    });

    test('the others can be listed, and still add up', async () => {
      await openDays();
      await page.getByRole('button', { name: '3 others' }).click();
      await page.getByRole('row', { name: 'customer-1' }).waitFor();
      await expect.poll(() => page.getByRole('row', { name: /^customer-/ }).count()).toBe(8);
      await expectText(total()).toContain('adds up');
    });

    test('a highest value is not summed, and has no share', async () => {
      await openDays({ meter: 'peak' });
      await expectText(page.getByRole('radio', { name: 'peak' })).toMatch(/^peak highest 6 /);
      await expectText(total()).toMatch(/^Highest of 3 6 /);
      await expect.poll(() => page.getByRole('columnheader', { name: 'Share' }).count()).toBe(0);
      await page.getByText('Highest values are not added up.').waitFor();
    });

    test('events are counted over all meters', async () => {
      await openDays();
      await page.getByRole('radio', { name: /^Events/ }).click();
      await expect.poll(() => address().get('count'), SOON).toBe('events');
      await expect.poll(() => textOf(total()), SOON).toMatch(/^All 8 customers 387 adds up/);
    });

    test('by meter each has its own bars, and a bar opens its records', async () => {
      await openDays();
      await page.getByRole('group', { name: 'Stack by' }).getByRole('button', { name: 'Meter' }).click();
      await page.getByRole('button', { name: /^Tue 10 Mar 02:00–03:00: 6\. Click: the 1 record$/ }).click();
      await page.waitForURL('**/records?**');
      expect([address().get('meter'), address().get('from')]).toEqual(['peak', '2026-03-10T02:00:00.000Z']);
    });
  });

  describe('zooming', () => {
    test('the handles of the strip zoom by key; Esc goes back', async () => {
      await openDays();
      const begin = page.getByRole('slider', { name: 'Begin of what is shown' });
      await begin.focus();
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => address().get('zoom'), SOON).toBe('2026-03-10T01:00:00.000Z/2026-03-12T00:00:00.000Z');
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => address().get('zoom'), SOON).toBe('2026-03-10T02:00:00.000Z/2026-03-12T00:00:00.000Z');
      await expect.poll(() => begin.getAttribute('aria-valuetext')).toBe('Tue 10 Mar 02:00–03:00');
      await expect.poll(() => textOf(total()), SOON).toContain('368');
      await chip().waitFor();
      await page.keyboard.press('Escape');
      await chip().waitFor({ state: 'detached' });
      expect(address().get('zoom')).toBeNull();
      expect(address().get('from')).toBe(DAYS.from);
    });

    test('a drag over bars zooms to them, and opens nothing', async () => {
      await openDays();
      await chart().locator('canvas').waitFor();
      const box = await chart().boundingBox();
      if (box === null) throw new Error('The chart is not shown.');
      const at = (bar: number) => box.x + AXIS_PX + ((box.width - AXIS_PX) * (bar + 0.5)) / 48;
      await page.mouse.move(at(6), box.y + 100);
      await page.mouse.down();
      await page.mouse.move(at(8), box.y + 100);
      await page.mouse.move(at(11), box.y + 100);
      await page.mouse.up();
      await expect.poll(() => address().get('zoom'), SOON).toBe('2026-03-10T06:00:00.000Z/2026-03-10T12:00:00.000Z');
      // The bars under the pointer are those of the part from here on.
      const second = box.x + AXIS_PX + ((box.width - AXIS_PX) * 1.5) / 6;
      const shown = async () => {
        await page.mouse.move(second, box.y + 90);
        await page.mouse.move(second + 1, box.y + 90);
        return await chart().getByText('Tue 10 Mar 07:00\u201308:00').count();
      };
      await expect.poll(shown, SOON).toBe(1);
      await chip().click();
      await expect.poll(() => address().get('zoom'), SOON).toBeNull();
    });

    test('letters choose the range and arrows step it', async () => {
      await openDays();
      await page.locator('body').press('ArrowLeft');
      await expect.poll(() => address().get('from'), SOON).toBe('2026-03-08T00:00:00.000Z');
      await page.locator('body').press('l');
      await expect.poll(() => address().get('range'), SOON).toBe('last-month');
      expect(address().get('from')).toBeNull();
    });
  });

  describe('what opens', () => {
    test('a segment opens exactly the records of its customer and hour', async () => {
      await openDays();
      const at = await segment('customer-7', 20);
      const tip = await chart().getByRole('status').boundingBox();
      if (tip === null) throw new Error('There is no tooltip.');
      expect(at.x < tip.x || at.x > tip.x + tip.width).toBe(true);
      await chart().getByText('Click: the 1 record of customer-7 in this hour').waitFor();
      await page.mouse.click(at.x, at.y);
      await page.waitForURL('**/records?**');
      expect(Object.fromEntries(address())).toMatchObject({
        customer: 'customer-7',
        meter: 'tokens',
        from: '2026-03-10T20:00:00.000Z',
        to: '2026-03-10T21:00:00.000Z',
      });
      await page.getByRole('table').waitFor();
      expect((await page.getByRole('table').getByRole('row').count()) - 1).toBe(1);
    });

    test('the CSV holds what the table shows, to the last digit', async () => {
      await openDays({ view: 'table', grain: 'day' });
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
      expect(download.suggestedFilename()).toBe('usage-tokens-2026-03-10-day.csv');
      const [head = '', ...lines] = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
      const { total: all } = await top({ by: 'customer', meter: 'tokens', grain: 'day' });
      expect(lines.map((line) => line.split(',')[0])).toEqual(['2026-03-10T00:00:00.000Z', '2026-03-11T00:00:00.000Z']);
      const column = (name: string) => lines.map((line) => line.split(',')[head.split(',').indexOf(name)] ?? '').reduce(addDecimals);
      expect(column('total tokens')).toBe(all.quantity);
      expect(head.split(',').slice(2, -2).map(column).reduce(addDecimals)).toBe(all.quantity);
      const shown = await page.getByRole('region', { name: 'Usage as a table' }).getByRole('columnheader').allInnerTexts();
      expect(shown).toHaveLength(head.split(',').length - 1);
    });
  });

  describe('while rows arrive', () => {
    test('the figures change in place, on the chart that is there', async () => {
      await page.goto('/usage?range=24h&meter=live_calls');
      await page.getByText(/^No usage from/).waitFor();
      const line = (n: number) => `id,customer,time,live_calls\nlive-${n},customer-1,${new Date().toISOString()},${n}\n`;
      const measured = { mapping: { id: 'id', ...mappingOf(['live_calls']) } };
      await importFile(tallyline, line(2), { name: 'live-2.csv', ...measured });
      await expect.poll(() => textOf(page.getByRole('radio', { name: 'live_calls' })), SOON).toMatch(/^live_calls 2 /);
      await chart()
        .locator('canvas')
        .evaluate((canvas) => canvas.setAttribute('data-seen', 'before'));
      await importFile(tallyline, line(40), { name: 'live-40.csv', ...measured });
      await expect.poll(() => textOf(page.getByRole('radio', { name: 'live_calls' })), SOON).toMatch(/^live_calls 42 /);
      await expect.poll(() => textOf(total()), SOON).toMatch(/^One customer 42 adds up/);
      await expect.poll(() => chart().locator('canvas').getAttribute('data-seen')).toBe('before');
    });
  });

  describe('what cannot be shown', () => {
    test('a failed answer says what failed and can be asked for again', async () => {
      await page.route('**/v1/top?**', (route) =>
        route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: JSON.stringify({ title: 'Away', code: 'store_unavailable', detail: 'ClickHouse does not answer.', requestId: 'r-1' }),
        }),
      );
      await page.goto(`/usage?${new URLSearchParams({ ...DAYS, meter: 'tokens' })}`);
      const alert = page.getByRole('alert');
      await alert.waitFor();
      await expectText(alert).toContain('The usage of this range could not be loaded. ClickHouse does not answer.');
      await page.unroute('**/v1/top?**');
      await alert.getByRole('button', { name: 'Try again' }).click();
      await total().waitFor();
    });

    test('a range without usage leads to where there is some', async () => {
      await page.goto('/usage?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z');
      await page.getByText('No usage from 1 Jan 2020').waitFor();
      await page.getByRole('button', { name: 'Jump to the data' }).click();
      await total().waitFor();
      expect(address().get('range')).toBe('all');
    });

    test('a meter that was not used in the range is said to be so', async () => {
      await page.goto(`/usage?${new URLSearchParams({ ...DAYS, meter: 'nothing' })}`);
      await page.getByText('nothing was not used in this range.').waitFor();
    });
  });
});
