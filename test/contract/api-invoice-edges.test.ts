/** Where an invoice could miss usage, or bill or give back something twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finalizeInvoice } from '../../api/billing/finalize.ts';
import { addDecimals } from '../../core/decimal.ts';
import { sendResolutions } from '../../ingest/resolutions.ts';
import { WHOLE_INSTALLATION } from '../../platform/access/scope.ts';
import type { ClickHouse, ClickHouseQuery } from '../../platform/clickhouse/clickhouse.ts';
import type { CreditNote, Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { decideOn } from '../support/conflicts.ts';
import { makeImports } from '../support/undo.ts';

let billing: TestBilling;

beforeAll(async () => {
  billing = await openTestBilling();
  await makeImports(billing.pipeline, ['1', '2']);
});
afterAll(() => billing?.close());

const sum = (amounts: readonly string[]) => amounts.reduce(addDecimals, '0');
const adjustmentsOf = (invoice: Invoice) => invoice.adjustments.map(({ kind, amount, quantity }) => [kind, quantity, amount]);
const finalize = async (id: string) => (await billing.call('POST', `/v1/invoices/${id}/finalize`, {})).body;

async function draftOf(customer: string, period: string): Promise<string> {
  await billing.run(period, [customer]);
  return (await billing.invoiceOf(customer, period)).id;
}

describe('usage that is on its way when an invoice is to become final', () => {
  it('of an import that is published, of which nothing has been consumed yet, is waited for', async () => {
    await billing.setUp('settling');
    await billing.use([{ customer: 'settling', time: '2026-10-01T00:10:00Z', quantity: '1' }]);
    const id = await draftOf('settling', '2026-10');
    await makeImports(billing.pipeline, ['78'], 'settling');
    // As it is when publishing has ended: no epoch before the first event is consumed.
    await billing.pipeline.query(
      `INSERT INTO import_partitions (import_id, partition, end_offset) SELECT 78, generate_series(0, $1::integer - 1), 1000000`,
      [billing.platform.log.partitions],
    );
    expect(await finalize(id)).toMatchObject({ code: 'import_running', detail: expect.stringContaining('Import 78') as string });
    await billing.pipeline.query(`UPDATE import_partitions SET end_offset = 0 WHERE import_id = 78`);
    expect(await finalize(id)).toMatchObject({ status: 'final' });
    await billing.pipeline.query('DELETE FROM imports WHERE id = 78');
  });

  it('of a stream that stays open is waited for as far as its lines have arrived, not for its end', async () => {
    await billing.setUp('streaming');
    await billing.use([{ customer: 'streaming', time: '2026-10-01T00:10:00Z', quantity: '1' }]);
    const id = await draftOf('streaming', '2026-10');
    await makeImports(billing.pipeline, ['79'], 'publishing');
    const partition = billing.platform.log.partitionFor('streaming');
    const ends = Array.from({ length: billing.platform.log.partitions }, (_, n) => (n === partition ? 1_000_000 : null));
    const set = (stream: { received: number; published: number; ends: (number | null)[] | null }) =>
      billing.pipeline.query(
        `UPDATE imports SET form = 'stream', content_bytes = $1, bytes_read = $2, published_to = $3::bigint[] WHERE id = 79`,
        [stream.received, stream.published, stream.ends],
      );
    const behind = { code: 'behind', detail: expect.stringContaining('stream 79') as string };
    await set({ received: 10, published: 5, ends: null });
    expect(await finalize(id)).toMatchObject(behind);
    await set({ received: 10, published: 10, ends });
    expect(await finalize(id)).toMatchObject(behind);
    await set({ received: 10, published: 10, ends: ends.map((end) => (end === null ? 1_000_000 : 0)) });
    expect(await finalize(id)).toMatchObject({ status: 'final' });
    await billing.pipeline.query('DELETE FROM imports WHERE id = 79');
  });

  it('by a decision about a conflict is waited for; by a later one it is an adjustment', async () => {
    await billing.setUp('decided');
    const event = { customer: 'decided', time: '2026-10-01T00:10:00Z', id: 'disputed' };
    await billing.use([{ ...event, quantity: '5', line: 9001 }]);
    await billing.use([{ ...event, quantity: '7', line: 9002 }], '2');
    const id = await draftOf('decided', '2026-10');
    await decideOn(billing.pipeline, '2', 9002, 'this');
    expect(await finalize(id)).toMatchObject({ code: 'behind', detail: expect.stringContaining('decision about conflict') as string });
    await sendResolutions(billing.platform);
    await billing.pipeline.drain();
    expect(await finalize(id)).toMatchObject({ status: 'final', total: '7.00' });
    await decideOn(billing.pipeline, '1', 9001, 'this');
    await sendResolutions(billing.platform);
    await billing.pipeline.drain();
    expect(await billing.invoiceOf('decided', '2026-10')).toMatchObject({ status: 'final', total: '7.00' });
    await billing.run('2026-11', ['decided']);
    expect(adjustmentsOf(await billing.invoiceOf('decided', '2026-11'))).toEqual([['usage', '-2', '-2.00']]);
  });
});

describe('a customer who moves', () => {
  const inZone = (customer: string, timeZone: string) => billing.setUp(customer, { customer: { timeZone } });
  const voidInvoice = (id: string) => billing.ok('POST', `/v1/invoices/${id}/void`, { reason: 'wrong zone' });

  it.each([
    ['westward', 'Europe/Berlin', 'America/New_York'],
    ['eastward', 'America/New_York', 'Asia/Kathmandu'],
  ])('%s, after an invoice was voided: the month billed anew does not fall due a second time', async (name, from, to) => {
    const customer = `anew-${name}`;
    await inZone(customer, from);
    await billing.use([
      { customer, time: '2026-10-10T00:10:00Z', quantity: '8' },
      { customer, time: '2026-11-10T00:10:00Z', quantity: '1' },
    ]);
    const wrong = await billing.bill(customer, '2026-10');
    await voidInvoice(wrong.id);
    await inZone(customer, to);
    expect(await billing.bill(customer, '2026-10')).toMatchObject({ total: '8.00', adjustments: [], period: { timeZone: to } });
    await billing.run('2026-11', [customer]);
    expect(await billing.invoiceOf(customer, '2026-11')).toMatchObject({ total: '1.00', adjustments: [] });
    expect(await billing.bill(customer, '2026-11')).toMatchObject({ total: '1.00', adjustments: [] });
  });

  it('after an invoice was voided that is not billed anew: its last hours fall due with it, and not in the next month too', async () => {
    const customer = 'void-and-gone';
    await inZone(customer, 'America/New_York');
    await billing.use([
      { customer, time: '2026-10-10T00:10:00Z', quantity: '8' },
      // October in New York, November in Berlin.
      { customer, time: '2026-11-01T00:10:00Z', quantity: '2' },
      { customer, time: '2026-11-10T00:10:00Z', quantity: '1' },
    ]);
    const october = await billing.bill(customer, '2026-10');
    expect(october.total).toBe('10.00');
    await voidInvoice(october.id);
    await inZone(customer, 'Europe/Berlin');
    const november = await billing.bill(customer, '2026-11');
    expect([november.subtotal, adjustmentsOf(november), november.total]).toEqual(['1.00', [['usage', '10', '10.00']], '11.00']);
  });

  it('cannot make a draft final of a void month that has fallen due since', async () => {
    const customer = 'heir';
    await inZone(customer, 'Europe/Berlin');
    await billing.use([
      { customer, time: '2026-10-10T00:10:00Z', quantity: '8' },
      { customer, time: '2026-11-10T00:10:00Z', quantity: '1' },
    ]);
    await voidInvoice((await billing.bill(customer, '2026-10')).id);
    const draft = await draftOf(customer, '2026-10');
    expect(await billing.bill(customer, '2026-11')).toMatchObject({ total: '9.00' });
    await inZone(customer, 'America/New_York');
    expect(await finalize(draft)).toMatchObject({ code: 'conflict', detail: expect.stringContaining('void') as string });
  });

  it.each([
    ['westward', 'America/New_York', '4.00'],
    ['eastward', 'Asia/Tokyo', '4.00'],
  ])('%s before an earlier month is billed: it ends where the later one began', async (name, zone, total) => {
    const customer = `earlier-${name}`;
    await inZone(customer, 'Europe/Berlin');
    await billing.use([
      // The last hours of September in Berlin; in Tokyo it is October by then.
      { customer, time: '2026-09-30T18:10:00Z', quantity: '4' },
      // The first of October in Berlin; September in New York.
      { customer, time: '2026-09-30T22:10:00Z', quantity: '2' },
    ]);
    expect(await billing.bill(customer, '2026-10')).toMatchObject({ total: '2.00' });
    await inZone(customer, zone);
    expect(await billing.bill(customer, '2026-09')).toMatchObject({ total, period: { to: '2026-09-30T22:00:00Z' } });
  });
});

describe('a credit note', () => {
  const credit = (id: string, body: object) => billing.call('POST', `/v1/invoices/${id}/credit-notes`, { reason: 'test', ...body });

  it('takes back no more than the invoice comes to after its discounts, and no more units than there are', async () => {
    await billing.setUp('discounted', { plan: { discounts: [{ percent: '50' }] } });
    await billing.use([{ customer: 'discounted', time: '2026-10-01T00:10:00Z', quantity: '10' }]);
    const { id, total } = await billing.bill('discounted', '2026-10');
    expect(total).toBe('5.00');
    for (const [line, path] of [
      [{ n: 1, amount: '5.01' }, 'lines'],
      [{ n: 1, amount: '1', quantity: '11' }, 'lines/0/quantity'],
    ] as const) {
      expect((await credit(id, { lines: [line] })).body).toMatchObject({ code: 'unprocessable', errors: [{ path, code: 'too_much' }] });
    }
    expect((await credit(id, { lines: [{ n: 1, amount: '3', quantity: '6' }] })).body).toMatchObject({ total: '-3.00' });
    expect((await credit(id, { lines: [{ n: 1, amount: '1', quantity: '5' }] })).status).toBe(422);
    expect((await credit(id, { lines: [{ n: 1, amount: '2.01' }] })).status).toBe(422);
    expect((await credit(id, { full: true })).body).toMatchObject({ total: '-2.00' });
  });

  it('gives back the tax that was paid, to the last cent, in however many parts', async () => {
    for (const [customer, taxRate, tax] of [
      ['tax-up', '50', '0.05'],
      ['tax-down', '4', '0.00'],
      ['tax-last', '44', '0.04'],
    ] as const) {
      await billing.setUp(customer, { customer: { taxRate }, unitPrice: '0.01' });
      await billing.use([{ customer, time: '2026-10-01T00:10:00Z', quantity: '10' }]);
      const invoice = await billing.bill(customer, '2026-10');
      expect(sum(invoice.tax.map(({ amount }) => amount))).toBe(sum([tax]));
      const notes: CreditNote[] = [];
      for (let part = 0; part < 10; part++)
        notes.push((await credit(invoice.id, { lines: [{ n: 1, amount: '0.01' }] })).body as CreditNote);
      expect(sum([invoice.total, ...notes.map(({ total }) => total)])).toBe('0');
    }
  });
});

describe('a credit note to an invoice with adjustments below zero', () => {
  const after = async (customer: string, november: string) => {
    await billing.setUp(customer);
    await billing.use([{ customer, time: '2026-10-03T00:00:00Z', quantity: '100' }]);
    await billing.bill(customer, '2026-10');
    await billing.use([
      { customer, time: '2026-10-04T00:00:00Z', quantity: '-90' },
      { customer, time: '2026-11-03T00:00:00Z', quantity: november },
    ]);
    return billing.bill(customer, '2026-11');
  };
  const credit = (id: string, body: object) => billing.call('POST', `/v1/invoices/${id}/credit-notes`, { reason: 'test', ...body });

  it('takes back no more than the invoice comes to with them', async () => {
    const { id, total } = await after('adjusted-above', '100');
    expect(total).toBe('10.00');
    const refusal = await credit(id, { lines: [{ n: 1, amount: '10.01' }] });
    expect(refusal.body).toMatchObject({ status: 422, detail: expect.stringContaining('comes to 10.00') as string });
    expect((await credit(id, { lines: [{ n: 1, amount: '10' }] })).body).toMatchObject({ total: '-10.00' });
    expect((await credit(id, { lines: [{ n: 1, amount: '0.01' }] })).status).toBe(422);
  });

  it('takes nothing back of one that is a credit itself: that would be money to be paid, and the credit would stay', async () => {
    const { id, total } = await after('adjusted-below', '1');
    expect(total).toBe('-89.00');
    for (const body of [{ full: true }, { lines: [{ n: 1, amount: '1' }] }])
      expect((await credit(id, body)).body).toMatchObject({ status: 422, detail: expect.stringContaining('Void it') as string });
    await billing.ok('POST', `/v1/invoices/${id}/void`, { reason: 'test' });
    expect(await billing.ok('GET', '/v1/customers/adjusted-below/credits')).toMatchObject({ balances: [{ amount: '0.00' }] });
  });
});

describe('late usage of a meter that the period had none of', () => {
  it('is rated by what the meter was when the invoice became final', async () => {
    const customer = 'late-meter';
    await billing.ok('PUT', '/v1/meters/seats', {});
    const prices = ['requests', 'seats'].map((meter) => ({ meter, model: 'per_unit', unitPrice: '1' }));
    await billing.setUp(customer, { plan: { prices } });
    await billing.use([{ customer, time: '2026-09-01T00:10:00Z', quantity: '1' }]);
    await billing.bill(customer, '2026-09');
    await billing.use([3, 5].map((quantity) => ({ customer, meter: 'seats', time: '2026-09-02T00:10:00Z', quantity: String(quantity) })));
    expect(await billing.bill(customer, '2026-10')).toMatchObject({ total: '8.00' });
    await billing.ok('PUT', '/v1/meters/seats', { aggregation: 'max' });
    await billing.use([{ customer, time: '2026-09-03T00:10:00Z', quantity: '2' }]);
    await billing.run('2026-11', [customer]);
    expect(adjustmentsOf(await billing.invoiceOf(customer, '2026-11'))).toEqual([['usage', '2', '2.00']]);
  });
});

describe('the number of an invoice', () => {
  it('passes over what another pattern has given before', async () => {
    const customers = ['number-1', 'number-2', 'number-3'];
    for (const customer of customers) await billing.setUp(customer);
    await billing.use(customers.map((customer) => ({ customer, time: '2026-10-01T00:10:00Z', quantity: '1' })));
    const numbers: (string | null)[] = [];
    // The first of `N1{number}` is the eleventh of `N{number}`.
    for (const [at, invoice] of ['N1{number}', 'N{number}', 'N{number}'].entries()) {
      await billing.ok('PUT', '/v1/settings', { numbering: { invoice } });
      if (at === 1) await billing.pipeline.query(`INSERT INTO invoice_numbers (series, next) VALUES ('N{number}', 10)`);
      numbers.push((await billing.bill(customers[at] ?? '', '2026-10')).number);
    }
    await billing.ok('PUT', '/v1/settings', {});
    expect(numbers).toEqual(['N11', 'N10', 'N12']);
  });
});

describe('while usage is held for a final invoice', () => {
  it('Postgres hears of it before each query of ClickHouse, so that it does not give up a customer of many months', async () => {
    const customer = 'long';
    await billing.setUp(customer);
    const months = ['2026-06', '2026-07', '2026-08', '2026-09', '2026-10'];
    await billing.use(months.map((month) => ({ customer, time: `${month}-02T00:10:00Z`, quantity: '1' })));
    for (const month of months.slice(0, -1)) await billing.bill(customer, month);
    const id = await draftOf(customer, '2026-10');
    const { clickhouse } = billing.platform;
    const heard: (string | undefined)[] = [];
    const watched: ClickHouse = {
      ...clickhouse,
      async query<Row>(query: ClickHouseQuery): Promise<Row[]> {
        const [row] = await billing.pipeline.query<{ at: string }>(
          `SELECT max(state_change)::text AS at FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
        );
        heard.push(row?.at);
        return clickhouse.query<Row>(query);
      },
    };
    await finalizeInvoice(
      { ...billing.platform, clickhouse: watched },
      { scope: WHOLE_INSTALLATION, id, by: { name: 'test', address: null } },
    );
    expect(heard.length).toBeGreaterThan(months.length);
    expect(new Set(heard).size).toBe(heard.length);
  });
});
