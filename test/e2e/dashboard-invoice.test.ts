/** A stored invoice as somebody in accounting meets it: read, traced to a cell, made final, credited and made void. */
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CreditNoteDocument } from '../../schemas/http/credit-notes.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { LATE, openBilledDashboard, type BilledDashboard } from '../support/billed-dashboard.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText, textOf } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';

describe.skipIf(!chromiumAvailable)('a stored invoice', () => {
  let on: BilledDashboard;
  beforeAll(async () => {
    on = await openBilledDashboard();
  });
  afterAll(() => on?.close());

  const plain = async (locator: Locator) => (await textOf(locator)).replaceAll(',', '');
  const clipboard = () => on.page.evaluate('navigator.clipboard.readText()');

  describe('as a draft', () => {
    test('says what it is, for whom, and that the clock went back; its amounts are those of the API', async () => {
      await on.page.goto(`/invoices/${on.acme}`);
      await on.page.getByRole('heading', { name: 'Draft invoice', level: 2 }).waitFor();
      const text = await plain(on.sheet());
      const { lines, subtotal, tax, total } = await on.read(on.acme);
      for (const words of ['Larkfield Compute GmbH bills', 'Acme AI GmbH', '80331 Munich', '745 hours: the clock went back on 25 Oct']) {
        expect(text).toContain(words);
      }
      expect(text).toContain('A draft as of');
      for (const { meter, description, amount } of lines)
        await expect.poll(() => plain(on.line(meter || description))).toContain(` ${amount}`);
      expect(text).toContain(`Subtotal ${subtotal} Tax 19 % of ${tax[0]?.base} ${tax[0]?.amount} Total USD ${total}`);
      await expect
        .poll(() => plain(on.line('context_tokens')))
        .toMatch(/1000000 × \$0\.0003 \+ 315204 × \$0\.00024 = \$375\.65 · each unit at the price of its tier exact 375\.64896/);
      await expect.poll(() => plain(on.line('storage_gb'))).toContain('100 included then 150 × $0.02 = $3.00');
    });

    test('says that files and stores agree, from a comparison', async () => {
      await on.sheet().getByText('Files, Postgres and ClickHouse agree for all 745 hours').waitFor();
    });

    test('is traced from a line to the very cell of a file; every level adds up', async () => {
      await on
        .line('context_tokens')
        .getByRole('button', { name: /^14 Oct/ })
        .click();
      const level = (at: number) => on.drawer().locator('ol').getByRole('listitem').nth(at);
      await level(1).getByText('24 hours sum to 114,752 and').waitFor();
      await on
        .drawer()
        .getByRole('group', { name: 'Hours' })
        .getByRole('button', { name: /^13:00/ })
        .click();
      await level(2).getByText('3 events sum to 74,739').waitFor();
      await level(2).getByRole('button', { name: '13:25:07' }).click();
      await on.drawer().getByText('31552 in column 5 = 31,552 in the event').waitFor();
      await expect.poll(() => on.drawer().getByText('adds up').count()).toBe(4);
      await expect.poll(() => on.drawer().getByText('differs').count()).toBe(0);
      await expectText(on.drawer().locator('mark')).toBe('31552');
    });

    test('the trace has an address; arrows step through the events, and Esc closes it', async () => {
      await on.page.reload();
      for (const words of ['3 events sum to 74,739', '31552 in column 5']) await on.drawer().getByText(words).waitFor();
      await on.page.keyboard.press('ArrowRight');
      await on.drawer().getByText('24810 in column 5').waitFor();
      await on.page.keyboard.press('ArrowLeft');
      await on.drawer().getByText('31552 in column 5').waitFor();
      await on.page.keyboard.press('Escape');
      await on.drawer().waitFor({ state: 'detached' });
      expect(new URL(on.page.url()).search).toBe('');
    });

    test('of a meter that takes its highest, each event adds what it raises', async () => {
      await on.page.goto(`/invoices/${on.acme}?line=2&day=2026-10-09`);
      await on
        .drawer()
        .getByRole('group', { name: 'Hours' })
        .getByRole('button', { name: /^10:00/ })
        .click();
      await on.drawer().getByText('1 event sums to 130').waitFor();
      await expectText(on.drawer().getByRole('table')).toContain('of 250: 130');
    });

    test('on a phone the trace is a sheet with the neighbours within reach', async () => {
      await on.page.setViewportSize({ width: 390, height: 844 });
      await on.page.goto(`/invoices/${on.acme}?line=1&day=2026-10-14&hour=${Date.parse('2026-10-14T11:00:00Z')}`);
      await on.drawer().getByRole('button', { name: '13:25:07' }).click();
      await on.drawer().getByRole('button', { name: 'Next event, 13:25:20' }).click();
      await on.drawer().getByText('24810 in column 5').waitFor();
      await expect.poll(() => on.drawer().getByRole('button', { name: 'Next event, last' }).isDisabled()).toBe(true);
      await on.page.setViewportSize({ width: 1440, height: 900 });
    });
  });

  describe('made final', () => {
    test('says what follows before it is done, and has its number, hash and date after', async () => {
      await on.page.goto(`/invoices/${on.acme}`);
      await on.button('Finalize').click();
      const asked = on.panel('Make this invoice final?');
      for (const words of ['the next number', 'on the next invoice', 'cannot become a draft again'])
        await expectText(asked).toContain(words);
      await asked.getByRole('button', { name: 'Make it final' }).click();
      await on.page.getByRole('heading', { name: 'Invoice INV-2026-00001', level: 2 }).waitFor();
      const { number, contentHash, status } = await on.read(on.acme);
      expect([number, status]).toEqual(['INV-2026-00001', 'final']);
      await on.page.getByText('Final', { exact: true }).waitFor();
      await on
        .sheet()
        .getByText(/^Finalized .* by /)
        .waitFor();
      await on.page.getByTitle(`Copy all of it: ${contentHash}`).click();
      await eventually('the hash is in the clipboard', async () => (await clipboard()) === contentHash);
    });

    test('an amount is copied as the exact decimal, and says its formula', async () => {
      const { lines } = await on.read(on.acme);
      const amount = on.line('context_tokens').getByRole('button', { name: '375.65', exact: true });
      await amount.focus();
      await expectText(on.page.getByRole('tooltip')).toContain(`exact ${lines[0]?.exactAmount}`);
      await expectText(on.page.getByRole('tooltip')).toContain('= $375.65');
      await on.line('context_tokens').getByRole('button', { name: '1,315,204', exact: true }).click();
      await eventually('the quantity is in the clipboard', async () => (await clipboard()) === lines[0]?.quantity);
    });

    test('still follows from its rows', async () => {
      await on.button('Does it still follow from its rows?').click();
      await on.panel('Does this invoice still follow from its rows?').getByText('Yes. Computed again').waitFor();
      await on.page.keyboard.press('Escape');
      await on.panel('Does this invoice still follow from its rows?').waitFor({ state: 'detached' });
    });

    test('prints as the document alone', async () => {
      await on.page.emulateMedia({ media: 'print' });
      await expect.poll(() => on.sheet().isVisible()).toBe(true);
      for (const name of ['Credit note', 'Make it void']) await expect.poll(() => on.button(name).isVisible()).toBe(false);
      await expect.poll(() => on.page.getByRole('navigation').first().isVisible()).toBe(false);
      await on.page.emulateMedia({ media: 'screen' });
    });
  });

  describe('credited', () => {
    test('says what is wrong with an amount, and what the note comes to before it is issued', async () => {
      await on.button('Credit note').click();
      const form = on.panel('Take back a part of invoice INV-2026-00001');
      const amount = form.getByLabel('Amount of context_tokens');
      await amount.fill('400');
      await expectText(form.getByRole('alert')).toBe('At most 375.65, what is left of this line.');
      await amount.fill('10');
      await form.getByText('The note comes to').waitFor();
      await expectText(form).toContain('Lines −10.00 Tax −1.90 The note comes to −11.90');
      await expect.poll(() => form.getByRole('button', { name: 'Issue the credit note' }).isDisabled()).toBe(true);
    });

    test('issued with two clicks it is one note, and what remains to be paid adds up', async () => {
      const form = on.panel('Take back a part of invoice INV-2026-00001');
      await form.getByLabel('Reason, printed on the credit note').fill('Outage on 14 October');
      await form.getByRole('button', { name: 'Issue the credit note' }).dblclick();
      await on.page.getByText('Credit note CN-2026-00001 takes back $11.90.').waitFor();
      const settlement = on.panel('What remains to be paid');
      await expectText(settlement).toBe(
        'What remains to be paid Total of INV-2026-00001 508.90 Credit note CN-2026-00001 −11.90 Remains to be paid 497.00 adds up',
      );
      expect((await on.read(on.acme)).creditNotes).toHaveLength(1);
    });

    test('the note has a page of its own, with the amounts of the API, and leads back', async () => {
      await on.page.getByRole('link', { name: 'Credit note CN-2026-00001' }).click();
      await on.page.getByRole('heading', { name: 'Credit note CN-2026-00001', level: 2 }).waitFor();
      const [note] = (await on.read(on.acme)).creditNotes ?? [];
      const { total, tax } = await on.tallyline.json<CreditNoteDocument>(`/v1/credit-notes/${note?.id}`);
      const minus = (text: string) => text.replace('-', '−');
      await expectText(on.sheet()).toContain(`Tax 19 % ${minus(tax)} Total credited USD ${minus(total)} Entries against the total adds up`);
      await expectText(on.sheet()).toContain('Reason: Outage on 14 October');
      await on.sheet().getByRole('link', { name: 'INV-2026-00001' }).click();
      await on.page.getByRole('heading', { name: 'Invoice INV-2026-00001', level: 2 }).waitFor();
    });

    test('more than is left is refused in words', async () => {
      await on.page.goto(`/invoices/${on.acme}?do=credit`);
      const form = on.panel('Take back a part of invoice INV-2026-00001');
      await form.getByLabel('Amount of context_tokens').fill('1.005');
      await form.getByText('This cannot be taken back.').waitFor();
      await expectText(form.getByRole('alert')).toContain('USD has 2 fraction digits');
    });
  });

  describe('when usage changes after it', () => {
    test('it says what differs, and the next invoice adjusts for it, down to the line of the late file', async () => {
      await importFile(on.tallyline, LATE, { name: 'acme-late.csv' });
      await on.page.goto(`/invoices/${on.acme}?do=recompute`);
      const checked = on.panel('Does this invoice still follow from its rows?');
      await checked.getByText('Not any more.').waitFor();
      await expectText(checked.getByRole('row', { name: 'context_tokens' })).toContain('500,000 120.00');
      await on.bill('2026-11');
      const next = await on.invoiceId('acme', '2026-11');
      const hours = (await on.tallyline.json<Invoice>(`/v1/invoices/${next}`)).adjustments[0]?.hours.length;
      await on.page.goto(`/invoices/${next}`);
      const adjustment = on.sheet().getByRole('region', { name: 'Adjustment 1: context_tokens' });
      await expectText(adjustment).toBe(
        `context_tokens 500,000 120.00 October 2026, billed by invoice INV-2026-00001 · ${hours} hours Came late with acme-late.csv: 1 event, 500,000`,
      );
      await adjustment.getByRole('button', { name: 'context_tokens' }).click();
      await on
        .drawer()
        .getByRole('group', { name: 'Days' })
        .getByRole('button', { name: /^20 Oct/ })
        .click();
      await on
        .drawer()
        .getByRole('group', { name: 'Hours' })
        .getByRole('button', { name: /^14:00/ })
        .click();
      await on.drawer().getByRole('table').getByRole('button').click();
      await on.drawer().getByText('500000 in column 5 = 500,000 in the event').waitFor();
      await expect.poll(() => on.drawer().getByText('adds up').count()).toBe(4);
    });

    test('a row that was taken back since says so, where it was billed', async () => {
      const { items } = await on.tallyline.json<{ items: { id: string; name: string }[] }>('/v1/imports');
      const id = items.find(({ name }) => name === 'acme-2026-10.csv')?.id;
      await on.tallyline.json(`/v1/imports/${id}/undo?adjust=true`, { method: 'POST' });
      await eventually('it is undone', async () => (await on.tallyline.json<{ status: string }>(`/v1/imports/${id}`)).status === 'undone');
      await on.page.goto(`/invoices/${on.acme}?line=1&day=2026-10-14&hour=${Date.parse('2026-10-14T11:00:00Z')}`);
      await on.drawer().getByText('undone since').first().waitFor();
      await on.drawer().getByRole('button', { name: '13:25:07' }).click();
      await on
        .drawer()
        .getByText(/^Since then this row was taken back with its import/)
        .waitFor();
      await expect.poll(() => on.drawer().getByText('adds up').count()).toBe(4);
    });
  });

  test('made void with a reason it stays, as void, with its credit note', async () => {
    await on.page.goto(`/invoices/${on.acme}`);
    await on.button('Make it void').click();
    const asked = on.panel('Make invoice INV-2026-00001 void?');
    await expectText(asked).toContain('1 credit note is void with it: CN-2026-00001');
    await expect.poll(() => asked.getByRole('button', { name: 'Make it void' }).isDisabled()).toBe(true);
    await asked.getByRole('textbox').fill('wrong company');
    await asked.getByRole('button', { name: 'Make it void' }).click();
    await on.sheet().getByText('wrong company. Nothing of it is to be paid').waitFor();
    expect((await on.read(on.acme)).status).toBe('void');
    await on.sheet().getByRole('link', { name: 'CN-2026-00001' }).click();
    await on.sheet().getByText('with its invoice: wrong company').waitFor();
  });
});
