/** A stored invoice as somebody in accounting meets it: read, traced to a cell, made final, credited, made void, and refused. */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { CreditNoteDocument } from '../../schemas/http/credit-notes.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { chromiumAvailable, launchChromium } from '../support/chromium.ts';
import { openWindow, signIn, textOf } from '../support/dashboard.ts';
import { connectEmbedded } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const HEAD = 'id,customer,time,meter,quantity';
/** One row a day, and three in the hour that is traced. */
const OCTOBER = [
  HEAD,
  ...Array.from(
    { length: 31 },
    (_, day) => `d${day + 1},acme,2026-10-${String(day + 1).padStart(2, '0')}T06:00:00Z,context_tokens,${40_000 + day}`,
  ),
  'req_9,acme,2026-10-14T11:24:52Z,context_tokens,18377',
  'req_10,acme,2026-10-14T11:25:07Z,context_tokens,31552',
  'req_11,acme,2026-10-14T11:25:20Z,context_tokens,24810',
  's1,acme,2026-10-03T08:00:00Z,storage_gb,120',
  's2,acme,2026-10-09T08:00:00Z,storage_gb,250',
  's3,acme,2026-10-20T08:00:00Z,storage_gb,180',
  '',
].join('\n');
const HELIO = (quantity: number) => `${HEAD}\nh1,helio,2026-10-05T08:00:00Z,context_tokens,${quantity}\n`;
const LATE = `${HEAD}\nlate,acme,2026-10-20T12:00:00Z,context_tokens,500000\n`;

