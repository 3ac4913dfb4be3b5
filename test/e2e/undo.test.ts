/** An import taken back, through the running program: the stores, the usage, the invoice and the records say the same afterwards. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { RecordList, Usage } from '../../schemas/http/usage.ts';
import type { Static } from 'typebox';
import { countRecords } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useTallyline } from '../support/use-tallyline.ts';

const LONG_FILE_ROWS = 600_000;

let tallyline: Tallyline;
useTallyline((started) => {
  tallyline = started;
});

/** Every test has a meter of its own, so that tests do not see each other's usage. */
const mappingFor = (meter: string, quantity = 'quantity'): Mapping => ({
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { const: meter }, quantity }],
});

/** Rows `from` to `to` of an endless file: the row number is the quantity; two days of October. */
function file(from: number, to: number, customer = 'acme'): string {
  const rows = Array.from({ length: to - from }, (_, k) => {
    const n = from + k;
    return `${n},${customer},2026-10-${String(1 + (n % 2)).padStart(2, '0')}T0${n % 10}:00:00Z,${n},${n * 1000}\n`;
  });
  return `id,customer,time,quantity,wrong\n${rows.join('')}`;
}
const sum = (from: number, to: number) => String(((from + to - 1) * (to - from)) / 2);

const undo = (id: string) => tallyline.json<Import>(`/v1/imports/${id}/undo`, { method: 'POST' });
const view = (id: string) => tallyline.json<Import>(`/v1/imports/${id}`);
const undone = (id: string) =>
  eventually(`import ${id} is undone`, async () => {
    const found = await view(id);
    return found.status === 'undone' && found;
  });
