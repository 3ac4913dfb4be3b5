/** Whose usage an import has brought, and what bills it: counted by the consumers, read over HTTP, on real stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countImportCustomers } from '../../consumers/import-customers.ts';
import { listImports, readImport } from '../../ingest/import-view.ts';
import { EVERY_IMPORT } from '../../platform/access/import-scope.ts';
import type { ImportCustomer } from '../../schemas/http/import-customers.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { eventually } from '../support/eventually.ts';
import { makeImports } from '../support/undo.ts';

let billing: TestBilling;
beforeAll(async () => {
  billing = await openTestBilling();
  await makeImports(billing.pipeline, ['1', '2', '3', '4'], 'complete');
});
afterAll(() => billing.close());

const postgres = () => billing.platform.postgres;
interface Customers {
  items: ImportCustomer[];
  nextCursor: string | null;
}
const customersOf = (id: string, query = '') => billing.ok<Customers>('GET', `/v1/imports/${id}/customers${query}`);
/** As after a control message that has changed them; the consumers that run beside the test count too. */
const countAnew = async (id: string) => {
  await postgres().query('UPDATE imports SET customers = NULL WHERE id = $1', [id]);
  return eventually('they are counted', async () => {
    await countImportCustomers(postgres());
    return (await readImport(postgres(), EVERY_IMPORT, id))?.customers;
  });
};

describe('the customers of an import', () => {
  it('are counted once it is complete, those with most events by name, and shown in every list', async () => {
    await billing.ok('PUT', '/v1/customers/c2', { name: 'Second', currency: 'USD' });
    const at = '2026-10-02T00:10:00Z';
    const events = [1, 2, 3, 4, 5].flatMap((n) =>
      Array.from({ length: n === 2 ? 9 : n }, () => ({ customer: `c${n}`, time: at, quantity: '1' })),
    );
    await billing.use(events, '1');
    const customers = {
      count: 5,
      first: [
        { id: 'c2', name: 'Second' },
        { id: 'c5', name: 'c5' },
        { id: 'c4', name: 'c4' },
      ],
    };
    expect(await countAnew('1')).toEqual(customers);
    const listed = await listImports(postgres(), EVERY_IMPORT, { limit: 10 });
    expect(listed.map(({ id, customers: own }) => [id, own?.count])).toEqual([
      ['4', 0],
      ['3', 0],
      ['2', 0],
      ['1', 5],
    ]);
  });

  it('come with their quantities, as each meter puts them together, page by page', async () => {
    await billing.ok('PUT', '/v1/meters/peak', { aggregation: 'max' });
    await billing.ok('PUT', '/v1/meters/seen', { aggregation: 'count' });
    await billing.ok('PUT', '/v1/meters/users', { aggregation: 'unique', property: 'user' });
    const of = (meter: string, quantity: string, time = '2026-10-03T00:10:00Z') => ({ customer: 'meters', meter, quantity, time });
    await billing.use(
      [
        of('requests', '0.1'),
        of('requests', '0.2', '2026-10-04T05:00:00Z'),
        of('peak', '7'),
        of('peak', '9'),
        of('seen', '5'),
        of('users', '1'),
      ],
      '2',
    );
    await billing.use([{ customer: 'other', time: '2026-10-03T00:10:00Z', quantity: '4' }], '2');
    const { items } = await customersOf('2');
    expect(items.map(({ id, events, from, to }) => [id, events, from, to])).toEqual([
      ['meters', 6, '2026-10-03T00:10:00Z', '2026-10-04T05:00:00Z'],
      ['other', 1, '2026-10-03T00:10:00Z', '2026-10-03T00:10:00Z'],
    ]);
    expect(items[0]?.quantities).toEqual([
      { meter: 'peak', aggregation: 'max', quantity: '9', events: 2 },
      { meter: 'requests', aggregation: 'sum', quantity: '0.3', events: 2 },
      { meter: 'seen', aggregation: 'count', quantity: '1', events: 1 },
      { meter: 'users', aggregation: 'unique', quantity: null, events: 1 },
    ]);
    const first = await customersOf('2', '?limit=1');
    expect(first.items.map(({ id }) => id)).toEqual(['meters']);
    const second = await customersOf('2', `?limit=1&cursor=${first.nextCursor}`);
    expect([second.items.map(({ id }) => id), second.nextCursor]).toEqual([['other'], null]);
  });

  it('name the drafts and final invoices that bill them, and what came too late for a final one', async () => {
    const use = (importId: string, customer: string, times: string[]) =>
      billing.use(
        times.map((time) => ({ customer, time, quantity: '1' })),
        importId,
      );
    await billing.setUp('billed');
    await use('3', 'billed', ['2026-10-05T00:10:00Z', '2026-11-05T00:10:00Z', '2026-11-06T00:10:00Z']);
    const october = await billing.bill('billed', '2026-10');
    await billing.run('2026-11', ['billed']);
    await use('3', 'billed', ['2026-10-06T00:10:00Z']);
    // Another file's, which is no business of this one.
    await use('4', 'billed', ['2026-10-07T00:10:00Z']);
    const [billed] = (await customersOf('3')).items;
    expect(billed?.invoices).toEqual([
      { id: october.id, number: october.number, status: 'final', month: '2026-10', events: 2, billed: 1 },
      { id: expect.any(String) as string, number: null, status: 'draft', month: '2026-11', events: 2, billed: 2 },
    ]);
    const [late] = (await customersOf('4')).items;
    expect(late?.invoices).toEqual([{ id: october.id, number: october.number, status: 'final', month: '2026-10', events: 1, billed: 0 }]);
    await billing.ok('POST', `/v1/invoices/${october.id}/void`, { reason: 'a test' });
    expect((await customersOf('4')).items[0]?.invoices).toEqual([]);
  });

  it('are counted anew once something has changed them, and an import that is not complete has none yet', async () => {
    await makeImports(billing.pipeline, ['5'], 'settling');
    expect((await readImport(postgres(), EVERY_IMPORT, '5'))?.customers).toBeNull();
    expect(await countAnew('4')).toEqual({ count: 1, first: [{ id: 'billed', name: 'billed' }] });
  });

  it('of an import that is none are refused, as is a cursor of another list', async () => {
    expect(await billing.call('GET', '/v1/imports/999/customers')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await billing.call('GET', '/v1/imports/1/customers?cursor=x')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await billing.call('GET', '/v1/imports/1/customers?limit=201')).toMatchObject({ status: 400 });
  });
});
