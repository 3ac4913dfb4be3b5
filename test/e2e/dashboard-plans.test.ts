/** Plans and meters in the browser: every price model with its worked example, what saving changes, and what is refused. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { Meter } from '../../schemas/http/customers.ts';
import type { Plan } from '../../schemas/http/plans.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

const USAGE = [
  'id,customer,time,quantity,meter',
  '1,acme,2026-10-02T05:00:00Z,1250,calls',
  '2,acme,2026-10-03T05:00:00Z,1001,mails',
  '3,beta,2026-10-03T05:00:00Z,18059974,tokens',
  '',
].join('\n');

describe.skipIf(!chromiumAvailable)('plans and meters', () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({ reducedMotion: 'reduce' }, async (opened) => {
    ({ tallyline, page } = opened);
    await importFile(tallyline, USAGE, { name: 'usage.csv' });
  });

  const price = (n: number) => page.getByRole('group', { name: `Price ${n}`, exact: true });
  const example = () => page.getByRole('region', { name: 'Worked example' });
  const line = (name: string) => example().getByRole('row', { name });
  const save = () => page.getByRole('button', { name: 'Save the plan' }).click();
  const saved = () => page.getByText('Saved.', { exact: true }).waitFor();

  test('without a plan the page says what one is, and leads to the editor', async () => {
    await page.goto('/plans');
    await page.getByText('There is no plan yet.').waitFor();
    await page.getByRole('link', { name: 'New plan' }).first().click();
    await page.getByLabel('Name').fill('Everything');
    await expect.poll(() => page.getByLabel('Id, for ever').inputValue()).toBe('everything');
  });

  test('the example takes what a customer really used, and the server computes it while prices are typed', async () => {
    await example().getByText('What acme used in October 2026, UTC.').waitFor();
    await price(1).getByLabel('Meter').fill('calls');
    await example().getByText('price 1, the price').waitFor();
    await price(1).getByLabel('USD per unit').fill('0.02');
    await price(1).getByLabel('Units included').fill('1000');
    await line('calls').getByText('1,000 included, then 250 × $0.02 = $5.00').waitFor();
    await expectText(line('mails')).toContain('has no price in this plan');
    await expectText(price(1)).toContain('1 first 1,000 included, then $0.02 remove');
    await expectText(line('Before tax USD')).toBe('Before tax USD adds up 5.00');
  });

  test('tiers are typed by keyboard alone, the open end stays last', async () => {
    await price(1).getByLabel('Model').selectOption('graduated');
    await price(1).getByLabel('Tier 1 price per unit').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('1000');
    await page.keyboard.press('Tab');
    await page.keyboard.type('0.10');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.type('0.08');
    await page.keyboard.press('Tab');
    await page.keyboard.type('5');
    await line('calls').getByText('1,000 × $0.10 + $5.00 + 250 × $0.08 = $125.00').waitFor();
    await page.keyboard.press('Enter');
    await expect
      .poll(() =>
        price(1)
          .getByLabel(/^Tier \d price per unit$/)
          .count(),
      )
      .toBe(3);
    await page.keyboard.press('Control+Backspace');
    await expect
      .poll(() =>
        price(1)
          .getByLabel(/^Tier \d price per unit$/)
          .count(),
      )
      .toBe(2);
    await price(1).getByLabel('Model').selectOption('volume');
    await line('calls').getByText('$5.00 + 1,250 × $0.08 = $105.00').waitFor();
  });

  test('a package, a fee, a discount and a minimum stand in the example as on an invoice', async () => {
    await line('mails').getByRole('button', { name: 'Give it one' }).click();
    await price(2).getByLabel('Model').selectOption('package');
    await price(2).getByLabel('USD per package').fill('5');
    await price(2).getByLabel('Units in a package').fill('1000');
    await line('mails').getByText('2 packages of 1,000 × $5.00 = $10.00').waitFor();
    await page.getByRole('button', { name: 'Add a price' }).click();
    await price(3).getByLabel('Model').selectOption('flat');
    await price(3).getByLabel('USD per month').fill('49');
    await price(3).getByLabel('Words on the invoice').fill('Platform fee');
    await page.getByRole('button', { name: 'Add a discount' }).click();
    await page.getByLabel('Percent off').fill('10');
    await page.getByLabel('USD at least per month').fill('200');
    await line('Platform fee').waitFor();
    await line('Up to the minimum').waitFor();
    await expectText(line('Discount, 10 % of $164.00')).toMatch(/16\.40$/);
    await expectText(line('Up to the minimum')).toMatch(/\$200\.00 − \$147\.60 52\.40$/);
    await expectText(line('Before tax USD')).toBe('Before tax USD adds up 200.00');
  });

  test('exact decimals are sent as they were typed, and an amount is rounded once', async () => {
    await page.getByRole('button', { name: 'Add a price' }).click();
    await price(4).getByLabel('Meter').fill('tokens');
    await price(4).getByLabel('USD per unit').fill('0.0000004');
    await example().getByLabel('tokens').fill('18059974');
    await line('tokens').getByText('18,059,974 × $0.0000004 = $7.22').waitFor();
    await expectText(line('tokens')).toContain('exact 7.2239896, rounded once');
    await example().getByLabel('tokens').fill('1,5');
    await example().getByText('A plain number such as 1250.5').waitFor();
    await save();
    await page.waitForURL('**/plans/everything');
    await saved();
    await expect
      .poll(() => tallyline.json<Plan>('/v1/plans/everything'))
      .toMatchObject({
        prices: [
          {
            meter: 'calls',
            model: 'volume',
            tiers: [
              { upTo: '1000', unitPrice: '0.10' },
              { upTo: null, unitPrice: '0.08', flatFee: '5' },
            ],
          },
          { meter: 'mails', model: 'package', size: '1000', unitPrice: '5' },
          { model: 'flat', amount: '49', description: 'Platform fee' },
          { meter: 'tokens', model: 'per_unit', unitPrice: '0.0000004' },
        ],
        discounts: [{ percent: '10' }],
        minimum: '200',
      });
  });

  test('faults are shown at their fields, the first one is focused, and nothing is saved', async () => {
    await price(1).getByLabel('Tier 1 up to').fill('0');
    await price(2).getByLabel('Units in a package').fill('0');
    await save();
    await page.getByText('2 fields are to be mended:').waitFor();
    await expect.poll(() => price(1).getByLabel('Tier 1 up to').getAttribute('aria-invalid')).toBe('true');
    await focused(price(1).getByLabel('Tier 1 up to'));
    await page.getByRole('alert').getByRole('button', { name: 'price 2, the units in a package' }).click();
    await focused(price(2).getByLabel('Units in a package'));
    await expect.poll(() => tallyline.json<Plan>('/v1/plans/everything')).toMatchObject({ version: 1 });
  });

  test('a page that is left with changes asks first', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Customers' }).click();
    const question = page.getByRole('dialog', { name: 'Leave without saving' });
    await question.getByRole('button', { name: 'Stay here' }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe('/plans/everything');
    await page.getByRole('button', { name: 'Undo the changes' }).click();
    await expect.poll(() => price(1).getByLabel('Tier 1 up to').inputValue()).toBe('1000');
    await page.getByLabel('USD at least per month').fill('300');
    await page.getByRole('link', { name: 'Back' }).click();
    await question.getByRole('button', { name: 'Leave without saving' }).click();
    await page.waitForURL('**/plans');
  });

  test('a meter that nobody knows is warned of before saving, with the names near it', async () => {
    await page.goto('/plans/everything');
    await price(1).getByLabel('Meter').fill('call');
    await price(1).getByText('No usage of call yet').waitFor();
    await price(1).getByRole('button', { name: 'calls' }).click();
    await expect.poll(() => price(1).getByLabel('Meter').inputValue()).toBe('calls');
    await price(1).getByText('No usage of call').waitFor({ state: 'detached' });
  });

  test('a new plan does not become a version of one with the same id', async () => {
    await page.goto('/plans/new?meter=calls');
    await page.getByLabel('Name').fill('Everything');
    await expect.poll(() => price(1).getByLabel('Meter').inputValue()).toBe('calls');
    await price(1).getByLabel('USD per unit').fill('1');
    await save();
    await page.getByText('There is a plan with this id, "Everything".').waitFor();
    await expect.poll(() => tallyline.json<Plan>('/v1/plans/everything')).toMatchObject({ version: 1 });
  });

  test('what saving changes is told first: drafts before and after, and final invoices that stay', async () => {
    await tallyline.json('/v1/customers/acme', json({ name: 'Acme', plan: 'everything' }));
    await tallyline.json('/v1/customers/beta', json({ name: 'Beta', plan: 'everything' }));
    await draftsOf('2026-10', 2);
    const [draft] = (await tallyline.json<{ items: InvoiceSummary[] }>('/v1/invoices?customer=beta')).items;
    await tallyline.json('/v1/reconciliation/run', { method: 'POST' });
    await eventually(
      'the invoice is final',
      async () => (await tallyline.fetch(`/v1/invoices/${draft?.id ?? ''}/finalize`, { method: 'POST' })).ok,
    );
    await page.goto('/plans/everything');
    await page.getByLabel('USD at least per month').fill('250');
    const effect = page.getByRole('region', { name: 'What saving changes' });
    await effect.getByText('Saving makes version 2. 1 draft follows it at once; 1 final invoice stays as it is.').waitFor();
    await expectText(effect.getByRole('row', { name: 'Acme' })).toBe('Acme October 2026 $200.00 +$50.00 $250.00');
    await save();
    await saved();
    await page.goto('/plans');
    const row = page.getByRole('row', { name: 'Everything' });
    await row.waitFor();
    await expectText(row).toMatch(/tokens \$0\.0000004 each 10 % off the invoice at least \$250\.00 per month Acme, Beta .* version 2$/);
  });

  test('a currency that customers on the plan are not billed in is refused at its field', async () => {
    await page.goto('/plans/everything');
    await page.getByLabel('Currency', { exact: true }).fill('EUR');
    await save();
    await page.getByText('One field is to be mended:').waitFor();
    await focused(page.getByLabel('Currency', { exact: true }));
    await page.getByText(/billed in another currency than EUR: acme, beta/).waitFor();
    await page.getByRole('button', { name: 'Undo the changes' }).click();
  });

  test('an earlier version goes back into the editor, and is saved as a new one', async () => {
    await page.getByText('Earlier versions; this is version 2').click();
    await page.getByRole('button', { name: 'Put it back into the editor' }).click();
    await expect.poll(() => page.getByLabel('USD at least per month').inputValue()).toBe('200');
    await save();
    await saved();
    await expect.poll(() => tallyline.json<Plan>('/v1/plans/everything')).toMatchObject({ version: 3, minimum: '200' });
  });

  test('a meter is named; how it is counted changes drafts, and says so first', async () => {
    await page.goto('/meters');
    await page.getByRole('row', { name: 'calls' }).getByText('2 Oct 2026 05:15').waitFor();
    await page.getByRole('row', { name: 'calls' }).getByText('nothing').waitFor();
    await expectText(page.getByRole('row', { name: 'calls' })).toMatch(
      /^calls .* none All quantities of the month, added up\. nothing 2 Oct 2026 05:15$/,
    );
    await page.getByRole('button', { name: 'calls' }).click();
    const drawer = page.getByRole('complementary', { name: 'calls' });
    await drawer.getByRole('link', { name: 'Acme, October 2026' }).waitFor();
    await drawer.getByLabel('Unit').fill('requests');
    await drawer.getByRole('radio', { name: /^different values/ }).check();
    await drawer.getByText('1 draft is counted anew like this at once; there is no final invoice of it.').waitFor();
    await drawer.getByRole('button', { name: 'Save' }).click();
    await drawer
      .getByText(/name it/)
      .first()
      .waitFor();
    await expect.poll(() => tallyline.json<Meter>('/v1/meters/calls')).toMatchObject({ aggregation: 'sum', unit: '' });
    await drawer.getByRole('radio', { name: /^highest/ }).check();
    await drawer.getByRole('button', { name: 'Save' }).click();
    await drawer.getByText('Saved.', { exact: true }).waitFor();
    await page.getByRole('row', { name: 'calls requests' }).waitFor();
    await expect.poll(() => tallyline.json<Meter>('/v1/meters/calls')).toMatchObject({ aggregation: 'max', unit: 'requests' });
  });

  async function draftsOf(period: string, count: number): Promise<void> {
    await tallyline.json('/v1/billing-runs', { ...json({ period }), method: 'POST' });
    await eventually('the drafts are there', async () => {
      const { items } = await tallyline.json<{ items: unknown[] }>(`/v1/invoices?period=${period}`);
      return items.length === count;
    });
  }
});

function json(body: object): RequestInit {
  return { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

async function focused(field: Locator): Promise<void> {
  await expect.poll(() => field.evaluate((element) => element === element.ownerDocument.activeElement), { timeout: 10_000 }).toBe(true);
}
