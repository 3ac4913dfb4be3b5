/** Billing runs over many customers, and what an import did to invoices or its undo would do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryOutRun, startBillingRuns } from '../../api/billing/runs.ts';
import { requestUndo, sendUndos } from '../../ingest/undo.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { StoreUnavailableError } from '../../platform/store-unavailable.ts';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { Effect } from '../../schemas/http/effect.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { eventually } from '../support/eventually.ts';
import { TESTER } from '../support/tester.ts';
import { makeImports } from '../support/undo.ts';

let billing: TestBilling;

beforeAll(async () => {
  billing = await openTestBilling();
  await makeImports(billing.pipeline, ['1', '2', '3']);
});
afterAll(() => billing?.close());

const NEVER = new AbortController().signal;
const october = (day: number, hour = 0) => `2026-10-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:10:00Z`;
const get = (id: string) => billing.ok<BillingRun>('GET', `/v1/billing-runs/${id}`);

describe('a run over many customers', () => {
  const customers = Array.from({ length: 50 }, (_, n) => `many-${String(n).padStart(2, '0')}`);
  let queries = 0;

  /** Counts the queries for usage, and fails at the n-th. */
  function failingAt(n: number): ClickHouse {
    const { clickhouse } = billing.platform;
    return {
      ...clickhouse,
      query: (query) => {
        if (query.name === 'bulk_usage' && ++queries === n) return Promise.reject(new StoreUnavailableError('clickhouse', 'killed'));
        return clickhouse.query(query);
      },
    };
  }

  it('asks ClickHouse by ranges of customers, and goes on behind the last range that is committed', async () => {
    await billing.use(customers.flatMap((customer, n) => [1, 2].map((day) => ({ customer, time: october(day), quantity: String(n) }))));
    const { id } = await billing.ok<BillingRun>('POST', '/v1/billing-runs', { period: '2026-10', customers });
    await expect(carryOutRun({ ...billing.platform, clickhouse: failingAt(2) }, NEVER)).rejects.toThrow('killed');
    expect(await get(id)).toMatchObject({ state: 'waiting', progress: { total: 50, done: 20, drafts: 20 } });
    queries = 0;
    expect(await carryOutRun({ ...billing.platform, clickhouse: failingAt(0) }, NEVER)).toBe(true);
    expect(queries).toBe(2);
    expect(await get(id)).toMatchObject({ state: 'done', progress: { total: 50, done: 50, drafts: 50, failed: 0 } });
    const { items } = await billing.ok<{ items: InvoiceSummary[] }>('GET', '/v1/invoices?period=2026-10&limit=1000');
    expect(items.map(({ customer }) => customer).sort()).toEqual(customers);
    const [first] = items;
    const invoice = await billing.ok<Invoice>('GET', `/v1/invoices/${first?.id}`);
    expect(invoice.lines[0]).toMatchObject({ quantity: String(2 * Number(first?.customer.slice(-2))), pricing: 'unpriced' });
  });

  it('is the business of one process at a time', async () => {
    const { id } = await billing.ok<BillingRun>('POST', '/v1/billing-runs', { period: '2026-10', customers });
    const outcomes = await Promise.all([carryOutRun(billing.platform, NEVER), carryOutRun(billing.platform, NEVER)]);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect((await get(id)).progress).toMatchObject({ done: 50, drafts: 50 });
  });

  it('is carried out by the process in the background when it is asked for', async () => {
    const runs = await startBillingRuns(billing.platform);
    try {
      const { id } = await billing.ok<BillingRun>('POST', '/v1/billing-runs', { period: '2026-09' });
      expect(await eventually('the run is done', async () => (await get(id)).state === 'done' && (await get(id)))).toMatchObject({
        customers: null,
        progress: { total: 50, done: 50, empty: 50 },
      });
    } finally {
      await runs.stop();
    }
    const listed = await billing.ok<{ items: BillingRun[]; nextCursor: string | null }>('GET', '/v1/billing-runs?limit=1');
    expect(listed.items).toMatchObject([{ period: '2026-09' }]);
    expect(await billing.ok('GET', `/v1/billing-runs?limit=10&cursor=${listed.nextCursor}`)).toMatchObject({
      items: [{}, {}],
      nextCursor: null,
    });
  });

  it('lists invoices page by page', async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const query = cursor === null ? '' : `&cursor=${cursor}`;
      const page: { items: InvoiceSummary[]; nextCursor: string | null } = await billing.ok('GET', `/v1/invoices?limit=20${query}`);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect([ids.length, new Set(ids).size]).toEqual([50, 50]);
  });

  it.each([
    ['a month that is none', { period: '2026-13' }],
    ['no customers at all', { period: '2026-10', customers: [] }],
  ])('is refused for %s', async (_name, body) => {
    expect((await billing.call('POST', '/v1/billing-runs', body)).body).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});

