/** A final invoice opens to the rows that it was made of, whatever is undone, decided or uploaded later; its adjustments open likewise. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestUndo, sendUndos } from '../../ingest/undo.ts';
import type { Explanation, TracedRecord } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { resolve } from '../support/conflicts.ts';
import { asItStood, expectAdjustmentsTraced, expectTraced } from '../support/invoice-trace.ts';
import { TESTER } from '../support/tester.ts';
import { makeImports } from '../support/undo.ts';

const METERS = { requests: 'sum', calls: 'count', peak: 'max', users: 'unique', seats: 'latest' } as const;
const HOURS = ['2026-10-05T10:10:00Z', '2026-10-05T11:20:00Z', '2026-10-20T09:30:00Z', '2026-10-20T10:40:00Z'];

let billing: TestBilling;
let october: Invoice & { id: string };
let opened: Record<string, TracedRecord[][]>;
let explained: Explanation[];

/** A report of an event of every meter. Its line tells it from the other reports of the import. */
function reports(name: string, line: number, hour: number, quantity: string, user: string) {
  return Object.keys(METERS).map((meter) => {
    return {
      customer: 'frozen',
      id: `${name}:${meter}`,
      meter,
      time: HOURS[hour] ?? '',
      quantity,
      properties: JSON.stringify({ user }),
      line,
    };
  });
}

async function undo(id: string): Promise<void> {
  await requestUndo(billing.platform, id, TESTER, { adjust: true });
  await sendUndos(billing.platform);
  await billing.pipeline.drain();
}

/** For every meter: conflicts know no meter, so that each is looked up by its event. */
async function keep(importId: string, line: number): Promise<string[]> {
  const decided: string[] = [];
  for (let left = Object.keys(METERS).length; left > 0; left--) {
    decided.push(await resolve(billing.pipeline, importId, line, 'this'));
    await billing.pipeline.drain();
  }
  return decided;
}

const explanations = (invoice: Invoice & { id: string }) =>
  Promise.all(invoice.lines.map(({ n }) => billing.ok<Explanation>('GET', `/v1/invoices/${invoice.id}/lines/${n}/explanation`)));
const frozen = (some: readonly Explanation[]) => some.map(({ since: _since, ...explanation }) => explanation);

/** October is opened again: nothing about it has changed but the marks. Answers the records of its sum, by name of the event. */
async function expectUnchanged(): Promise<Map<string, TracedRecord>> {
  const now = await expectTraced(billing, october);
  expect(asItStood(now)).toEqual(asItStood(opened));
  expect(frozen(await explanations(october))).toEqual(frozen(explained));
  return new Map((now['requests'] ?? []).flat().map((record) => [record.id.split(':')[0] ?? '', record]));
}

beforeAll(async () => {
  billing = await openTestBilling();
  await makeImports(billing.pipeline, ['1', '2', '3', '4', '5']);
  for (const [meter, aggregation] of Object.entries(METERS))
    await billing.ok('PUT', `/v1/meters/${meter}`, { aggregation, ...(aggregation === 'unique' ? { property: 'user' } : {}) });
  const tiers = [
    { upTo: '10', unitPrice: '0.335' },
    { upTo: null, unitPrice: '0.1' },
  ];
  await billing.setUp('frozen', { plan: { prices: Object.keys(METERS).map((meter) => ({ meter, model: 'graduated', tiers })) } });
  await billing.use(
    [...reports('both', 1, 0, '3', 'ann'), ...reports('gone', 2, 0, '7.25', 'bob'), ...reports('odd', 3, 2, '4', 'ann')],
    '1',
  );
  await billing.use([...reports('both', 1, 0, '3', 'ann'), ...reports('odd', 3, 2, '6', 'cid'), ...reports('kept', 4, 1, '5', 'dan')], '2');
  await billing.use([...reports('swapped', 5, 1, '2', 'dan'), ...reports('decided', 1, 3, '-1', 'bob')], '2');
  october = await billing.bill('frozen', '2026-10');
  opened = await expectTraced(billing, october);
  explained = await explanations(october);
});
afterAll(() => billing?.close());

