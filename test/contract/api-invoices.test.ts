/** Drafts by billing runs, and what makes them final, on real stores behind real consumers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finalizeInvoice } from '../../api/billing/finalize.ts';
import { addDecimals } from '../../core/decimal.ts';
import { WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { makeImports } from '../support/undo.ts';

let billing: TestBilling;

beforeAll(async () => {
  billing = await openTestBilling();
  await makeImports(billing.pipeline, ['1']);
});
afterAll(() => billing?.close());

const sum = (amounts: readonly string[]) => amounts.reduce(addDecimals, '0');
const at = (day: number, hour = 0) => `2026-10-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:10:00Z`;
const numbersOf = (invoices: readonly { number: string | null }[]) => invoices.map(({ number }) => Number(number?.split('-').at(-1)));

describe('a billing run', () => {
  it('drafts an invoice for every customer with something to bill, each in its own zone', async () => {
    await billing.setUp('run-berlin', { customer: { timeZone: 'Europe/Berlin', taxRate: '19' } });
    await billing.setUp('run-nepal', { customer: { timeZone: 'Asia/Kathmandu' } });
    await billing.setUp('run-fee', { plan: { prices: [{ model: 'flat', amount: '49' }] } });
    await billing.setUp('run-idle');
    await billing.use([
      // November in Berlin and in Kathmandu.
      { customer: 'run-berlin', time: '2026-10-31T23:30:00Z', quantity: '100' },
      { customer: 'run-nepal', time: '2026-10-31T18:20:00Z', quantity: '100' },
      ...[1, 2, 3].flatMap((day) => [
        { customer: 'run-berlin', time: at(day, day), quantity: '1.5' },
        { customer: 'run-nepal', time: at(day, day), quantity: '2' },
        { customer: 'run-nepal', time: at(day, day).replace(':10:', ':20:'), quantity: '2' },
        { customer: 'run-unassigned', time: at(day), quantity: '7' },
      ]),
    ]);
    const customers = ['run-berlin', 'run-nepal', 'run-fee', 'run-idle', 'run-unassigned'];
    const run = await billing.run('2026-10', customers);
    expect(run).toMatchObject({
      state: 'done',
      progress: { total: 5, done: 5, drafts: 4, untouched: 0, empty: 1, failed: 0 },
      failures: [],
    });
    const { items } = await billing.ok<{ items: InvoiceSummary[] }>('GET', '/v1/invoices?period=2026-10&status=draft');
    const totals = Object.fromEntries(items.map(({ customer, total }) => [customer, total]));
    expect(totals).toEqual({ 'run-berlin': '5.36', 'run-nepal': '12.00', 'run-fee': '49.00', 'run-unassigned': '0.00' });
    const nepal = await billing.invoiceOf('run-nepal', '2026-10');
    // Hours begin at :15 there: ten past and twenty past lie in two of them.
    expect(nepal.lines[0]?.hours.slice(0, 3).map(({ start, quantity }) => [start, quantity])).toEqual([
      ['2026-10-01T00:15:00Z', '2'],
      ['2026-10-01T01:15:00Z', '2'],
      ['2026-10-02T01:15:00Z', '2'],
    ]);
  });

  it('says the same as a preview, to the last hour', async () => {
    for (const customer of ['run-berlin', 'run-nepal', 'run-fee', 'run-unassigned']) {
      const invoice = await billing.invoiceOf(customer, '2026-10');
      const preview = await billing.ok<Invoice>('POST', '/v1/invoices/preview', { customer, period: '2026-10' });
      const { lines, subtotal, discounts, minimums, tax, total, period, segments } = preview;
      expect(invoice).toMatchObject({ status: 'draft', number: null, lines, subtotal, discounts, minimums, tax, total, period, segments });
    }
  });

  it('repeated, replaces drafts under their ids, drops those with nothing left, and leaves final ones alone', async () => {
    await billing.setUp('again-final');
    await billing.setUp('again-draft');
    await billing.setUp('again-gone', { plan: { prices: [{ model: 'flat', amount: '5' }] } });
    await billing.use([
      { customer: 'again-final', time: at(4), quantity: '1' },
      { customer: 'again-draft', time: at(4), quantity: '1' },
    ]);
    const customers = ['again-final', 'again-draft', 'again-gone'];
    expect((await billing.run('2026-10', customers)).progress).toMatchObject({ drafts: 3 });
    const { id } = await billing.invoiceOf('again-draft', '2026-10');
    const final = await billing.bill('again-final', '2026-10');
    await billing.use(['again-final', 'again-draft'].map((customer) => ({ customer, time: at(5), quantity: '2' })));
    await billing.ok('PUT', '/v1/plans/plan-again-gone', { name: 'Free', currency: 'USD', prices: [] });
    expect((await billing.run('2026-10', customers)).progress).toMatchObject({ done: 3, drafts: 1, untouched: 1, empty: 1 });
    const drafts = await billing.ok<{ items: InvoiceSummary[] }>('GET', '/v1/invoices?period=2026-10&customer=again-draft');
    expect(drafts.items).toMatchObject([{ id, status: 'draft', total: '3.00' }]);
    expect(await billing.invoiceOf('again-final', '2026-10')).toMatchObject({ id: final.id, status: 'final', total: '1.00' });
    await expect(billing.invoiceOf('again-gone', '2026-10')).rejects.toThrow('no invoice');
  });

  it('names the customers it could not draft an invoice for, and goes on', async () => {
    await billing.setUp('fails-1');
    await billing.setUp('fails-2');
    await billing.use(['fails-1', 'fails-2'].map((customer) => ({ customer, time: at(4), quantity: '1' })));
    // A plan in another currency cannot be chosen over HTTP.
    await billing.pipeline.query(`UPDATE customers SET currency = 'EUR' WHERE id = 'fails-1'`);
    const run = await billing.run('2026-10', ['fails-1', 'fails-2']);
    expect(run).toMatchObject({
      progress: { done: 2, drafts: 1, failed: 1 },
      failures: [{ customer: 'fails-1', code: 'currency_mismatch' }],
    });
  });
});

describe('a final invoice', () => {
  it('is frozen: later usage, prices and names change nothing of it', async () => {
    await billing.setUp('frozen', { customer: { taxRate: '19' }, unitPrice: '0.335' });
    await billing.use([1, 2, 3].map((day) => ({ customer: 'frozen', time: at(day), quantity: '1' })));
    await billing.run('2026-10', ['frozen']);
    const draft = await billing.invoiceOf('frozen', '2026-10');
    const final = await billing.ok<Invoice>('POST', `/v1/invoices/${draft.id}/finalize`, {});
    expect(final).toMatchObject({ status: 'final', total: '1.20', contentHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    const before = await billing.invoiceOf('frozen', '2026-10');
    expect(before.lines).toEqual(draft.lines);
    expect(sum(before.lines[0]?.hours.map(({ amount }) => amount) ?? [])).toBe('1.01');
    await billing.setUp('frozen', { customer: { taxRate: '7', name: 'Renamed' }, unitPrice: '9' });
    await billing.ok('PUT', '/v1/meters/requests', { name: 'Calls', unit: 'call' });
    await billing.use([{ customer: 'frozen', time: at(4), quantity: '5' }]);
    expect(await billing.invoiceOf('frozen', '2026-10')).toEqual(before);
    await billing.ok('PUT', '/v1/meters/requests', {});
  });

  it('has one number, however often and however many at once make it final', async () => {
    await billing.setUp('once');
    await billing.use([{ customer: 'once', time: at(1), quantity: '1' }]);
    await billing.run('2026-10', ['once']);
    const { id } = await billing.invoiceOf('once', '2026-10');
    const answers = await Promise.all(Array.from({ length: 6 }, () => billing.ok<Invoice>('POST', `/v1/invoices/${id}/finalize`, {})));
    expect(new Set(answers.map(({ number }) => number)).size).toBe(1);
    expect(await billing.ok<Invoice>('POST', `/v1/invoices/${id}/finalize`, {})).toEqual(answers[0]);
  });

  it('takes numbers without gaps, also after one that failed, and when many are made final at once', async () => {
    const customers = Array.from({ length: 6 }, (_, n) => `gapless-${n}`);
    for (const customer of customers) await billing.setUp(customer);
    await billing.use(customers.map((customer) => ({ customer, time: at(1), quantity: '1' })));
    await billing.run('2026-10', customers);
    const ids = await Promise.all(customers.map(async (customer) => (await billing.invoiceOf(customer, '2026-10')).id));
    // Killed before the commit: the number is taken, the charges are written, and nothing of it stays.
    const { postgres } = billing.platform;
    const dying = {
      ...billing.platform,
      postgres: {
        ...postgres,
        transaction: <T>(work: Parameters<typeof postgres.transaction<T>>[0]) =>
          postgres.transaction<T>(async (transaction) => {
            await work(transaction);
            throw new Error('killed');
          }),
      },
    };
    await expect(
      finalizeInvoice(dying, { scope: WHOLE_INSTALLATION, id: ids[0] ?? '', by: { name: 'test', address: null } }),
    ).rejects.toThrow('killed');
    expect(await billing.invoiceOf('gapless-0', '2026-10')).toMatchObject({ status: 'draft', number: null });
    expect(await billing.pipeline.query('SELECT FROM invoice_charges WHERE invoice_id = $1', [ids[0]])).toEqual([]);
    const finals = await Promise.all(ids.map((id) => billing.ok<Invoice>('POST', `/v1/invoices/${id}/finalize`, {})));
    expect(new Set(finals.map(({ number }) => number)).size).toBe(6);
    const all = await billing.ok<{ items: InvoiceSummary[] }>('GET', '/v1/invoices?status=final&limit=1000');
    const numbers = numbersOf(all.items).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, n) => n + 1));
  });

  it('needs its period to be over, or a reason that is kept', async () => {
    await billing.setUp('early');
    await billing.use([{ customer: 'early', time: '2026-12-01T00:10:00Z', quantity: '3' }]);
    await billing.run('2026-12', ['early']);
    const { id } = await billing.invoiceOf('early', '2026-12');
    expect((await billing.call('POST', `/v1/invoices/${id}/finalize`, {})).body).toMatchObject({ status: 409, code: 'period_not_over' });
    const final = await billing.ok<Invoice>('POST', `/v1/invoices/${id}/finalize`, { force: { reason: 'leaves us' } });
    expect(final).toMatchObject({ status: 'final', total: '3.00' });
    const audit = await billing.ok<{ items: object[] }>('GET', `/v1/audit?subject=invoice/${id}`);
    expect(audit.items).toMatchObject([
      { what: 'invoice.finalized', who: 'admin key', reason: 'leaves us', details: { number: final.number } },
    ]);
  });
});

describe('a draft cannot become final', () => {
  async function draftOf(customer: string): Promise<() => Promise<unknown>> {
    await billing.setUp(customer);
    await billing.use([{ customer, time: at(1), quantity: '1' }]);
    await billing.run('2026-10', [customer]);
    const { id } = await billing.invoiceOf(customer, '2026-10');
    return async () => (await billing.call('POST', `/v1/invoices/${id}/finalize`, {})).body;
  }

  it('while ClickHouse is behind Postgres', async () => {
    const finalize = await draftOf('behind');
    const partition = billing.platform.log.partitionFor('behind');
    const move = (offsets: number) =>
      billing.pipeline.query(`UPDATE consumer_offsets SET next_offset = next_offset + $2 WHERE consumer = 'records' AND partition = $1`, [
        partition,
        offsets,
      ]);
    await move(1);
    expect(await finalize()).toMatchObject({ status: 409, code: 'behind', detail: expect.stringContaining('"behind"') as string });
    await billing.pipeline.query('ALTER TABLE consumer_offsets DISABLE TRIGGER watch_offsets');
    await move(-1);
    await billing.pipeline.query('ALTER TABLE consumer_offsets ENABLE TRIGGER watch_offsets');
    expect(await finalize()).toMatchObject({ status: 'final' });
  });

  it.each(['publishing', 'undoing'])('while an import is %s', async (status) => {
    const finalize = await draftOf(`import-${status}`);
    await makeImports(billing.pipeline, ['77'], status);
    expect(await finalize()).toMatchObject({ status: 409, code: 'import_running', detail: expect.stringContaining('Import 77') as string });
    await billing.pipeline.query('DELETE FROM imports WHERE id = 77');
    expect(await finalize()).toMatchObject({ status: 'final' });
  });

  it('while an hour of the customer is red; that of another does not matter', async () => {
    const finalize = await draftOf('red');
    const redden = (customer: string) =>
      billing.pipeline.query(
        `INSERT INTO reconciliation_cells (customer, meter, hour, state, postgres_quantity, postgres_events, clickhouse_quantity, clickhouse_events)
         VALUES ($1, 'requests', '2026-10-01T00:00:00Z', 'differs', 1, 1, 2, 1)`,
        [customer],
      );
    await redden('red');
    await redden('another');
    expect(await finalize()).toMatchObject({
      status: 409,
      code: 'reconciliation_red',
      detail: expect.stringMatching(/"red".*2026-10-01T00:00:00Z/) as string,
    });
    await billing.pipeline.query(`DELETE FROM reconciliation_cells WHERE customer = 'red'`);
    expect(await finalize()).toMatchObject({ status: 'final' });
  });
});