describe('the effect of an import', () => {
  const effectOf = (id: string, query = '') => billing.ok<Effect>('GET', `/v1/imports/${id}/effect${query}`);

  it('and of its undo: customers, hours, quantities, money before and after, and the invoices that it touches', async () => {
    await billing.ok('PUT', '/v1/meters/peak', { aggregation: 'max' });
    const prices = [
      { meter: 'requests', model: 'per_unit', unitPrice: '2' },
      { meter: 'peak', model: 'per_unit', unitPrice: '10' },
    ];
    await billing.setUp('effect', { plan: { prices }, customer: { taxRate: '10', timeZone: 'Europe/Berlin' } });
    await billing.use(
      [
        { customer: 'effect', time: october(1), quantity: '3' },
        { customer: 'effect', meter: 'peak', time: october(1), quantity: '4' },
      ],
      '1',
    );
    await billing.use(
      [
        { customer: 'effect', time: october(1), quantity: '5' },
        { customer: 'effect', time: october(2), quantity: '1' },
        { customer: 'effect', meter: 'peak', time: october(2), quantity: '6' },
        { customer: 'effect-new', time: october(2), quantity: '1' },
      ],
      '2',
    );
    const { id, number } = await billing.bill('effect', '2026-10');
    const of2 = await effectOf('2');
    expect(of2).toMatchObject({
      rows: 4,
      events: 4,
      customers: [
        { id: 'effect', isNew: false, events: 3 },
        { id: 'effect-new', isNew: true, events: 1 },
      ],
      hours: { from: '2026-10-01T00:00:00Z', to: '2026-10-02T01:00:00Z', count: 2 },
      quantities: [
        { meter: 'peak', quantity: '6', events: 1 },
        { meter: 'requests', quantity: '7', events: 3 },
      ],
      // 3 requests and a peak of 4; then 9 and 6.
      money: [
        { customer: 'effect', currency: 'USD', before: '50.60', after: '85.80' },
        { customer: 'effect-new', before: '0.00', after: '0.00' },
      ],
      invoices: [{ id, number, customer: 'effect', month: '2026-10', status: 'final', change: '35.20' }],
      isComplete: true,
    });
    expect(await effectOf('2', '?of=undo')).toMatchObject({
      money: [{ before: '85.80', after: '50.60' }, {}],
      invoices: [{ id, change: '-35.20' }],
    });
  });

  it('of its undo is what then comes to pass', async () => {
    await requestUndo(billing.platform, '2', TESTER, { adjust: true });
    await sendUndos(billing.platform);
    await billing.pipeline.drain();
    await billing.run('2026-11', ['effect']);
    expect(await billing.invoiceOf('effect', '2026-11')).toMatchObject({ total: '-35.20', subtotal: '0.00' });
    expect(await effectOf('2')).toMatchObject({ rows: 0, events: 0, hours: null, money: [], invoices: [] });
  });

  it('of its undo leaves out what another import reported too', async () => {
    const event = { id: 'twice', customer: 'effect', time: october(3), quantity: '9' };
    await billing.use([event], '1');
    await billing.use([event, { customer: 'effect', time: october(4), quantity: '1' }], '3');
    expect(await effectOf('1', '?of=undo')).toMatchObject({ quantities: [{ meter: 'peak' }, { meter: 'requests' }] });
    const [whole, undone] = [await effectOf('1'), await effectOf('1', '?of=undo')];
    expect(whole.events - undone.events).toBe(1);
  });

  it('of an import that is none is not known', async () => {
    expect((await billing.call('GET', '/v1/imports/99/effect')).body).toMatchObject({ status: 404 });
  });
});
