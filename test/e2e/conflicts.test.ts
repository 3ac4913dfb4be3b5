/** Two files that disagree, and a person who decides, through the running program: usage, invoice, records and imports follow. */
import { expect, test } from 'vitest';
import type { Conflict } from '../../schemas/http/conflicts.ts';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { countRecords } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useTallyline } from '../support/use-tallyline.ts';

let tallyline: Tallyline;
useTallyline((started) => {
  tallyline = started;
});

const MAPPING: Mapping = { id: 'id', customer: 'customer', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'quantity' }] };

/** Rows 0 to `rows` of the first two days of October; `quantityOf` says how much each is. */
function file(rows: number, quantityOf: (n: number) => number): string {
  const lines = Array.from({ length: rows }, (_, n) => `${n},acme,2026-10-0${1 + (n % 2)}T0${n % 10}:00:00Z,${quantityOf(n)}\n`);
  return `id,customer,time,quantity\n${lines.join('')}`;
}

const send = (path: string, method: string, body: object) =>
  tallyline.json(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const view = (id: string) => tallyline.json<Import>(`/v1/imports/${id}`);
const conflicts = async (query: string) => (await tallyline.json<{ items: Conflict[] }>(`/v1/conflicts?limit=1000&${query}`)).items;
async function expectBilled(quantity: number): Promise<void> {
  expect(await usageTotals(tallyline, { meter: 'calls' })).toEqual({ calls: String(quantity) });
  const invoice = (await send('/v1/invoices/preview', 'POST', { customer: 'acme', period: '2026-10' })) as Invoice;
  expect(invoice.lines).toMatchObject([{ meter: 'calls', quantity: String(quantity) }]);
  expect(invoice.total).toBe((quantity / 100).toFixed(2));
}

test('a corrected file is billed where a person says so, and taken back by its undo', async () => {
  await send('/v1/plans/calls', 'PUT', {
    name: 'Calls',
    currency: 'USD',
    prices: [{ meter: 'calls', model: 'per_unit', unitPrice: '0.01' }],
  });
  await send('/v1/customers/acme', 'PUT', { name: 'Acme', currency: 'USD', timeZone: 'UTC', plan: 'calls' });
  const first = await importFile(
    tallyline,
    file(100, () => 10),
    { mapping: MAPPING },
  );
  // Ten rows are ten times as much.
  const second = await importFile(
    tallyline,
    file(100, (n) => (n % 10 === 3 ? 100 : 10)),
    { mapping: MAPPING },
  );
  expect(second).toMatchObject({ events: { accepted: 0, duplicate: 90, conflict: 10 }, rows: { new: 0, known: 90, conflict: 10 } });
  await expectBilled(1000);

  const open = await conflicts(`status=open&import=${second.id}`);
  expect(open).toHaveLength(10);
  expect(open[0]).toMatchObject({ first: { quantity: '10', importId: first.id, line: 95 }, this: { quantity: '100', line: 95 } });
  const [kept, ...others] = open;
  for (const { id } of others) await send(`/v1/conflicts/${id}/resolve`, 'POST', { keep: 'this' });
  await send(`/v1/conflicts/${kept?.id}/resolve`, 'POST', { keep: 'first' });
  await eventually('all of them are carried out', async () => (await conflicts('status=resolved')).length === 10 + 9);
  await eventually('usage has followed', async () => (await usageTotals(tallyline, { meter: 'calls' }))['calls'] === '1810');
  await expectBilled(1810);
  expect(await countRecords(tallyline.dataDirectory)).toEqual({ rows: '100', quantity: '1810' });
  const counted = await eventually('both imports are counted anew', async () => {
    const found = await Promise.all([view(first.id), view(second.id)]);
    return found.every(({ rows }) => rows.new !== undefined) && found;
  });
  expect(counted).toMatchObject([
    { events: { published: 100, accepted: 91, duplicate: 0, conflict: 9 }, rows: { new: 91, known: 0, conflict: 9 } },
    { events: { published: 100, accepted: 9, duplicate: 90, conflict: 1 }, rows: { new: 9, known: 90, conflict: 1 } },
  ]);

  await tallyline.json(`/v1/imports/${second.id}/undo`, { method: 'POST' });
  await eventually('the second is undone', async () => (await view(second.id)).status === 'undone');
  // What was decided against is not billed by itself: a person is asked again.
  await expectBilled(910);
  const asked = await conflicts('status=open');
  expect(asked).toHaveLength(9);
  expect(asked[0]).toMatchObject({ first: null, this: { quantity: '10', importId: first.id }, keep: null, resolvedBy: null });
  for (const { id } of asked) await send(`/v1/conflicts/${id}/resolve`, 'POST', { keep: 'this' });
  await eventually('usage has followed', async () => (await usageTotals(tallyline, { meter: 'calls' }))['calls'] === '1000');
  await expectBilled(1000);
  expect(await countRecords(tallyline.dataDirectory)).toEqual({ rows: '100', quantity: '1000' });
});