const post = (path: string, method: string, body: object) =>
  tallyline.json(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const records = (query: string) => tallyline.json<Static<typeof RecordList>>(`/v1/records?limit=1000&${query}`);

describe('of three overlapping imports', () => {
  let ids: string[];
  beforeAll(async () => {
    const prices = [{ meter: 'overlap', model: 'per_unit', unitPrice: '0.01' }];
    await post('/v1/plans/overlap', 'PUT', { name: 'Overlap', currency: 'USD', prices });
    await post('/v1/customers/acme', 'PUT', { name: 'Acme', currency: 'USD', timeZone: 'UTC', plan: 'overlap' });
    ids = [];
    for (const [from, to] of [
      [0, 300],
      [200, 500],
      [400, 600],
    ] as const) {
      ids.push((await importFile(tallyline, file(from, to), { mapping: mappingFor('overlap') })).id);
    }
  });

  test('the undone one leaves exactly what the other two justify', async () => {
    const [first = '', second = '', third = ''] = ids;
    expect(await usageTotals(tallyline, { meter: 'overlap' })).toEqual({ overlap: sum(0, 600) });
    expect(await view(second)).toMatchObject({ rows: { new: 200, known: 100 }, knownFrom: [{ importId: first, events: 100 }] });
    expect(await undo(first)).toMatchObject({ id: first, status: 'undoing' });
    expect(await undone(first)).toMatchObject({ events: { published: 300, accepted: 300 } });

    expect(await usageTotals(tallyline, { meter: 'overlap' })).toEqual({ overlap: sum(200, 600) });
    const { buckets } = await tallyline.json<Usage>('/v1/usage?from=2026-10-01T00:00:00Z&to=2026-10-03T00:00:00Z&grain=hour&meter=overlap');
    expect(buckets.reduce((events, bucket) => events + bucket.events, 0)).toBe(400);
    expect(await countRecords(tallyline.dataDirectory)).toEqual({ rows: '400', quantity: sum(200, 600) });
    const invoice = (await post('/v1/invoices/preview', 'POST', { customer: 'acme', period: '2026-10' })) as Invoice;
    expect(invoice.lines).toMatchObject([{ meter: 'overlap', quantity: sum(200, 600) }]);
    expect(invoice.total).toBe('1598.00');

    expect((await records(`import=${first}`)).items).toEqual([]);
    expect((await records(`import=${second}`)).items).toHaveLength(300);
    const voided = await records(`status=voided&import=${first}`);
    expect(voided.items).toHaveLength(300);
    expect(voided.items[0]).toMatchObject({ status: 'voided', importId: first });
    expect(await tallyline.json(`/v1/records/${voided.items[0]?.key}`)).toEqual(voided.items[0]);
    const counted = await eventually('the second is counted anew', async () => {
      const found = await view(second);
      return found.rows.new !== undefined && found;
    });
    expect(counted).toMatchObject({ rows: { read: 300, new: 300, known: 0 }, events: { accepted: 300, duplicate: 0 }, knownFrom: [] });

    await undo(third);
    await undone(third);
    expect(await usageTotals(tallyline, { meter: 'overlap' })).toEqual({ overlap: sum(200, 500) });
  });

  test('the undone one stays undone when it is undone again, and its file can be imported anew', async () => {
    const [first = ''] = ids;
    expect(await undo(first)).toMatchObject({ status: 'undone' });
    const again = await importFile(tallyline, file(0, 300), { mapping: mappingFor('overlap') });
    expect(again.events).toMatchObject({ accepted: 200, duplicate: 100 });
    expect(await usageTotals(tallyline, { meter: 'overlap' })).toEqual({ overlap: sum(0, 500) });
  });
});

describe('a file with the wrong mapping', () => {
  test('undone, and then imported with the right one under the same Idempotency-Key, bills once', async () => {
    const headers = { 'idempotency-key': 'october' };
    const wrong = await importFile(tallyline, file(0, 100, 'beta'), { mapping: mappingFor('mapped', 'wrong'), headers });
    await undo(wrong.id);
    await undone(wrong.id);
    expect(await usageTotals(tallyline, { customer: 'beta' })).toEqual({});
    const right = await importFile(tallyline, file(0, 100, 'beta'), { mapping: mappingFor('mapped'), headers });
    expect(right).toMatchObject({ status: 'complete', events: { accepted: 100, duplicate: 0, conflict: 0 } });
    expect(await usageTotals(tallyline, { customer: 'beta' })).toEqual({ mapped: sum(0, 100) });
  });

  test('undone after the right one was imported leaves what the right one says', async () => {
    const wrong = await importFile(tallyline, file(0, 100, 'gamma'), { mapping: mappingFor('late', 'wrong') });
    const right = await importFile(tallyline, file(0, 100, 'gamma'), { mapping: mappingFor('late') });
    expect(right.events).toMatchObject({ accepted: 0, duplicate: 1, conflict: 99 });
    await undo(wrong.id);
    await undone(wrong.id);
    expect(await usageTotals(tallyline, { customer: 'gamma' })).toEqual({ late: sum(0, 100) });
    expect((await records('status=conflict')).items).toEqual([]);
  });
});

describe('an import', () => {
  test('undone while it is being published leaves nothing, and its file can be imported again', async () => {
    // Long enough to be published for seconds.
    const body = file(0, LONG_FILE_ROWS, 'delta');
    const { id } = await importFile(tallyline, body, { mapping: mappingFor('cut'), wait: false });
    await eventually('some of it is billed, and more is to come', async () => {
      const { status, events } = await view(id);
      return status === 'publishing' && events.accepted > 0;
    });
    await undo(id);
    await undone(id);
    const whole = await importFile(tallyline, body, { mapping: mappingFor('cut') });
    expect(whole.events).toMatchObject({ published: LONG_FILE_ROWS, accepted: LONG_FILE_ROWS });
    expect(await usageTotals(tallyline, { customer: 'delta' })).toEqual({ cut: sum(0, LONG_FILE_ROWS) });
    expect((await records(`import=${id}`)).items).toEqual([]);
    await undo(whole.id);
    await undone(whole.id);
    expect(await usageTotals(tallyline, { customer: 'delta' })).toEqual({});
  });

  test('that has failed before it was published, or does not exist, cannot be undone', async () => {
    await tallyline.fetch('/v1/imports?name=bad.csv', { method: 'POST', body: 'nothing\n1\n', headers: { 'content-type': 'text/csv' } });
    const { items } = await tallyline.json<{ items: Import[] }>('/v1/imports?status=failed');
    expect(items).toHaveLength(1);
    const refused = await tallyline.fetch(`/v1/imports/${items[0]?.id}/undo`, { method: 'POST' });
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'conflict' }]);
    expect((await tallyline.fetch('/v1/imports/999999/undo', { method: 'POST' })).status).toBe(404);
  });
});
