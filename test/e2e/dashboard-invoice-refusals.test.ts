/** An invoice that is not made final, or not there: each refusal says why, and where to go on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HELIO, openBilledDashboard, type BilledDashboard } from '../support/billed-dashboard.ts';
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

  describe('is not made final', () => {
    const asked = () => on.panel('Make this invoice final?');
    const refused = async (why: string) => {
      await asked()
        .getByRole('button', { name: /^(Make it final|Try again)$/ })
        .click();
      await asked().getByText(why).waitFor();
      return textOf(asked().getByRole('alert'));
    };

    test('while an import has not ended; once it has, it is tried again', async () => {
      await on.page.goto(`/invoices/${on.helio}?do=finalize`);
      await on.sql(`UPDATE imports SET status = 'settling' WHERE name = 'helio.csv'`);
      await on.sql(
        `UPDATE import_partitions SET end_offset = end_offset + 1000000 WHERE import_id = (SELECT id FROM imports WHERE name = 'helio.csv')`,
      );
      const words = await refused('A file is still coming in.');
      expect(words).toMatch(/Import \d+ \("helio\.csv"\) is settling and may change the usage of customer "helio".*To the imports/);
      await asked().getByRole('button', { name: 'Try again' }).waitFor();
      await on.sql(
        `UPDATE import_partitions SET end_offset = end_offset - 1000000 WHERE import_id = (SELECT id FROM imports WHERE name = 'helio.csv')`,
      );
      await eventually('the import is settled', async () => {
        const { items } = await on.tallyline.json<{ items: { name: string; status: string }[] }>('/v1/imports');
        return items.find(({ name }) => name === 'helio.csv')?.status === 'complete';
      });
    });

    test('while a decision is on its way', async () => {
      await importFile(on.tallyline, HELIO(2000), { name: 'helio-other.csv' });
      await on.sql(
        `UPDATE conflicts SET keep = 'this', resolved_at = now(), sent_to = (SELECT incarnation FROM log_epochs ORDER BY epoch DESC LIMIT 1)`,
      );
      const words = await refused('Not all usage has arrived everywhere yet.');
      expect(words).toMatch(
        /customer "helio" is in both stores: the decision about conflict \d+ has yet to be carried out.*To the pipeline/,
      );
      await on.sql(`UPDATE conflicts SET keep = NULL, resolved_at = NULL, sent_to = NULL`);
    });

    test('while the stores differ in an hour: the button says so before it is pressed, and the hour is a link', async () => {
      const change = (by: string) => on.sql(`UPDATE usage_records SET quantity = quantity ${by} WHERE customer = 'helio'`);
      const compare = () => on.tallyline.json('/v1/reconciliation/run', { method: 'POST' });
      const differing = async () => (await on.tallyline.json<{ differing: number }>('/v1/reconciliation?customer=helio')).differing;
      await change('+ 1');
      await compare();
      await eventually('the hour differs', async () => (await differing()) === 1);
      await on.page.reload();
      await asked().getByText('One hour of Helio Labs differs between the two stores.').waitFor();
      await expect.poll(() => asked().getByRole('button', { name: 'Make it final' }).isDisabled()).toBe(true);
      const link = asked().getByRole('link', { name: 'context_tokens, 5 Oct 2026 08:00–09:00 UTC' });
      await expect.poll(() => link.getAttribute('href')).toContain('/records?customer=helio&meter=context_tokens&from=2026-10-05T08');
      await on.sheet().getByText('Postgres and ClickHouse differ in 1 hour of the 745').waitFor();
      await change('- 1');
      await compare();
      await eventually('the hour agrees', async () => (await differing()) === 0);
      await on.button('Look again').click();
      await eventually('it can be made final', () => asked().getByRole('button', { name: 'Make it final' }).isEnabled());
    });

    test('before its period is over, unless there is a reason', async () => {
      const period = new Date().toISOString().slice(0, 7);
      await on.bill(period);
      await on.page.goto(`/invoices/${await on.invoiceId('helio', period)}?do=finalize`);
      await asked()
        .getByText(/^The period ends on /)
        .waitFor();
      const confirm = asked().getByRole('button', { name: 'Make it final' });
      await expect.poll(() => confirm.isDisabled()).toBe(true);
      await asked().getByLabel('Why it is made final before, for the record').fill('the contract ended');
      await confirm.click();
      await on.sheet().getByText('before its period was over: the contract ended').waitFor();
    });
  });

  test('an invoice or a credit note that is not there is said to be none', async () => {
    for (const [path, words] of [
      ['/invoices/999999', 'There is no invoice 999999.'],
      ['/invoices/nonsense', 'There is no invoice nonsense.'],
      ['/credit-notes/999999', 'There is no credit note 999999.'],
    ] as const) {
      await on.page.goto(path);
      await on.page.getByText(words).waitFor();
      await on.page.getByRole('link', { name: 'To the invoices' }).waitFor();
    }
  });

  test('while the server cannot be reached, the document stays, and what was asked for can be asked for again', async () => {
    await on.page.goto(`/invoices/${on.helio}?do=finalize`);
    const asked = on.panel('Make this invoice final?');
    const confirm = asked.getByRole('button', { name: /^(Make it final|Try again)$/ });
    await eventually('it can be made final', () => confirm.isEnabled());
    await on.page.context().setOffline(true);
    await confirm.click();
    await asked.getByText('Tallyline cannot be reached.').waitFor();
    await expectText(on.sheet()).toContain('Draft invoice');
    await on.page.context().setOffline(false);
    await confirm.click();
    await on
      .sheet()
      .getByText(/^Finalized /)
      .waitFor();
  });
});
