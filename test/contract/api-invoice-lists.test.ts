/** What stands around single invoices: what a run would meet and has done, credit notes in a list, and what a list comes to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { BillingRunPreview } from '../../schemas/http/billing-runs.ts';
import type { CreditNoteSummary } from '../../schemas/http/credit-notes.ts';
import type { DocumentTotal, InvoiceSummary } from '../../schemas/http/invoice-life.ts';
import type { CreditNote } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';

let billing: TestBilling;

beforeAll(async () => {
  billing = await openTestBilling();
  const usage = (customer: string, time: string, meter = 'requests') => ({ customer, meter, time, quantity: '10' });
  await billing.use([
    usage('acme', '2026-10-05T10:00:00Z'),
    usage('acme', '2026-10-05T11:00:00Z', 'storage'),
    usage('both', '2026-10-06T10:00:00Z'),
    usage('kathmandu', '2026-10-31T18:10:00Z'),
    usage('tokyo', '2026-10-31T18:10:00Z'),
    usage('nobody', '2026-10-07T10:00:00Z'),
    usage('late', '2026-10-08T10:00:00Z'),
    usage('november', '2026-11-08T10:00:00Z'),
  ]);
  for (const customer of ['acme', 'both', 'november']) await billing.setUp(customer);
  await billing.setUp('kathmandu', { customer: { timeZone: 'Asia/Kathmandu' } });
  await billing.setUp('tokyo', { customer: { timeZone: 'Asia/Tokyo', currency: 'JPY' }, plan: { currency: 'JPY' } });
  await billing.setUp('late', { customer: { plan: undefined, plans: [{ plan: 'plan-late', from: '2026-10-20' }] } });
});
afterAll(() => billing?.close());

const preview = (period: string, customers?: string[]) =>
  billing.ok<BillingRunPreview>('POST', '/v1/billing-runs/preview', { period, ...(customers === undefined ? {} : { customers }) });
const lists = async <Item>(path: string) => (await billing.ok<{ items: Item[] }>('GET', path)).items;

describe('the preview of a billing run', () => {
  it('counts whom the run bills, each month in its customer’s zone, and names who needs a look', async () => {
    expect(await preview('2026-10')).toEqual({
      period: '2026-10',
      // At 18:10 UTC it was five to midnight in Kathmandu, and November in Tokyo.
      customers: { total: 7, untouched: 0, withUsage: 5, withoutUsage: 2 },
      drafts: 0,
      overAt: null,
      concerned: 3,
      concerns: [
        { customer: 'acme', name: 'acme', isSetUp: true, kind: 'unpriced_meter', what: ['storage'] },
        { customer: 'late', name: 'late', isSetUp: true, kind: 'no_plan', what: [] },
        { customer: 'nobody', name: 'nobody', isSetUp: false, kind: 'no_plan', what: [] },
      ],
    });
    expect(await preview('2026-11')).toMatchObject({ customers: { total: 7, withUsage: 2, withoutUsage: 5 }, concerned: 0 });
  });

  it('says when the month is over everywhere', async () => {
    // New York is the last to see December end.
    await billing.ok('PUT', '/v1/customers/november', { plan: 'plan-november', currency: 'USD', timeZone: 'America/New_York' });
    expect((await preview('2026-12')).overAt).toBe('2027-01-01T05:00:00Z');
    expect((await preview('2026-12', ['tokyo'])).overAt).toBe('2026-12-31T15:00:00Z');
  });

  it('names a plan in another currency, which makes a draft impossible, and nothing else of that customer', async () => {
    // The API refuses to set this up; a database from elsewhere may have it.
    const currency = (code: string) => billing.platform.postgres.query(`UPDATE customers SET currency = $1 WHERE id = 'both'`, [code]);
    await currency('EUR');
    const { concerns } = await preview('2026-10', ['both', 'both', 'tokyo']);
    expect(concerns).toEqual([{ customer: 'both', name: 'both', isSetUp: true, kind: 'currency_mismatch', what: ['USD'] }]);
    await currency('USD');
  });

  it('refuses who is not known, as the run does', async () => {
    expect((await billing.call('POST', '/v1/billing-runs/preview', { period: '2026-10', customers: ['who'] })).body).toMatchObject({
      status: 422,
      errors: [{ path: 'customers/0', code: 'unknown_customer' }],
    });
  });
});

describe('what a run has done', () => {
  it('is drafts that are new, changed, and the same as before', async () => {
    expect((await billing.run('2026-10')).progress).toMatchObject({ drafts: 5, created: 5, changed: 0, empty: 2 });
    await billing.use([{ customer: 'acme', time: '2026-10-06T10:00:00Z', quantity: '5' }]);
    expect((await preview('2026-10')).drafts).toBe(5);
    expect((await billing.run('2026-10')).progress).toMatchObject({ drafts: 5, created: 0, changed: 1, empty: 2 });
    expect((await billing.run('2026-10', ['acme'])).progress).toMatchObject({ drafts: 1, created: 0, changed: 0 });
  });
});

describe('lists and what they come to', () => {
  let note: CreditNote;

  beforeAll(async () => {
    await billing.run('2026-11');
    for (const customer of ['acme', 'kathmandu', 'nobody']) {
      const { id } = await billing.invoiceOf(customer, '2026-10');
      await billing.ok('POST', `/v1/invoices/${id}/finalize`, {});
    }
    const { id: acme } = await billing.invoiceOf('acme', '2026-10');
    note = await billing.ok<CreditNote>('POST', `/v1/invoices/${acme}/credit-notes`, {
      reason: 'outage',
      lines: [{ n: 1, amount: '2.50' }],
    });
    const { id: nobody } = await billing.invoiceOf('nobody', '2026-10');
    await billing.ok('POST', `/v1/invoices/${nobody}/void`, { reason: 'no customer' });
  });

  it('a credit note is listed with its invoice and customer, and filtered by what they are', async () => {
    const listed = await lists<CreditNoteSummary>('/v1/credit-notes');
    expect(listed).toMatchObject([
      {
        id: note.id,
        number: note.number,
        status: 'final',
        customer: 'acme',
        currency: 'USD',
        month: '2026-10',
        reason: 'outage',
        total: '-2.50',
      },
    ]);
    expect(await lists('/v1/credit-notes?customer=acme&period=2026-10&status=final')).toEqual(listed);
    for (const filter of ['customer=nobody', 'period=2026-11', 'status=void', 'status=draft'])
      expect(await lists(`/v1/credit-notes?${filter}`)).toEqual([]);
  });

  it.each(['', '?period=2026-10', '?customer=acme', '?status=draft', '?status=void&period=2026-10'])(
    'the totals of a list are the sums of its rows: "%s"',
    async (filter) => {
      const [invoices, notes, totals] = await Promise.all([
        lists<InvoiceSummary>(`/v1/invoices${filter}`),
        lists<CreditNoteSummary>(`/v1/credit-notes${filter}`),
        lists<DocumentTotal>(`/v1/invoices/totals${filter}`),
      ]);
      const rows = [...invoices.map((row) => ({ kind: 'invoice', ...row })), ...notes.map((row) => ({ kind: 'credit_note', ...row }))];
      const groups = Map.groupBy(rows, ({ kind, status, currency }) => `${kind} ${status} ${currency}`);
      expect(totals.length).toBe(groups.size);
      for (const { kind, status, currency, documents, total } of totals) {
        const group = groups.get(`${kind} ${status} ${currency}`) ?? [];
        expect([documents, addDecimals(total, '0')]).toEqual([group.length, group.map((row) => row.total).reduce(addDecimals, '0')]);
      }
    },
  );

  it('a filter that is none is refused', async () => {
    for (const path of ['/v1/invoices/totals?month=2026-10', '/v1/credit-notes?status=paid'])
      expect((await billing.call('GET', path)).status).toBe(400);
  });
});