describe('a final invoice', () => {
  it('explains what it has left out by what was known when it became final', () => {
    expect(october.lines.map(({ meter, quantity }) => [meter, quantity])).toEqual([
      ['requests', '20.25'],
      ['calls', '6'],
      ['peak', '7.25'],
      ['users', '3'],
      ['seats', '-1'],
    ]);
    expect(explained.map(({ leftOut, since }) => [leftOut, since])).toEqual(
      explained.map(() => [
        { voided: { events: 0, quantity: '0' }, conflict: { events: 1, quantity: '6' }, duplicate: { events: 1, quantity: '3' } },
        [],
      ]),
    );
    expect(opened['requests']?.flat().map(({ importId, line, since }) => [importId, line, since])).toEqual([
      ['1', 1, null],
      ['1', 2, null],
      ['2', 4, null],
      ['2', 5, null],
      ['1', 3, null],
      ['2', 1, null],
    ]);
  });

  it('opens to the same rows when a file is undone, and says what became of them', async () => {
    await undo('1');
    const rows = await expectUnchanged();
    const undone = { importId: '1', conflictId: null, by: 'tester', at: expect.any(String) as string };
    expect(rows.get('both')?.since).toEqual({ kind: 'passed_on', ...undone, report: { importId: '2', fileName: 'usage.csv', line: 1 } });
    expect(rows.get('gone')?.since).toEqual({ kind: 'undone', ...undone, report: null });
    expect(rows.get('odd')?.since).toMatchObject({ kind: 'undone' });
    expect(rows.get('kept')?.since).toBeNull();
    for (const name of ['both', 'gone', 'odd', 'kept']) {
      const row = rows.get(name);
      expect(await billing.ok('GET', `/v1/records/${row?.key}`)).toMatchObject({
        importId: row?.importId,
        line: row?.line,
        quantity: row?.quantity,
      });
    }
    const [requests] = await explanations(october);
    expect(requests?.since).toEqual([
      { kind: 'undone', id: '1', name: 'usage.csv', events: -2, quantity: '-11.25' },
      { kind: 'late', id: '2', name: 'usage.csv', events: 1, quantity: '6' },
    ]);
  });

  it('opens to the same rows when what was undone is uploaded again, and when the other report is undone too', async () => {
    await billing.use([...reports('both', 1, 0, '3', 'ann'), ...reports('gone', 2, 0, '8', 'bob')], '3');
    expect((await expectUnchanged()).get('gone')?.since).toMatchObject({ kind: 'undone', importId: '1' });
    const [requests] = await explanations(october);
    expect(requests?.since).toEqual([
      { kind: 'undone', id: '1', name: 'usage.csv', events: -2, quantity: '-11.25' },
      { kind: 'late', id: '3', name: 'usage.csv', events: 1, quantity: '8' },
      { kind: 'late', id: '2', name: 'usage.csv', events: 1, quantity: '6' },
    ]);
  });

  it('opens to the same rows when a decision replaces one, and when another one takes it back', async () => {
    await billing.use([...reports('decided', 9, 3, '8', 'eve'), ...reports('swapped', 8, 1, '9', 'eve')], '4');
    await keep('4', 8);
    const decided = await keep('4', 9);
    const replaced = { kind: 'replaced', importId: null, by: 'tester', report: null };
    const after = (await expectUnchanged()).get('decided');
    expect(after?.since).toMatchObject(replaced);
    expect(decided).toContain(after?.since?.conflictId);
    await keep('2', 1);
    const again = (await expectUnchanged()).get('decided');
    expect(again?.since).toEqual(after?.since);
    expect(await billing.ok('GET', `/v1/records/${again?.key}`)).toMatchObject({ importId: '2', line: 1, quantity: '-1' });
  });
});

