/** From usage to numbered invoices in a real browser: a month is run, looked at, made final; what is refused; CSV. Each test goes on where the one before has left the data. */
import { parse } from 'csv-parse/sync';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { CreditNote } from '../../schemas/http/invoices.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText, loadSampleData, textOf } from '../support/dashboard.ts';
import { connectEmbedded } from '../support/embedded-postgres.ts';
import { damageHour } from '../support/billing-runs.ts';
import { importFile } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useDashboard } from '../support/use-dashboard.ts';

/** Somebody nobody has set up, and somebody in a currency without cents, with a month that is a little over. */
const NEWCOMERS =
  'id,customer,time,quantity,meter\nn1,newcomer,2023-11-16T05:00:00Z,7,calls\nn2,tokyo,2023-11-16T05:00:00Z,1250,calls\nn3,tokyo,2023-12-16T05:00:00Z,10,calls\n';
const MONTH = 'November 2023';

describe.skipIf(!chromiumAvailable)('billing', () => {
  let tallyline: Tallyline;
  let page: Page;

  useDashboard({}, async (opened) => {
    ({ tallyline, page } = opened);
    await loadSampleData(page);
    await importFile(tallyline, NEWCOMERS, { name: 'newcomers.csv' });
    await put('/v1/plans/yen', { name: 'Yen', currency: 'JPY', prices: [{ meter: 'calls', model: 'per_unit', unitPrice: '1' }] });
    await put('/v1/customers/tokyo', { name: 'Tokyo', currency: 'JPY', plan: 'yen' });
  });

  const send = <Answer>(method: string, path: string, body: object) =>
    tallyline.json<Answer>(path, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const put = (path: string, body: object) => send('PUT', path, body);
  const listed = async (query = '') => (await tallyline.json<{ items: InvoiceSummary[] }>(`/v1/invoices${query}`)).items;
  const parameter = (name: string) => new URL(page.url()).searchParams.get(name);
  const panel = () => page.getByRole('region', { name: 'Run a month' });
  const sumIn = (currency: string) => page.getByRole('region', { name: `Sum in ${currency}` });
  const row = (customer: string) => page.getByRole('table').first().getByRole('row', { name: customer });
  const choose = (customer: string, month = MONTH) => page.getByLabel(`Choose draft, ${customer}, ${month}`);
  const total = (rows: readonly { total: string }[]) => rows.map((one) => one.total).reduce(addDecimals, '0');
  /** Digits and point of a figure on the page. */
  const digits = (text: string) => text.replace(/[^\d.]/g, '');
  const inCurrency = (rows: readonly InvoiceSummary[], currency: string) => rows.filter((one) => one.currency === currency);

  describe('a month is run', () => {
    test('an empty list says how there come to be invoices', async () => {
      await page.goto('/invoices');
      await page.getByText('There are no invoices yet.').waitFor();
      await page.getByRole('main').getByRole('button', { name: 'Run a month' }).first().click();
      await panel().waitFor();
      await expect.poll(() => parameter('run')).toBe('new');
    });

    test('what it would do is said before, with who needs a look', async () => {
      await panel().getByLabel('Month, of each customer').fill('2023-11');
      await panel().getByText(`used something in ${MONTH}`).waitFor();
      const { customers } = await send<{ customers: { total: number; withUsage: number } }>('POST', '/v1/billing-runs/preview', {
        period: '2023-11',
      });
      const concerns = panel().getByRole('group', { name: 'Customers that need a look' });
      await expectText(panel()).toContain(`${customers.withUsage} of ${customers.total} customers used something in ${MONTH}`);
      const newcomer = concerns.getByRole('listitem').filter({ hasText: 'newcomer' });
      await expectText(newcomer).toContain('has no plan, or not for the whole month');
      await expect
        .poll(() => newcomer.getByRole('link', { name: 'Set the customer up' }).getAttribute('href'))
        .toBe('/customers?open=newcomer');
      await expectText(panel()).toContain('Safe to repeat');
      await expect.poll(() => parameter('run')).toBe('2023-11');
    });

    test('of some customers, who stand in the address; of nobody it cannot be started', async () => {
      await panel().getByLabel('only some').check();
      const make = panel().getByRole('button', { name: /^Make the drafts/ });
      await expect.poll(() => make.isDisabled()).toBe(true);
      await panel().getByLabel('Find customers by name or id').fill('tok');
      await panel().getByRole('checkbox', { name: 'Tokyo' }).check();
      await panel().getByText('1 of 1 customer used something').waitFor();
      await expect.poll(() => parameter('only')).toBe('["tokyo"]');
      await page.reload();
      await panel().getByText('1 of 1 customer used something').waitFor();
      await panel().getByLabel('all of them').check();
      await expect.poll(() => parameter('only')).toBeNull();
    });

    test('it is started, followed to its end, and adds up; the list shows its drafts', async () => {
      await panel()
        .getByRole('button', { name: `Make the drafts of ${MONTH}` })
        .click();
      await page.getByRole('heading', { name: new RegExp(`drafts of ${MONTH} stand\\.$`) }).waitFor();
      const id = parameter('run') ?? '';
      const run = await tallyline.json<BillingRun>(`/v1/billing-runs/${id}`);
      const result = page.getByRole('group', { name: 'Customers of the run by outcome' });
      await expectText(result).toContain(`${run.progress.created} new drafts`);
      await expectText(result).toMatch(new RegExp(`= ${run.progress.total} customers adds up$`));
      await row('Acme AI').waitFor();
      await expect.poll(() => page.getByRole('table').first().locator('tbody tr').count()).toBe(run.progress.drafts);
    });

    test('to run it again changes nothing, and says so', async () => {
      await page.getByRole('link', { name: 'Run it again' }).click();
      await panel()
        .getByRole('button', { name: `Make the drafts of ${MONTH}` })
        .click();
      await page.getByText(/^unchanged drafts?$/).waitFor();
      await expect.poll(() => page.getByText(/^(new|changed) drafts?$/).count()).toBe(0);
      await page.getByRole('heading', { name: 'Billing runs' }).waitFor();
      await expect.poll(() => page.getByRole('table').last().locator('tbody tr').count()).toBe(2);
      await page
        .getByRole('region', { name: /^Billing run \d+$/ })
        .getByRole('button', { name: 'Close' })
        .click();
      await expect.poll(() => parameter('run')).toBeNull();
    });

    test('one that waits for a store says so, and one that stopped what it met', async () => {
      const client = await connectEmbedded(tallyline.dataDirectory);
      try {
        // The lock under which runs are carried out: whoever holds it keeps the next one from being begun.
        await client.query('BEGIN');
        await client.query('SELECT pg_advisory_xact_lock(1114205292)');
        const { id } = await send<BillingRun>('POST', '/v1/billing-runs', { period: '2023-12', customers: ['tokyo'] });
        await page.goto(`/invoices?run=${id}`);
        await page.getByRole('heading', { name: 'The drafts of December 2023 are next.' }).waitFor();
        const failure = (code: string, message: string) => JSON.stringify({ code, message });
        const other = await connectEmbedded(tallyline.dataDirectory);
        await other.query(`UPDATE billing_runs SET state = 'waiting', failure = $2 WHERE run_id = $1`, [
          id,
          failure('store_unavailable', 'ClickHouse does not answer.'),
        ]);
        await page.getByRole('heading', { name: 'The drafts of December 2023 wait for a store that is away.' }).waitFor();
        await expectText(page.getByRole('alert')).toContain('ClickHouse does not answer.');
        await page.getByText('It is tried again within a minute at the latest.').waitFor();
        await client.query('COMMIT');
        await send('POST', '/v1/billing-runs', { period: '2023-12', customers: ['tokyo'] });
        await page.getByRole('heading', { name: '1 draft of December 2023 stands.' }).waitFor();
        await other.query(
          `INSERT INTO billing_runs (month, state, failure, requested_by, total, done, started_at, finished_at)
           VALUES ('2023-12', 'failed', $1, 'tester', 5, 2, now(), now())`,
          [failure('internal', 'customer "x": it met something.')],
        );
        await other.end();
        await page.goto('/invoices');
        await page.getByRole('table').last().getByRole('row', { name: 'stopped' }).getByRole('button').click();
        await page.getByRole('heading', { name: 'The drafts of December 2023 could not all be made.' }).waitFor();
        await expectText(page.getByRole('alert')).toContain('customer "x": it met something.');
      } finally {
        await client.end();
      }
    });
  });

  describe('the list', () => {
    test('shows what it comes to in each currency, and that its rows say the same', async () => {
      await page.goto('/invoices');
      const all = await listed();
      for (const currency of ['USD', 'JPY']) {
        const figure = async () => digits(await textOf(sumIn(currency).getByRole('link').first()));
        await expect.poll(async () => addDecimals(await figure(), '0')).toBe(total(inCurrency(all, currency)));
        await expectText(sumIn(currency)).toMatch(/adds up$/);
      }
    });

    test('is filtered by month, customer and status, in the address; nothing is said of what does not fit', async () => {
      await page.getByLabel('Month', { exact: true }).fill('2023-12');
      await expect.poll(() => page.getByRole('table').first().locator('tbody tr').count()).toBe(1);
      await expect.poll(() => parameter('month')).toBe('2023-12');
      await page.getByRole('button', { name: 'final', exact: true }).click();
      await page.getByText('Nothing fits this filter.').waitFor();
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.getByRole('combobox', { name: 'Customer' }).selectOption('Tokyo');
      await expect.poll(() => page.getByRole('table').first().locator('tbody tr').count()).toBe(2);
      await expect.poll(() => parameter('customer')).toBe('tokyo');
      await page.getByRole('button', { name: 'Clear' }).click();
    });

    test('two choices in one breath both count', async () => {
      await page.goto('/invoices');
      await page.getByRole('combobox', { name: 'Customer' }).getByRole('option', { name: 'Tokyo' }).waitFor({ state: 'attached' });
      await page.evaluate(`
        const [select] = document.querySelectorAll('search select');
        select.value = 'tokyo';
        select.dispatchEvent(new Event('change', { bubbles: true }));
        document.querySelector('search [role=group] button:nth-of-type(2)').click();
      `);
      await expect.poll(() => [parameter('customer'), parameter('status')]).toEqual(['tokyo', 'draft']);
    });

    test('each row leads to its invoice, and old addresses of a preview to the preview', async () => {
      const [invoice] = await listed('?customer=acme-ai');
      await page.goto('/invoices');
      await expect.poll(() => row('Acme AI').getByRole('link').getAttribute('href')).toBe(`/invoices/${invoice?.id}`);
      await page.goto('/invoices?customer=acme-ai&period=2023-11&line=1');
      await page.getByRole('article').waitFor();
      const { pathname, search } = new URL(page.url());
      expect([pathname, search]).toEqual(['/invoices/preview', '?customer=acme-ai&period=2023-11&line=1']);
    });

    test.each(['invoice', 'line', 'hour'])('its CSV, a row per %s, comes to what is shown', async (shape) => {
      await page.goto('/invoices?month=2023-11');
      const href = await page.getByRole('link', { name: new RegExp(`^CSV, a row per ${shape}`) }).getAttribute('href');
      const text = await (await page.context().request.get(tallyline.url + (href ?? ''))).text();
      const rows = parse<Record<string, string>>(text, { columns: true });
      const column = shape === 'invoice' ? 'total' : 'amount';
      for (const currency of ['USD', 'JPY']) {
        const own = rows.filter((one) => one['currency'] === currency).map((one) => one[column] ?? '');
        expect(own.reduce(addDecimals, '0')).toBe(addDecimals(digits(await textOf(sumIn(currency).getByRole('link').first())), '0'));
      }
    });
  });

  describe('drafts become final', () => {
    const bar = () => page.getByRole('region', { name: 'Drafts chosen' });
    const outcomes = () => page.getByRole('region', { name: 'Finalizing' });

    test('after what that means has been said, and not when it is thought better of', async () => {
      await page.goto('/invoices?month=2023-11');
      await choose('Acme AI').check();
      await choose('Tokyo').check();
      await expectText(bar()).toMatch(/^2 drafts chosen, .*¥1,250/);
      await bar().getByRole('button', { name: 'Finalize', exact: true }).click();
      await bar().getByRole('button', { name: 'Finalize 2 drafts' }).waitFor();
      const said = await textOf(bar());
      expect(said).toContain('Finalizing cannot be taken back: 2 drafts of');
      expect(said).toContain('Each gets the next number without a gap');
      expect(said).toContain('never changes after that');
      await page.keyboard.press('Escape');
      await bar().getByText('2 drafts chosen').waitFor();
      expect(await listed('?status=final')).toEqual([]);
    });

    test('with the keyboard alone, one number after the other', async () => {
      await bar().getByRole('button', { name: 'Finalize', exact: true }).press('Enter');
      await bar().getByRole('button', { name: 'Finalize 2 drafts' }).press('Enter');
      await outcomes().getByText('2 of 2 drafts are final now.').waitFor();
      const finals = await listed('?status=final');
      expect(finals.map(({ customer }) => customer).sort()).toEqual(['acme-ai', 'tokyo']);
      for (const { number, customerName } of finals) {
        await expectText(outcomes().getByRole('listitem').filter({ hasText: customerName })).toContain(number ?? 'a number');
        await expectText(row(customerName)).toContain(`${number} ${MONTH} final`);
      }
      expect(finals.map(({ number }) => number?.slice(-5)).sort()).toEqual(['00001', '00002']);
      await expectText(sumIn('JPY')).toMatch(/^¥1,250 1 final adds up$/);
    });

    test('credit notes are listed with them, and counted; a void invoice is listed, and not counted', async () => {
      const [acme] = await listed('?customer=acme-ai&status=final');
      const [tokyo] = await listed('?customer=tokyo&status=final');
      const note = await send<CreditNote>('POST', `/v1/invoices/${acme?.id}/credit-notes`, {
        reason: 'outage',
        lines: [{ n: 1, amount: '1.00' }],
      });
      await send('POST', `/v1/invoices/${tokyo?.id}/void`, { reason: 'a test' });
      await page.goto('/invoices?month=2023-11');
      const notes = page.getByRole('table').filter({ hasText: note.number });
      await expect.poll(() => notes.getByRole('link', { name: 'Acme AI' }).getAttribute('href')).toBe(`/credit-notes/${note.id}`);
      await expectText(sumIn('USD')).toMatch(/ \u2212 \$1\.\d\d 1 credit note = .* adds up$/);
      await expectText(sumIn('JPY')).toContain('1 void invoice of ¥1,250 is not counted.');
    });

    test('not while an hour differs: the page says which, and leaves it out; the server refuses in any case', async () => {
      const [differing] = await damageHour(tallyline);
      const invoice = (await listed('?period=2023-11')).find(({ customer }) => customer === differing?.customer);
      const name = invoice?.customerName ?? 'a draft of the customer that differs';
      await page.goto('/invoices?month=2023-11');
      await row(name).getByText('an hour differs').filter({ visible: true }).waitFor();
      await choose(name).check();
      await choose('newcomer').check();
      const finalize = bar().getByRole('button', { name: 'Finalize', exact: true });
      await expect.poll(() => finalize.isDisabled()).toBe(true);
      await expectText(bar()).toMatch(
        new RegExp(`The two stores differ about ${name}: \\d+ \\w+ \\d{4} \\d\\d:00\u2013\\d\\d:00 UTC, ${differing?.meter}`),
      );
      await expect.poll(() => bar().getByRole('link', { name: 'See the pipeline' }).getAttribute('href')).toBe('/pipeline');
      await bar().getByRole('button', { name: 'Leave it out' }).click();
      await expect.poll(() => finalize.isDisabled()).toBe(false);

      // A page that has not heard of it yet.
      await page.route('**/v1/reconciliation?*', (route) => route.abort());
      await page.goto('/invoices?month=2023-11');
      await choose(name).check();
      await choose('newcomer').check();
      await finalize.click();
      await bar().getByRole('button', { name: 'Finalize 2 drafts' }).click();
      await outcomes().getByText('1 of 2 drafts is final now, 1 was refused.').waitFor();
      const refusal = outcomes().getByRole('listitem').filter({ hasText: name });
      await expectText(refusal).toContain(`One hour of ${name} differs between the two stores.`);
      await expectText(refusal).toMatch(/\d\d:00–\d\d:00 UTC To the pipeline reconciliation_red$/);
      await refusal.getByRole('link', { name: `${differing?.meter}, ` }).waitFor();
      await expect.poll(() => outcomes().getByRole('button', { name: 'Try the refused again' }).count()).toBe(1);
      await page.unroute('**/v1/reconciliation?*');
      expect((await listed('?period=2023-11&status=draft')).map(({ customer }) => customer)).toContain(differing?.customer);
    });
  });
});
