/** What the server refuses after the click, though the page knew nothing of it: said with what, where and how it is mended, and done once it is. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partitionFor as partitionOf } from '../../platform/event-log/partition-for.ts';
import type { Import } from '../../schemas/http/imports.ts';
import { HELIO, openBilledDashboard, type BilledDashboard } from '../support/billed-dashboard.ts';
import { chromiumAvailable } from '../support/chromium.ts';
import { expectText, textOf } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';

/** Some seconds of work: many times what a click and its answer take. */
const LONG_ROWS = 250_000;
const LONG_MS_MAX = 180_000;
/** As a first start makes them. */
const PARTITIONS = 2;

/** Of customers in these partitions alone. */
function longFile(isWanted: (partition: number) => boolean): string {
  const customers = Array.from({ length: 100 }, (_, n) => `busy-${n}`).filter((customer) => isWanted(partitionOf(customer, PARTITIONS)));
  const lines = ['id,customer,time,meter,quantity'];
  for (let n = 0; n < LONG_ROWS; n += 1)
    lines.push(`long-${n},${customers[n % customers.length] ?? ''},2026-10-0${(n % 9) + 1}T05:00:00Z,calls,1`);
  return `${lines.join('\n')}\n`;
}

describe.skipIf(!chromiumAvailable)('finalize is refused after the click', () => {
  let on: BilledDashboard;
  let page: Page;
  beforeAll(async () => {
    on = await openBilledDashboard();
    page = on.page;
  });
  afterAll(() => on?.close());

  const asked = () => on.panel('Make this invoice final?');
  const alert = () => asked().getByRole('alert');
  const confirm = () => asked().getByRole('button', { name: /^(Make it final|Try again)$/ });
  const outcomes = () => page.getByRole('region', { name: 'Finalizing' });
  const openPanel = async (id: string) => {
    await page.goto(`/invoices/${id}?do=finalize`);
    await eventually('it can be made final', () => confirm().isEnabled());
  };
  const choose = (name: string) => page.getByRole('table').first().getByRole('row', { name }).getByRole('checkbox').check();
  const finalizeChosen = async (drafts: number) => {
    const bar = page.getByRole('region', { name: 'Drafts chosen' });
    await bar.getByRole('button', { name: 'Finalize', exact: true }).click();
    await bar.getByRole('button', { name: `Finalize ${drafts} draft` }).click();
  };
  const statusOf = async (id: string) => (await on.tallyline.json<Import>(`/v1/imports/${id}`)).status;
  const beginLongFile = async (name: string, isWanted: (partition: number) => boolean) => {
    const { id } = await importFile(on.tallyline, longFile(isWanted), { name, wait: false });
    await eventually('it is being read', async () => (await statusOf(id)) === 'publishing');
    return id;
  };
  const untilIn = (id: string) => eventually('the file is in', async () => (await statusOf(id)) === 'complete', LONG_MS_MAX);
  const differing = async (count: number) => {
    await on.tallyline.json('/v1/reconciliation/run', { method: 'POST' });
    await eventually(`${count} hours differ`, async () => {
      const { differing: now } = await on.tallyline.json<{ differing: number }>('/v1/reconciliation?customer=helio');
      return now === count;
    });
  };

  test('an hour that differs since the page was opened: the hour is named, opens its records, and is mended on the pipeline page', async () => {
    await openPanel(on.helio);
    await on.sql(`UPDATE usage_records SET quantity = quantity + 1 WHERE customer = 'helio'`);
    await differing(1);
    await confirm().click();
    await alert().getByText('One hour of Helio Labs differs between the two stores.').waitFor();
    const words = await textOf(alert());
    expect(words).toContain(
      'no invoice of this customer can be made final. Rebuilding ClickHouse from Postgres on the pipeline page mends it.',
    );
    expect(words).toMatch(/reconciliation_red request \S+$/);
    await expect.poll(() => alert().getByRole('link', { name: 'To the pipeline' }).getAttribute('href')).toBe('/pipeline');
    expect((await on.read(on.helio)).status).toBe('draft');
    await alert().getByRole('link', { name: 'context_tokens, 5 Oct 2026 08:00–09:00 UTC' }).click();
    await page.waitForURL('**/records?customer=helio&meter=context_tokens&from=2026-10-05T08**');
    await page.getByRole('table').getByText('1,001').first().waitFor();
  });

  test('the mending that it names is one: after the rebuild the same click makes it final, over what Postgres holds', async () => {
    await page.goto('/pipeline');
    await page.getByRole('button', { name: 'Rebuild ClickHouse' }).click();
    await page.getByRole('region', { name: 'Rebuild of ClickHouse' }).getByText('events in Postgres.').waitFor();
    await differing(0);
    await on.sql(`UPDATE usage_records SET quantity = quantity - 1 WHERE customer = 'helio'`);
    await differing(1);
    await on.sql(`UPDATE usage_records SET quantity = quantity + 1 WHERE customer = 'helio'`);
    await differing(0);
    await openPanel(on.helio);
  });

  test('a decision that is on its way: it is said that waiting helps, and trying again does it', async () => {
    await importFile(on.tallyline, HELIO(2000), { name: 'helio-other.csv' });
    await openPanel(on.helio);
    await on.sql(
      `UPDATE conflicts SET keep = 'this', resolved_at = now(), sent_to = (SELECT incarnation FROM log_epochs ORDER BY epoch DESC LIMIT 1)`,
    );
    await confirm().click();
    await alert().getByText('Not all usage has arrived everywhere yet.').waitFor();
    await expectText(alert()).toMatch(/the decision about conflict \d+ has yet to be carried out.* To the pipeline behind request \S+$/);
    await on.sql(`UPDATE conflicts SET keep = NULL, resolved_at = NULL, sent_to = NULL`);
    await asked().getByRole('button', { name: 'Try again' }).waitFor();
  });

  test('a file that is being read, of other customers: it is named, and once it is in, what was refused is made final', async () => {
    await page.goto('/invoices?month=2026-10');
    await choose('Helio Labs');
    const id = await beginLongFile('long.csv', (partition) => partition !== partitionOf('helio', PARTITIONS));
    await finalizeChosen(1);
    await outcomes().getByText('0 of 1 draft are final now, 1 was refused.').waitFor();
    const refused = outcomes().getByRole('listitem').filter({ hasText: 'Helio Labs' });
    await expectText(refused).toMatch(
      new RegExp(
        `A file is still coming in. Import ${id} \\("long\\.csv"\\) is \\w+ and may change the usage of customer "helio"\\. .* import_running$`,
      ),
    );
    await expect.poll(() => refused.getByRole('link', { name: 'To the imports' }).getAttribute('href')).toBe('/imports');
    await untilIn(id);
    await outcomes().getByRole('button', { name: 'Try the refused again' }).click();
    await outcomes().getByText('1 of 1 draft is final now.').waitFor();
    expect((await on.read(on.helio)).status).toBe('final');
  });

  test('its own usage that is on its way: whichever store is behind is said, and once both have it, it is made final', async () => {
    await page.goto('/invoices?month=2026-10');
    await choose('Acme AI GmbH');
    const id = await beginLongFile('own.csv', (partition) => partition === partitionOf('acme', PARTITIONS));
    await finalizeChosen(1);
    await outcomes().getByText('0 of 1 draft are final now, 1 was refused.').waitFor();
    const words = await textOf(outcomes().getByRole('listitem').filter({ hasText: 'Acme AI GmbH' }));
    // Level for a moment, both stores may also have all that is published so far: then it is the file that is not over.
    expect(words).toMatch(
      /Not all usage of customer "acme" is in both stores: .* To the pipeline behind$|Import \d+ .* To the imports import_running$/,
    );
    await untilIn(id);
    await outcomes().getByRole('button', { name: 'Try the refused again' }).click();
    await outcomes().getByText('1 of 1 draft is final now.').waitFor();
  });
});