describe('adjustments', () => {
  const told = (records: readonly TracedRecord[] = []) =>
    records.map(({ id, importId, line, contribution, since }) => [id.split(':')[0], importId, line, contribution, since?.kind]);
  let november: Invoice & { id: string };
  let adjusted: Record<string, TracedRecord[]>;

  it('name their invoice, hours and causes, and open to the rows that came and went', async () => {
    await billing.run('2026-11', ['frozen']);
    november = await billing.invoiceOf('frozen', '2026-11');
    adjusted = await expectAdjustmentsTraced(billing, november);
    const requests = november.adjustments.find(({ meter }) => meter === 'requests');
    expect(requests).toMatchObject({
      invoice: { id: october.id, number: october.number },
      quantity: '9.75',
      causes: [
        { kind: 'undone', id: '1', name: 'usage.csv', events: -2, quantity: '-11.25' },
        { kind: 'late', id: '4', events: 1, quantity: '9' },
        { kind: 'late', id: '3', events: 1, quantity: '8' },
        { kind: 'late', id: '2', events: 1, quantity: '6' },
        { kind: 'replaced', name: null, events: -1, quantity: '-2' },
      ],
    });
    // What was decided and taken back comes to nothing in its hour, so nothing of it is due.
    expect(told(adjusted['requests'])).toEqual([
      ['gone', '1', 2, '-7.25', 'undone'],
      ['gone', '3', 2, '8', undefined],
      ['swapped', '2', 5, '-2', 'replaced'],
      ['swapped', '4', 8, '9', undefined],
      ['odd', '1', 3, '-4', 'undone'],
      ['odd', '2', 3, '6', undefined],
    ]);
    expect(Object.keys(adjusted)).toEqual(expect.arrayContaining(['requests', 'users']));
  });

  it('open to the same rows once they are final, whatever is undone then; and the next ones to what that changed', async () => {
    await billing.bill('frozen', '2026-11');
    november = await billing.invoiceOf('frozen', '2026-11');
    expect(await expectAdjustmentsTraced(billing, november)).toEqual(adjusted);
    await undo('2');
    await expectUnchanged();
    expect(asItStood(await expectAdjustmentsTraced(billing, november))).toEqual(asItStood(adjusted));
    await billing.use(reports('late', 1, 1, '2.5', 'fay'), '5');
    await billing.run('2026-12', ['frozen']);
    const december = await billing.invoiceOf('frozen', '2026-12');
    expect(told((await expectAdjustmentsTraced(billing, december))['requests'])).toEqual([
      ['kept', '2', 4, '-5', 'undone'],
      ['late', '5', 1, '2.5', undefined],
      ['odd', '2', 3, '-6', 'undone'],
      ['decided', '2', 1, '1', 'undone'],
    ]);
  });

  it('add up where an invoice was credited in between, whose note names no hours', async () => {
    await billing.ok('POST', `/v1/invoices/${october.id}/credit-notes`, {
      reason: 'Wrong.',
      lines: [{ n: 1, quantity: '2', amount: '0.67' }],
    });
    await billing.run('2026-12', ['frozen']);
    const credited = await billing.invoiceOf('frozen', '2026-12');
    const requests = credited.adjustments.find(({ meter }) => meter === 'requests');
    expect(requests?.causes).toContainEqual(expect.objectContaining({ kind: 'credit_note', events: 0, quantity: '2' }));
    const { withoutHours } = await billing.ok<{ withoutHours: unknown }>(
      'GET',
      `/v1/invoices/${credited.id}/adjustments/${requests?.n}/days`,
    );
    expect(withoutHours).toEqual({ quantity: '2', amount: '0.67' });
    await expectAdjustmentsTraced(billing, credited);
  });

  it('add up where the invoice that adjusted before was voided', async () => {
    await billing.ok('POST', `/v1/invoices/${november.id}/void`, { reason: 'Wrong.' });
    await expectAdjustmentsTraced(billing, await billing.invoiceOf('frozen', '2026-12'));
  });

  it('name every row that stands where the invoice itself was voided, which opens as before', async () => {
    await billing.ok('POST', `/v1/invoices/${october.id}/void`, { reason: 'Wrong.' });
    const due = await billing.invoiceOf('frozen', '2026-12');
    const all = await expectAdjustmentsTraced(billing, due);
    expect(due.adjustments.map(({ causes }) => causes.find(({ kind }) => kind === 'void')?.name)).toEqual(
      due.adjustments.map(() => october.number),
    );
    expect(all['requests']?.every(({ contribution, quantity }) => contribution === quantity)).toBe(true);
    await expectUnchanged();
    expect(asItStood(await expectAdjustmentsTraced(billing, november))).toEqual(asItStood(adjusted));
  });

  it.each([
    ['an adjustment that is not there', '/adjustments/99/days', 404],
    ['an hour that is not there', '/adjustments/1/hours/2026-10-06T10:00:00Z/records', 404],
  ])('know of no %s', async (_name, path, status) => {
    expect((await billing.call('GET', `/v1/invoices/${november.id}${path}`)).body).toMatchObject({ status, code: 'not_found' });
  });
});