describe.skipIf(!chromiumAvailable)('a stored invoice', () => {
  let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
  let tallyline: Tallyline;
  let browser: Browser;
  let page: Page;
  let acme = '';
  let helio = '';

  beforeAll(async () => {
    directory = await makeDataDirectory();
    [tallyline, browser] = await Promise.all([startTallyline({ dataDirectory: directory.path }), launchChromium()]);
    await setUp();
    page = await openWindow(browser, tallyline, { permissions: ['clipboard-read', 'clipboard-write'] });
    await signIn(page, tallyline);
  });
  afterAll(async () => {
    await browser.close();
    await tallyline.stop();
    await directory.remove();
  });

  const put = (path: string, body: object) =>
    tallyline.json(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

  async function setUp(): Promise<void> {
    await put('/v1/settings', { seller: { name: 'Larkfield Compute GmbH', address: ['Street 12', '10119 Berlin'] } });
    await put('/v1/meters/storage_gb', { unit: 'GB', aggregation: 'max' });
    const tiers = [
      { upTo: '1000000', unitPrice: '0.0003' },
      { upTo: null, unitPrice: '0.00024' },
    ];
    const prices = [
      { meter: 'context_tokens', model: 'graduated', tiers },
      { meter: 'storage_gb', model: 'per_unit', unitPrice: '0.02', included: '100' },
      { model: 'flat', amount: '49', description: 'Platform fee' },
    ];
    await put('/v1/plans/pro', { name: 'Pro', currency: 'USD', prices });
    const terms = { currency: 'USD', timeZone: 'Europe/Berlin', plan: 'pro' };
    await put('/v1/customers/acme', { ...terms, name: 'Acme AI GmbH', taxRate: '19', invoiceDetails: { address: 'Road 5\n80331 Munich' } });
    await put('/v1/customers/helio', { ...terms, name: 'Helio Labs' });
    await importFile(tallyline, OCTOBER, { name: 'acme-2026-10.csv' });
    await importFile(tallyline, HELIO(1000), { name: 'helio.csv' });
    await bill('2026-10');
    [acme, helio] = [await invoiceId('acme', '2026-10'), await invoiceId('helio', '2026-10')];
  }

  async function bill(period: string): Promise<void> {
    const body = JSON.stringify({ period });
    const { id } = await tallyline.json<BillingRun>('/v1/billing-runs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    await eventually(`run ${id} is done`, async () => (await tallyline.json<BillingRun>(`/v1/billing-runs/${id}`)).state === 'done');
  }
  async function invoiceId(customer: string, period: string): Promise<string> {
    const { items } = await tallyline.json<{ items: InvoiceSummary[] }>(`/v1/invoices?customer=${customer}&period=${period}`);
    return items.find(({ status }) => status !== 'void')?.id ?? '';
  }
  const read = (id: string) => tallyline.json<Invoice>(`/v1/invoices/${id}?hours=false`);
  async function sql(text: string): Promise<void> {
    const client = await connectEmbedded(directory.path);
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  }

  const sheet = () => page.getByRole('article');
  const line = (name: string) => sheet().getByRole('region', { name, exact: true });
  const drawer = () => page.getByRole('complementary', { name: /^Where .* comes from$/ });
  const panel = (name: string | RegExp) => page.getByRole('region', { name });
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
  const plain = async (locator: Locator) => (await textOf(locator)).replaceAll(',', '');
  const clipboard = () => page.evaluate('navigator.clipboard.readText()');

  describe('as a draft', () => {
    test('says what it is, for whom, and that the clock went back; its amounts are those of the API', async () => {
      await page.goto(`/invoices/${acme}`);
      await page.getByRole('heading', { name: 'Draft invoice', level: 2 }).waitFor();
      const text = await plain(sheet());
      const { lines, subtotal, tax, total } = await read(acme);
      for (const words of ['Larkfield Compute GmbH bills', 'Acme AI GmbH', '80331 Munich', '745 hours: the clock went back on 25 Oct']) {
        expect(text).toContain(words);
      }
      expect(text).toContain('A draft as of');
      for (const { meter, description, amount } of lines) expect(await plain(line(meter || description))).toContain(` ${amount}`);
      expect(text).toContain(`Subtotal ${subtotal} Tax 19 % of ${tax[0]?.base} ${tax[0]?.amount} Total USD ${total}`);
      expect(await plain(line('context_tokens'))).toMatch(/1000000 × \$0\.0003 \+ 315204 × \$0\.00024 = \$375\.65 exact 375\.64896/);
      expect(await plain(line('storage_gb'))).toContain('100 included then 150 × $0.02 = $3.00');
    });

    test('says that files and stores agree, from a comparison', async () => {
      await sheet().getByText('Files, Postgres and ClickHouse agree for all 745 hours').waitFor();
    });

    test('is traced from a line to the very cell of a file; every level adds up', async () => {
      await line('context_tokens')
        .getByRole('button', { name: /^14 Oct/ })
        .click();
      const level = (at: number) => drawer().locator('ol').getByRole('listitem').nth(at);
      await level(1).getByText('24 hours sum to 114,752 and').waitFor();
      await drawer()
        .getByRole('group', { name: 'Hours' })
        .getByRole('button', { name: /^13:00/ })
        .click();
      await level(2).getByText('3 events sum to 74,739').waitFor();
      await level(2).getByRole('button', { name: '13:25:07' }).click();
      await drawer().getByText('31552 in column 5 = 31,552 in the event').waitFor();
      expect(await drawer().getByText('adds up').count()).toBe(4);
      expect(await drawer().getByText('differs').count()).toBe(0);
      expect(await textOf(drawer().locator('mark'))).toBe('31552');
    });

    test('the trace has an address; arrows step through the events, and Esc closes it', async () => {
      await page.reload();
      for (const words of ['3 events sum to 74,739', '31552 in column 5']) await drawer().getByText(words).waitFor();
      await page.keyboard.press('ArrowRight');
      await drawer().getByText('24810 in column 5').waitFor();
      await page.keyboard.press('ArrowLeft');
      await drawer().getByText('31552 in column 5').waitFor();
      await page.keyboard.press('Escape');
      await drawer().waitFor({ state: 'detached' });
      expect(new URL(page.url()).search).toBe('');
    });

    test('of a meter that takes its highest, each event adds what it raises', async () => {
      await page.goto(`/invoices/${acme}?line=2&day=2026-10-09`);
      await drawer()
        .getByRole('group', { name: 'Hours' })
        .getByRole('button', { name: /^10:00/ })
        .click();
      await drawer().getByText('1 event sum to 130').or(drawer().getByText('1 events sum to 130')).waitFor();
      expect(await textOf(drawer().getByRole('table'))).toContain('of 250: 130');
    });

    test('on a phone the trace is a sheet with the neighbours within reach', async () => {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.goto(`/invoices/${acme}?line=1&day=2026-10-14&hour=${Date.parse('2026-10-14T11:00:00Z')}`);
      await drawer().getByRole('button', { name: '13:25:07' }).click();
      await drawer().getByRole('button', { name: 'Next event, 13:25:20' }).click();
      await drawer().getByText('24810 in column 5').waitFor();
      expect(await drawer().getByRole('button', { name: 'Next event, last' }).isDisabled()).toBe(true);
      await page.setViewportSize({ width: 1440, height: 900 });
    });
  });

  describe('made final', () => {
    test('says what follows before it is done, and has its number, hash and date after', async () => {
      await page.goto(`/invoices/${acme}`);
      await button('Finalize').click();
      const asked = panel('Make this invoice final?');
      for (const words of ['the next number', 'on the next invoice', 'cannot become a draft again'])
        expect(await textOf(asked)).toContain(words);
      await asked.getByRole('button', { name: 'Make it final' }).click();
      await page.getByRole('heading', { name: 'Invoice INV-2026-00001', level: 2 }).waitFor();
      const { number, contentHash, status } = await read(acme);
      expect([number, status]).toEqual(['INV-2026-00001', 'final']);
      await page.getByText('Final', { exact: true }).waitFor();
      await sheet()
        .getByText(/^Finalized .* by /)
        .waitFor();
      await button(`Copy the whole SHA-256 of this invoice: ${contentHash}`).click();
      await eventually('the hash is in the clipboard', async () => (await clipboard()) === contentHash);
    });

    test('an amount is copied as the exact decimal, and says its formula', async () => {
      const { lines } = await read(acme);
      const amount = line('context_tokens').getByRole('button', { name: '375.65', exact: true });
      await amount.focus();
      expect(await textOf(page.getByRole('tooltip'))).toContain(`exact ${lines[0]?.exactAmount}`);
      expect(await textOf(page.getByRole('tooltip'))).toContain('= $375.65');
      await line('context_tokens').getByRole('button', { name: '1,315,204', exact: true }).click();
      await eventually('the quantity is in the clipboard', async () => (await clipboard()) === lines[0]?.quantity);
    });

    test('still follows from its rows', async () => {
      await button('Does it still follow from its rows?').click();
      await panel('Does this invoice still follow from its rows?').getByText('Yes. Computed again').waitFor();
      await page.keyboard.press('Escape');
      await panel('Does this invoice still follow from its rows?').waitFor({ state: 'detached' });
    });

    test('prints as the document alone', async () => {
      await page.emulateMedia({ media: 'print' });
      expect(await sheet().isVisible()).toBe(true);
      for (const name of ['Credit note', 'Make it void']) expect(await button(name).isVisible()).toBe(false);
      expect(await page.getByRole('navigation').first().isVisible()).toBe(false);
      await page.emulateMedia({ media: 'screen' });
    });
  });

  describe('credited', () => {
    test('says what is wrong with an amount, and what the note comes to before it is issued', async () => {
      await button('Credit note').click();
      const form = panel('Take back a part of invoice INV-2026-00001');
      const amount = form.getByLabel('Amount of context_tokens');
      await amount.fill('400');
      expect(await textOf(form.getByRole('alert'))).toBe('At most 375.65, what is left of this line.');
      await amount.fill('10');
      await form.getByText('The note comes to').waitFor();
      expect(await textOf(form)).toContain('Lines −10.00 Tax −1.90 The note comes to −11.90');
      expect(await form.getByRole('button', { name: 'Issue the credit note' }).isDisabled()).toBe(true);
    });

    test('issued with two clicks it is one note, and what remains to be paid adds up', async () => {
      const form = panel('Take back a part of invoice INV-2026-00001');
      await form.getByLabel('Reason, printed on the credit note').fill('Outage on 14 October');
      await form.getByRole('button', { name: 'Issue the credit note' }).dblclick();
      await page.getByText('Credit note CN-2026-00001 takes back $11.90.').waitFor();
      const settlement = panel('What remains to be paid');
      expect(await textOf(settlement)).toBe(
        'What remains to be paid Total of INV-2026-00001 508.90 Credit note CN-2026-00001 −11.90 Remains to be paid 497.00 adds up',
      );
      expect((await read(acme)).creditNotes).toHaveLength(1);
    });

    test('the note has a page of its own, with the amounts of the API, and leads back', async () => {
      await page.getByRole('link', { name: 'Credit note CN-2026-00001' }).click();
      await page.getByRole('heading', { name: 'Credit note CN-2026-00001', level: 2 }).waitFor();
      const [note] = (await read(acme)).creditNotes ?? [];
      const { total, tax } = await tallyline.json<CreditNoteDocument>(`/v1/credit-notes/${note?.id}`);
      const minus = (text: string) => text.replace('-', '−');
      expect(await textOf(sheet())).toContain(
        `Tax 19 % ${minus(tax)} Total credited USD ${minus(total)} Entries against the total adds up`,
      );
      expect(await textOf(sheet())).toContain('Reason: Outage on 14 October');
      await sheet().getByRole('link', { name: 'INV-2026-00001' }).click();
      await page.getByRole('heading', { name: 'Invoice INV-2026-00001', level: 2 }).waitFor();
    });

    test('more than is left is refused in words', async () => {
      await page.goto(`/invoices/${acme}?do=credit`);
      const form = panel('Take back a part of invoice INV-2026-00001');
      await form.getByLabel('Amount of context_tokens').fill('1.005');
      await form.getByText('This cannot be taken back.').waitFor();
      expect(await textOf(form.getByRole('alert'))).toContain('USD has 2 fraction digits');
    });
  });

  describe('when usage changes after it', () => {
    test('it says what differs, and the next invoice adjusts for it, down to the line of the late file', async () => {
      await importFile(tallyline, LATE, { name: 'acme-late.csv' });
      await page.goto(`/invoices/${acme}?do=recompute`);
      const checked = panel('Does this invoice still follow from its rows?');
      await checked.getByText('Not any more.').waitFor();
      expect(await textOf(checked.getByRole('row', { name: 'context_tokens' }))).toContain('500,000 120.00');
      await bill('2026-11');
      await page.goto(`/invoices/${await invoiceId('acme', '2026-11')}`);
      const adjustment = sheet().getByRole('region', { name: 'Adjustment 1: context_tokens' });
      expect(await textOf(adjustment)).toBe(
        'context_tokens 500,000 120.00 October 2026, billed by invoice INV-2026-00001 · 7 hours Came late with acme-late.csv: 1 event, 500,000'.replace(
          '7 hours',
          `${(await tallyline.json<Invoice>(`/v1/invoices/${await invoiceId('acme', '2026-11')}`)).adjustments[0]?.hours.length} hours`,
        ),
      );
      await adjustment.getByRole('button', { name: 'context_tokens' }).click();
      await drawer()
        .getByRole('group', { name: 'Days' })
        .getByRole('button', { name: /^20 Oct/ })
        .click();
      await drawer()
        .getByRole('group', { name: 'Hours' })
        .getByRole('button', { name: /^14:00/ })
        .click();
      await drawer().getByRole('table').getByRole('button').click();
      await drawer().getByText('500000 in column 5 = 500,000 in the event').waitFor();
      expect(await drawer().getByText('adds up').count()).toBe(4);
    });

    test('a row that was taken back since says so, where it was billed', async () => {
      const { items } = await tallyline.json<{ items: { id: string; name: string }[] }>('/v1/imports');
      const id = items.find(({ name }) => name === 'acme-2026-10.csv')?.id;
      await tallyline.json(`/v1/imports/${id}/undo?adjust=true`, { method: 'POST' });
      await eventually('it is undone', async () => (await tallyline.json<{ status: string }>(`/v1/imports/${id}`)).status === 'undone');
      await page.goto(`/invoices/${acme}?line=1&day=2026-10-14&hour=${Date.parse('2026-10-14T11:00:00Z')}`);
      await drawer().getByText('undone since').first().waitFor();
      await drawer().getByRole('button', { name: '13:25:07' }).click();
      await drawer()
        .getByText(/^Since then this row was taken back with its import/)
        .waitFor();
      expect(await drawer().getByText('adds up').count()).toBe(4);
    });
  });

  test('made void with a reason it stays, as void, with its credit note', async () => {
    await page.goto(`/invoices/${acme}`);
    await button('Make it void').click();
    const asked = panel('Make invoice INV-2026-00001 void?');
    expect(await textOf(asked)).toContain('1 credit note is void with it: CN-2026-00001');
    expect(await asked.getByRole('button', { name: 'Make it void' }).isDisabled()).toBe(true);
    await asked.getByRole('textbox').fill('wrong company');
    await asked.getByRole('button', { name: 'Make it void' }).click();
    await sheet().getByText('wrong company. Nothing of it is to be paid').waitFor();
    expect((await read(acme)).status).toBe('void');
    await sheet().getByRole('link', { name: 'CN-2026-00001' }).click();
    await sheet().getByText('with its invoice: wrong company').waitFor();
  });

  describe('is not made final', () => {
    const asked = () => panel('Make this invoice final?');
    const refused = async (why: string) => {
      await asked()
        .getByRole('button', { name: /^(Make it final|Try again)$/ })
        .click();
      await asked().getByText(why).waitFor();
      return textOf(asked().getByRole('alert'));
    };

    test('while an import has not ended; once it has, it is tried again', async () => {
      await page.goto(`/invoices/${helio}?do=finalize`);
      await sql(`UPDATE imports SET status = 'settling' WHERE name = 'helio.csv'`);
      await sql(
        `UPDATE import_partitions SET end_offset = end_offset + 1000000 WHERE import_id = (SELECT id FROM imports WHERE name = 'helio.csv')`,
      );
      const words = await refused('A file is still coming in.');
      expect(words).toMatch(/Import \d+ \("helio\.csv"\) is settling and may change the usage of customer "helio".*To the imports/);
      await asked().getByRole('button', { name: 'Try again' }).waitFor();
      await sql(
        `UPDATE import_partitions SET end_offset = end_offset - 1000000 WHERE import_id = (SELECT id FROM imports WHERE name = 'helio.csv')`,
      );
      await eventually('the import is settled', async () => {
        const { items } = await tallyline.json<{ items: { name: string; status: string }[] }>('/v1/imports');
        return items.find(({ name }) => name === 'helio.csv')?.status === 'complete';
      });
    });

    test('while a decision is on its way', async () => {
      await importFile(tallyline, HELIO(2000), { name: 'helio-other.csv' });
      await sql(
        `UPDATE conflicts SET keep = 'this', resolved_at = now(), sent_to = (SELECT incarnation FROM log_epochs ORDER BY epoch DESC LIMIT 1)`,
      );
      const words = await refused('Not all usage has arrived everywhere yet.');
      expect(words).toMatch(
        /customer "helio" is in both stores: the decision about conflict \d+ has yet to be carried out.*To the pipeline/,
      );
      await sql(`UPDATE conflicts SET keep = NULL, resolved_at = NULL, sent_to = NULL`);
    });

    test('while the stores differ in an hour: the button says so before it is pressed, and the hour is a link', async () => {
      const change = (by: string) => sql(`UPDATE usage_records SET quantity = quantity ${by} WHERE customer = 'helio'`);
      const compare = () => tallyline.json('/v1/reconciliation/run', { method: 'POST' });
      const differing = async () => (await tallyline.json<{ differing: number }>('/v1/reconciliation?customer=helio')).differing;
      await change('+ 1');
      await compare();
      await eventually('the hour differs', async () => (await differing()) === 1);
      await page.reload();
      await asked().getByText('One hour of Helio Labs differs between the two stores.').waitFor();
      expect(await asked().getByRole('button', { name: 'Make it final' }).isDisabled()).toBe(true);
      const link = asked().getByRole('link', { name: 'context_tokens, 5 Oct 2026 08:00–09:00 UTC' });
      expect(await link.getAttribute('href')).toContain('/records?customer=helio&meter=context_tokens&from=2026-10-05T08');
      await sheet().getByText('Postgres and ClickHouse differ in 1 hour of the 745').waitFor();
      await change('- 1');
      await compare();
      await eventually('the hour agrees', async () => (await differing()) === 0);
      await button('Look again').click();
      await eventually('it can be made final', () => asked().getByRole('button', { name: 'Make it final' }).isEnabled());
    });

    test('before its period is over, unless there is a reason', async () => {
      const period = new Date().toISOString().slice(0, 7);
      await bill(period);
      await page.goto(`/invoices/${await invoiceId('helio', period)}?do=finalize`);
      await asked()
        .getByText(/^The period ends on /)
        .waitFor();
      const confirm = asked().getByRole('button', { name: 'Make it final' });
      expect(await confirm.isDisabled()).toBe(true);
      await asked().getByLabel('Why it is made final before, for the record').fill('the contract ended');
      await confirm.click();
      await sheet().getByText('before its period was over: the contract ended').waitFor();
    });
  });

  test('an invoice or a credit note that is not there is said to be none', async () => {
    for (const [path, words] of [
      ['/invoices/999999', 'There is no invoice 999999.'],
      ['/invoices/nonsense', 'There is no invoice nonsense.'],
      ['/credit-notes/999999', 'There is no credit note 999999.'],
    ] as const) {
      await page.goto(path);
      await page.getByText(words).waitFor();
      await page.getByRole('link', { name: 'To the invoices' }).waitFor();
    }
  });

  test('while the server cannot be reached, the document that is there stays, and what failed is said', async () => {
    await page.goto(`/invoices/${helio}`);
    await sheet().waitFor();
    await page.context().setOffline(true);
    await button('Finalize').click();
    await page.context().setOffline(false);
    expect(await sheet().isVisible()).toBe(true);
  });
});
