/** What becomes of a final invoice when usage changes, when it is voided or credited, and whether it can be checked. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestUndo, sendUndos } from '../../ingest/undo.ts';
import type { Recomputed } from '../../schemas/http/invoice-life.ts';
import type { CreditNote, Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { TESTER } from '../support/tester.ts';
import { makeImports } from '../support/undo.ts';

let billing: TestBilling;

beforeAll(async () => {
  billing = await openTestBilling();
  await makeImports(billing.pipeline, ['1', '2', '3']);
});
afterAll(() => billing?.close());

const october = (day: number, hour = 0) => `2026-10-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:10:00Z`;
const november = (day: number) => october(day).replace('2026-10', '2026-11');
const adjustmentsOf = (invoice: Invoice) => invoice.adjustments.map(({ kind, amount, quantity }) => [kind, quantity, amount]);

async function undo(id: string): Promise<void> {
  await requestUndo(billing.platform, id, TESTER, { adjust: true });
  await sendUndos(billing.platform);
  await billing.pipeline.drain();
}

describe('usage that changes after its invoice became final', () => {
  it('is an adjustment on the next draft, naming its hours, and is billed once', async () => {
    await billing.setUp('late', { customer: { taxRate: '10' } });
    await billing.use([{ customer: 'late', time: october(1), quantity: '3' }]);
    await billing.bill('late', '2026-10');
    await billing.use([
      { customer: 'late', time: october(2, 5), quantity: '4' },
      { customer: 'late', time: november(1), quantity: '10' },
    ]);
    await billing.run('2026-11', ['late']);
    const draft = await billing.invoiceOf('late', '2026-11');
    expect(adjustmentsOf(draft)).toEqual([
      ['usage', '4', '4.00'],
      ['tax', '0', '0.40'],
    ]);
    expect(draft.adjustments[0]).toMatchObject({
      period: { from: '2026-10-01T00:00:00Z', to: '2026-11-01T00:00:00Z' },
      hours: [{ start: '2026-10-02T05:00:00Z', end: '2026-10-02T06:00:00Z', quantity: '4', amount: '4.00' }],
    });
    expect(draft).toMatchObject({ subtotal: '10.00', total: '15.40' });
    const final = await billing.bill('late', '2026-11');
    expect(final.total).toBe('15.40');
    expect((await billing.invoiceOf('late', '2026-11')).adjustments).toEqual(draft.adjustments);
    await billing.use([{ customer: 'late', time: '2026-12-01T00:10:00Z', quantity: '1' }]);
    await billing.run('2026-12', ['late']);
    expect(await billing.invoiceOf('late', '2026-12')).toMatchObject({ adjustments: [], total: '1.10' });
  });

  it('under a minimum is due 0', async () => {
    await billing.setUp('minimum', { plan: { minimum: '100' } });
    await billing.use([{ customer: 'minimum', time: october(1), quantity: '80' }]);
    expect(await billing.bill('minimum', '2026-10')).toMatchObject({ total: '100.00' });
    await billing.use([{ customer: 'minimum', time: october(1, 1), quantity: '10' }]);
    await billing.run('2026-11', ['minimum']);
    const draft = await billing.invoiceOf('minimum', '2026-11');
    expect(adjustmentsOf(draft)).toEqual([
      ['usage', '10', '10.00'],
      ['minimum', '0', '-10.00'],
    ]);
    expect(draft.total).toBe('100.00');
  });

  it('by the undo of its file is refused, unless the next invoices are to adjust for it', async () => {
    await billing.setUp('undone');
    await billing.use([{ customer: 'undone', time: october(1), quantity: '5' }], '2');
    await billing.use([{ customer: 'undone', time: october(2), quantity: '7' }], '1');
    const final = await billing.bill('undone', '2026-10');
    expect(final.total).toBe('12.00');
    await expect(requestUndo(billing.platform, '2', TESTER)).rejects.toMatchObject({
      code: 'import_invoiced',
      message: expect.stringContaining(final.number ?? '') as string,
    });
    expect(await billing.pipeline.query('SELECT status FROM imports WHERE id = 2')).toEqual([{ status: 'complete' }]);
    await undo('2');
    await billing.use([{ customer: 'undone', time: november(1), quantity: '1' }]);
    await billing.run('2026-11', ['undone']);
    const draft = await billing.invoiceOf('undone', '2026-11');
    expect([adjustmentsOf(draft), draft.total]).toEqual([[['usage', '-5', '-5.00']], '-4.00']);
    expect(draft.settlement).toEqual({ applied: [], payable: '0.00', carried: '4.00' });
  });

  it('below zero is a credit that the next invoices use up, visibly', async () => {
    expect(await billing.bill('undone', '2026-11')).toMatchObject({ total: '-4.00' });
    await billing.use([{ customer: 'undone', time: '2026-12-01T00:10:00Z', quantity: '3' }]);
    await billing.run('2026-12', ['undone']);
    const { id } = await billing.invoiceOf('undone', '2026-12');
    const december = await billing.ok<Invoice>('POST', `/v1/invoices/${id}/finalize`, { force: { reason: 'test' } });
    const november = await billing.invoiceOf('undone', '2026-11');
    expect(december).toMatchObject({
      total: '3.00',
      settlement: { applied: [{ invoice: november.id, number: november.number, amount: '3.00' }], payable: '0.00', carried: '0.00' },
    });
    const credits = await billing.ok<{ items: object[]; balances: object[] }>('GET', '/v1/customers/undone/credits');
    expect(credits.balances).toEqual([{ currency: 'USD', amount: '1.00' }]);
    expect(credits.items).toMatchObject([
      { invoice: november.id, usedBy: id, amount: '-3.00' },
      { invoice: november.id, usedBy: null, amount: '4.00' },
    ]);
    expect((await billing.call('POST', `/v1/invoices/${november.id}/void`, { reason: 'test' })).body).toMatchObject({ code: 'conflict' });
    await billing.ok('POST', `/v1/invoices/${id}/void`, { reason: 'test' });
    expect(await billing.ok('GET', '/v1/customers/undone/credits')).toMatchObject({ balances: [{ amount: '4.00' }] });
  });
});

describe('two at once', () => {
  it('of one customer bill what is due of an earlier period once', async () => {
    await billing.setUp('twice');
    await billing.use([{ customer: 'twice', time: '2026-09-01T00:00:00Z', quantity: '1' }]);
    await billing.bill('twice', '2026-09');
    await billing.use(['2026-09-02T00:00:00Z', october(1), november(1)].map((time) => ({ customer: 'twice', time, quantity: '4' })));
    for (const period of ['2026-10', '2026-11']) await billing.run(period, ['twice']);
    const drafts = await Promise.all(['2026-10', '2026-11'].map((period) => billing.invoiceOf('twice', period)));
    expect(drafts.map(({ total }) => total)).toEqual(['8.00', '8.00']);
    const finals = await Promise.all(drafts.map(({ id }) => billing.ok<Invoice>('POST', `/v1/invoices/${id}/finalize`, {})));
    expect(finals.map(({ total }) => total).sort()).toEqual(['4.00', '8.00']);
  });

  it('an undo and an invoice of the same rows: one of them sees the other', async () => {
    const codes: string[] = [];
    for (const importId of ['4', '5', '6', '7']) {
      const customer = `race-${importId}`;
      await makeImports(billing.pipeline, [importId]);
      await billing.setUp(customer);
      await billing.use([{ customer, time: october(1), quantity: '1' }], importId);
      await billing.run('2026-10', [customer]);
      const { id } = await billing.invoiceOf(customer, '2026-10');
      const [finalized, undone] = await Promise.all([
        billing.call('POST', `/v1/invoices/${id}/finalize`, {}),
        requestUndo(billing.platform, importId, TESTER).then(
          () => 'undoing',
          (error: unknown) => (error as { code: string }).code,
        ),
      ]);
      const outcome = finalized.status === 200 ? 'final' : (finalized.body as { code: string }).code;
      codes.push(`${outcome} ${undone}`);
      await sendUndos(billing.platform);
      await billing.pipeline.drain();
    }
    expect(['final import_invoiced', 'import_running undoing']).toEqual(expect.arrayContaining([...new Set(codes)]));
  });
});

describe('a void invoice', () => {
  it('falls due again once, less what a later one has adjusted', async () => {
    await billing.setUp('voided');
    await billing.use([{ customer: 'voided', time: october(1), quantity: '80' }]);
    const first = await billing.bill('voided', '2026-10');
    await billing.use([
      { customer: 'voided', time: october(2), quantity: '10' },
      { customer: 'voided', time: november(1), quantity: '1' },
    ]);
    expect(await billing.bill('voided', '2026-11')).toMatchObject({ total: '11.00' });
    const void_ = await billing.ok<Invoice>('POST', `/v1/invoices/${first.id}/void`, { reason: 'wrong address' });
    expect(void_).toMatchObject({
      status: 'void',
      number: first.number,
      total: '80.00',
      voided: { by: 'admin key', reason: 'wrong address' },
    });
    expect((await billing.call('POST', `/v1/invoices/${first.id}/finalize`, {})).body).toMatchObject({ code: 'conflict' });
    // Its month is not billed anew: a later invoice is its heir.
    expect((await billing.run('2026-10', ['voided'])).progress).toMatchObject({ drafts: 0, untouched: 1 });
    await billing.run('2026-12', ['voided']);
    const december = await billing.invoiceOf('voided', '2026-12');
    expect([adjustmentsOf(december), december.total]).toEqual([[['usage', '80', '80.00']], '80.00']);
    await billing.ok('POST', `/v1/invoices/${december.id}/finalize`, { force: { reason: 'test' } });
    billing.time.now = '2027-02-05T00:00:00Z';
    expect((await billing.run('2027-01', ['voided'])).progress).toMatchObject({ drafts: 0, empty: 1 });
    billing.time.now = '2026-12-05T12:00:00Z';
  });

  it('that is the last one can be billed anew, in another currency if need be', async () => {
    await billing.setUp('redone');
    await billing.use([{ customer: 'redone', time: october(1), quantity: '8' }]);
    const wrong = await billing.bill('redone', '2026-10');
    await billing.ok('POST', `/v1/invoices/${wrong.id}/void`, { reason: 'wrong currency' });
    const prices = [{ meter: 'requests', model: 'per_unit', unitPrice: '2' }];
    await billing.ok('PUT', '/v1/plans/euro', { name: 'Euro', currency: 'EUR', prices });
    await billing.ok('PUT', '/v1/customers/redone', { plan: 'euro', currency: 'EUR' });
    const right = await billing.bill('redone', '2026-10');
    expect(right).toMatchObject({ status: 'final', currency: 'EUR', total: '16.00', adjustments: [] });
    expect(right.number).not.toBe(wrong.number);
  });
});

describe('a credit note', () => {
  it('takes back lines with their tax, and no more than there is; a full one takes the rest', async () => {
    await billing.setUp('credited', { customer: { taxRate: '19' } });
    await billing.use([{ customer: 'credited', time: october(1), quantity: '10' }]);
    const { id } = await billing.bill('credited', '2026-10');
    const url = `/v1/invoices/${id}/credit-notes`;
    const note = await billing.ok<CreditNote>('POST', url, { reason: 'outage', lines: [{ n: 1, quantity: '4', amount: '4' }] });
    expect(note).toMatchObject({
      number: 'CN-2026-00001',
      invoice: id,
      tax: '-0.76',
      total: '-4.76',
      lines: [{ n: 1, quantity: '-4', amount: '-4.00' }],
    });
    for (const [body, code] of [
      [{ reason: 'x', lines: [{ n: 1, amount: '6.01' }] }, 'unprocessable'],
      [{ reason: 'x', lines: [{ n: 2, amount: '1' }] }, 'unprocessable'],
      [{ reason: 'x', lines: [{ n: 1, amount: '0.001' }] }, 'unprocessable'],
      [{ reason: 'x', full: true, lines: [{ n: 1, amount: '1' }] }, 'invalid_request'],
    ] as const) {
      expect((await billing.call('POST', url, body)).body).toMatchObject({ code });
    }
    const rest = await billing.ok<CreditNote>('POST', url, { reason: 'all', full: true });
    expect(rest).toMatchObject({ number: 'CN-2026-00002', lines: [{ n: 1, amount: '-6.00' }], tax: '-1.14', total: '-7.14' });
    expect((await billing.call('POST', url, { reason: 'all', full: true })).body).toMatchObject({ code: 'unprocessable' });
    expect((await billing.invoiceOf('credited', '2026-10')).creditNotes).toEqual([note, rest]);
  });

  it('is a document like any other for what is due', async () => {
    await billing.setUp('corrected');
    await billing.use([{ customer: 'corrected', time: october(1), quantity: '80' }]);
    await billing.use([{ customer: 'corrected', time: october(2), quantity: '10' }], '3');
    const { id } = await billing.bill('corrected', '2026-10');
    await undo('3');
    await billing.ok('POST', `/v1/invoices/${id}/credit-notes`, { reason: 'wrong file', lines: [{ n: 1, quantity: '10', amount: '10' }] });
    await billing.use([{ customer: 'corrected', time: november(1), quantity: '1' }]);
    await billing.run('2026-11', ['corrected']);
    expect(await billing.invoiceOf('corrected', '2026-11')).toMatchObject({
      total: '1.00',
      adjustments: [{ amount: '0.00', quantity: '0' }],
    });
  });
});

describe('a credit note of goodwill', () => {
  it('gives money back for good: it does not fall due again', async () => {
    await billing.setUp('goodwill', { customer: { taxRate: '10' } });
    await billing.use([{ customer: 'goodwill', time: october(1), quantity: '80' }]);
    const { id } = await billing.bill('goodwill', '2026-10');
    await billing.ok('POST', `/v1/invoices/${id}/credit-notes`, { reason: 'outage', lines: [{ n: 1, amount: '20' }] });
    await billing.use([{ customer: 'goodwill', time: november(1), quantity: '1' }]);
    await billing.run('2026-11', ['goodwill']);
    expect(await billing.invoiceOf('goodwill', '2026-11')).toMatchObject({ total: '1.10', adjustments: [] });
  });
});

describe('recomputing a final invoice', () => {
  const recompute = (id: string) => billing.ok<Recomputed>('POST', `/v1/invoices/${id}/recompute`);

  it('shows that it follows, whatever plan and meter are now; and by line and hour what differs when rows came or went', async () => {
    await billing.setUp('checked', { unitPrice: '0.5' });
    await billing.use([1, 2].map((day) => ({ customer: 'checked', time: october(day), quantity: '3' })));
    const { id } = await billing.bill('checked', '2026-10');
    await billing.setUp('checked', { unitPrice: '7' });
    expect(await recompute(id)).toMatchObject({
      follows: true,
      hash: { agrees: true },
      total: { stored: '3.00', computed: '3.00' },
      differences: [],
    });
    await billing.use([{ customer: 'checked', time: october(2, 6), quantity: '4' }]);
    expect(await recompute(id)).toMatchObject({
      follows: false,
      hash: { agrees: true },
      total: { stored: '3.00', computed: '5.00' },
      differences: [
        { kind: 'usage', meter: 'requests', quantity: '4', amount: '2.00', hours: [{ start: '2026-10-02T06:00:00Z', amount: '2.00' }] },
      ],
    });
  });

  it('finds what was changed by hand', async () => {
    await billing.setUp('tampered');
    await billing.use([1, 2].map((day) => ({ customer: 'tampered', time: october(day), quantity: '3' })));
    const { id } = await billing.bill('tampered', '2026-10');
    await billing.pipeline.query(
      `UPDATE invoice_charges SET hours = jsonb_set(hours, '{0,4}', '"301"'), amount = amount + 1 WHERE invoice_id = $1 AND n = 1`,
      [id],
    );
    expect(await recompute(id)).toMatchObject({
      follows: false,
      hash: { agrees: false },
      differences: [{ amount: '-0.01', hours: [{ start: '2026-10-01T00:00:00Z', amount: '-0.01' }] }],
    });
    await billing.pipeline.query(`UPDATE invoices SET snapshot = jsonb_set(snapshot, '{customerName}', '"Other"') WHERE invoice_id = $1`, [
      id,
    ]);
    expect((await recompute(id)).hash.agrees).toBe(false);
  });
});
