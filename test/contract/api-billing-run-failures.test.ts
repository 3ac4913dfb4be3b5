/** Billing runs that meet errors: they wait for a store that is away, fail of everything else, and say which of the two and why. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { carryOutRun, startBillingRuns } from '../../api/billing/runs.ts';
import type { ClickHouse, ClickHouseQuery } from '../../platform/clickhouse/clickhouse.ts';
import { createTurns } from '../../platform/clickhouse/turns.ts';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { eventually } from '../support/eventually.ts';

let billing: TestBilling;
const customers = Array.from({ length: 50 }, (_, n) => `many-${String(n).padStart(2, '0')}`);
const CULPRIT = 'many-33';

beforeAll(async () => {
  billing = await openTestBilling();
  await billing.use(customers.map((customer, n) => ({ customer, time: '2026-10-03T00:00:00Z', quantity: String(n) })));
});
afterAll(() => billing?.close());
afterEach(() => sql('DROP TRIGGER IF EXISTS refuse ON invoices'));

const NEVER = new AbortController().signal;
const sql = (text: string, values?: unknown[]) => billing.platform.postgres.query<{ [column: string]: unknown }>(text, values);
const get = (id: string) => billing.ok<BillingRun>('GET', `/v1/billing-runs/${id}`);
const request = (body: object) => billing.ok<BillingRun>('POST', '/v1/billing-runs', { period: '2026-10', ...body });
const drafts = async () => (await billing.ok<{ items: InvoiceSummary[] }>('GET', '/v1/invoices?period=2026-10&limit=1000')).items;

/** From now on Postgres refuses the invoice of one customer. */
async function refuseInvoice(code: string): Promise<void> {
  await sql(`CREATE OR REPLACE FUNCTION refuse_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.customer = '${CULPRIT}' THEN RAISE EXCEPTION 'refused for a test' USING ERRCODE = '${code}'; END IF;
      RETURN NEW;
    END $$`);
  await sql('CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON invoices FOR EACH ROW EXECUTE FUNCTION refuse_invoice()');
}

function withQueries(before: (query: ClickHouseQuery) => Promise<unknown> | undefined): { clickhouse: ClickHouse } {
  const { clickhouse } = billing.platform;
  return {
    clickhouse: {
      ...clickhouse,
      query: async (query) => {
        await before(query);
        return clickhouse.query(query);
      },
    },
  };
}

describe('an error that waiting does not mend', () => {
  it('ends the run as failed: it names the customer and the reason, drafts made so far stand, and other runs go on', async () => {
    await refuseInvoice('22012');
    const [{ id }, { id: other }] = [await request({}), await request({ customers: ['many-49'] })];
    expect(await carryOutRun(billing.platform, NEVER)).toBe(true);
    expect(await get(id)).toMatchObject({
      state: 'failed',
      failure: {
        code: 'internal',
        message: expect.stringMatching(/^customer "many-33": refused for a test\. .*start a run.* again/) as string,
      },
      progress: { total: 50, done: 33, drafts: 33 },
      finishedAt: expect.any(String) as string,
    });
    expect((await drafts()).map(({ customer }) => customer).sort()).toEqual(customers.slice(0, 33));
    expect(await carryOutRun(billing.platform, NEVER)).toBe(true);
    expect(await get(other)).toMatchObject({ state: 'done', failure: null, progress: { drafts: 1 } });
    expect(await carryOutRun(billing.platform, NEVER)).toBe(false);
  });

  it('is gone for another run of the month, which keeps the ids of the drafts', async () => {
    const before = new Map((await drafts()).map(({ customer, id }) => [customer, id]));
    expect(await billing.run('2026-10')).toMatchObject({ state: 'done', failure: null, progress: { done: 50, drafts: 50 } });
    const after = await drafts();
    expect(after).toHaveLength(50);
    for (const { customer, id } of after) expect(before.get(customer) ?? id).toBe(id);
  });
});

describe('a store that is away', () => {
  it('is waited for: the run says so and why, and goes on behind what is done', async () => {
    await refuseInvoice('53100');
    const runs = await startBillingRuns(billing.platform);
    try {
      const { id } = await request({});
      const waiting = await eventually('the run waits', async () => (await get(id)).state === 'waiting' && (await get(id)));
      expect(waiting).toMatchObject({
        failure: { code: 'store_unavailable', message: expect.stringMatching(/^refused for a test\. .*by itself/) as string },
        progress: { done: 20, drafts: 20 },
        finishedAt: null,
      });
      await sql('DROP TRIGGER refuse ON invoices');
      // Asked for while the other one waits: both are carried out at once.
      const { id: next } = await request({ customers: ['many-01'] });
      await eventually('both are done', async () => (await get(next)).state === 'done');
      expect(await get(id)).toMatchObject({ state: 'done', failure: null, progress: { done: 50, drafts: 50 } });
    } finally {
      await runs.stop();
    }
  });

  it('is no failure of the customer that was rated when it went', async () => {
    await billing.setUp('late');
    await billing.use([{ customer: 'late', time: '2026-08-03T00:00:00Z', quantity: '1' }]);
    await billing.bill('late', '2026-08');
    await billing.use(['2026-08-04', '2026-09-03'].map((day) => ({ customer: 'late', time: `${day}T00:00:00Z`, quantity: '1' })));
    const closed = createTurns({ name: 'ClickHouse (queries)', atOnce: 1, waitingMax: 1 });
    await closed.close();
    const { id } = await billing.ok<BillingRun>('POST', '/v1/billing-runs', { period: '2026-09', customers: ['late'] });
    const away = withQueries(({ name }) => (name === 'usage_by_window' ? closed.take(() => Promise.resolve()) : undefined));
    await expect(carryOutRun({ ...billing.platform, ...away }, NEVER)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await get(id)).toMatchObject({ state: 'waiting', progress: { done: 0, failed: 0 }, failures: [] });
    await carryOutRun(billing.platform, NEVER);
    expect(await billing.invoiceOf('late', '2026-09')).toMatchObject({ total: '2.00', adjustments: [{ amount: '1.00' }] });
  });
});

describe('a process that has lost its lock', () => {
  it('leaves the run to the one that has it, and no customer is counted twice', async () => {
    const { id } = await request({ customers });
    const [arrived, goOn] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    let queries = 0;
    const held = withQueries(({ name }) => {
      if (name !== 'bulk_usage' || ++queries < 2) return undefined;
      arrived.resolve(undefined);
      return goOn.promise;
    });
    const first = carryOutRun({ ...billing.platform, ...held }, NEVER);
    const ended = expect(first).rejects.toThrow('another process has gone on with it');
    await arrived.promise;
    const holders = () => sql(`SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 1114205292 AND granted`);
    await sql('SELECT pg_terminate_backend($1)', [(await holders()).rows[0]?.['pid']]);
    await eventually('the lock is free', async () => (await holders()).rows.length === 0);
    expect(await carryOutRun(billing.platform, NEVER)).toBe(true);
    goOn.resolve(undefined);
    await ended;
    expect(await get(id)).toMatchObject({ state: 'done', failure: null, progress: { total: 50, done: 50, drafts: 50 } });
  });
});
