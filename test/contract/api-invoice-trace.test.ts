/** An amount of an invoice, opened down to the lines of files: equal totals at each level. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestUndo, sendUndos } from '../../ingest/undo.ts';
import type { Explanation, TracedPart } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { expectTraced } from '../support/invoice-trace.ts';
import { TESTER } from '../support/tester.ts';
import { makeImports } from '../support/undo.ts';

let billing: TestBilling;
let draft: Invoice & { id: string };

const METERS = { requests: 'sum', calls: 'count', peak: 'max', users: 'unique', seats: 'latest' } as const;

beforeAll(async () => {
  billing = await openTestBilling();
  await makeImports(billing.pipeline, ['1']);
  for (const [meter, aggregation] of Object.entries(METERS))
    await billing.ok('PUT', `/v1/meters/${meter}`, { aggregation, ...(aggregation === 'unique' ? { property: 'user' } : {}) });
  const tiers = [
    { upTo: '10', unitPrice: '0.335' },
    { upTo: null, unitPrice: '0.1' },
  ];
  const prices = Object.keys(METERS).map((meter) => ({ meter, model: 'graduated', tiers }));
  await billing.setUp('traced', { plan: { prices }, customer: { timeZone: 'Europe/Berlin' } });
  // Hours on both sides of the night in which the clock goes back, some with several events, some of them at one moment.
  const times = ['2026-10-05T10:00:00Z', '2026-10-05T10:59:59Z', '2026-10-24T22:30:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'];
  const events = Object.keys(METERS).flatMap((meter) =>
    times.flatMap((time, n) =>
      ['3', '7', '5', '-1'].map((quantity, at) => ({
        customer: 'traced',
        meter,
        time,
        quantity: at === n % 4 ? quantity + '.25' : quantity,
        properties: JSON.stringify({ user: `u${(n * at) % 5}` }),
      })),
    ),
  );
  await billing.use(events);
  await billing.run('2026-10', ['traced']);
  draft = await billing.invoiceOf('traced', '2026-10');
});
afterAll(() => billing?.close());

describe('the trace of an invoice', () => {
  it('adds up at every level of a draft, for every aggregation', async () => {
    expect(draft.lines.map(({ meter, quantity }) => [meter, quantity])).toEqual([
      ['requests', '70.75'],
      ['calls', '20'],
      ['peak', '7.25'],
      ['users', '5'],
      ['seats', '-1'],
    ]);
    const records = await expectTraced(billing, draft);
    expect(records['requests']?.map((hour) => hour.length)).toEqual([8, 4, 4, 4]);
    expect(records['users']?.flat().filter(({ contribution }) => contribution === '1')).toHaveLength(5);
    expect(
      records['peak']
        ?.flat()
        .filter(({ contribution }) => contribution !== '0')
        .map(({ quantity }) => quantity),
    ).toEqual(['3.25', '7', '7.25']);
    expect(records['requests']?.[0]?.[0]).toMatchObject({
      importId: '1',
      fileName: 'usage.csv',
      line: 1,
      quantity: '3.25',
      properties: { user: 'u0' },
    });
  });

  it('shows the night of 25 hours as one day', async () => {
    const { items } = await billing.ok<{ items: (TracedPart & { day: string })[] }>('GET', `/v1/invoices/${draft.id}/lines/1/days`);
    expect(items.map(({ day, start, end, events }) => [day, start, end, events])).toEqual([
      ['2026-10-05', '2026-10-04T22:00:00Z', '2026-10-05T22:00:00Z', 8],
      ['2026-10-25', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', 12],
    ]);
  });

  it('of a final one stays the same when usage comes late', async () => {
    await billing.ok('POST', `/v1/invoices/${draft.id}/finalize`, {});
    const final = await billing.invoiceOf('traced', '2026-10');
    const before = await expectTraced(billing, final);
    await billing.use([{ customer: 'traced', meter: 'requests', time: '2026-10-05T10:00:00Z', quantity: '100' }]);
    expect(await expectTraced(billing, final)).toEqual(before);
  });

  it('explains each line: formula, rounding, and what was left out and why', async () => {
    const explain = (n: number) => billing.ok<Explanation>('GET', `/v1/invoices/${draft.id}/lines/${n}/explanation`);
    expect(await explain(1)).toMatchObject({
      inputs: { meter: 'requests', aggregation: 'sum', quantity: '70.75', events: 20, plan: { id: 'plan-traced', version: 1 } },
      formula: [
        { text: '10 × 0.335 = 3.35', exact: '3.35' },
        { text: '60.75 × 0.1 = 6.075', exact: '6.075' },
      ],
      exactAmount: '9.425',
      rounding: { mode: 'half-away', currency: 'USD', digits: 2 },
      amount: '9.43',
      leftOut: { voided: { events: 0 }, duplicate: { events: 0 }, conflict: { events: 0 } },
      since: [{ kind: 'late', id: '1', name: 'usage.csv', events: 1, quantity: '100' }],
    });
    await makeImports(billing.pipeline, ['2', '3']);
    const event = { customer: 'traced', meter: 'calls', time: '2026-10-06T10:00:00Z', quantity: '1', id: 'again' };
    await billing.use([event], '1');
    await billing.use([event, { ...event, quantity: '2' }], '2');
    await billing.use([{ ...event, quantity: '4', id: 'undone' }], '3');
    await requestUndo(billing.platform, '3', TESTER);
    await sendUndos(billing.platform);
    await billing.pipeline.drain();
    // What was left out stands for the moment of the invoice: all of this came later, and of it only what stands is due.
    expect(await explain(2)).toMatchObject({
      inputs: { meter: 'calls', aggregation: 'count', events: 20 },
      leftOut: { voided: { events: 0 }, duplicate: { events: 0 }, conflict: { events: 0 } },
      since: [{ kind: 'late', id: '1', events: 1, quantity: '1' }],
    });
  });

  it.each([
    ['a line that is not there', '/lines/99/days'],
    ['an hour that is not there', '/lines/1/hours/2026-10-06T10:00:00Z/records'],
  ])('knows of no %s', async (_name, path) => {
    expect((await billing.call('GET', `/v1/invoices/${draft.id}${path}`)).body).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('refuses a cursor that is none', async () => {
    const url = `/v1/invoices/${draft.id}/lines/1/hours/2026-10-05T10:00:00Z/records?cursor=abc`;
    expect((await billing.call('GET', url)).body).toMatchObject({ status: 400, errors: [{ code: 'invalid_cursor' }] });
  });
});
