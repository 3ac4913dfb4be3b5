/** Calls that are made again because their answer was lost: what they bill, number and give back, they do once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreditNote, Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type Answer, type TestBilling } from '../support/billing.ts';

let billing: TestBilling;

beforeAll(async () => {
  billing = await openTestBilling();
  for (const customer of ['acme', 'other']) {
    await billing.setUp(customer, { customer: { taxRate: '10' } });
    await billing.use([{ customer, time: '2026-10-03T00:00:00Z', quantity: '100' }]);
  }
});
afterAll(() => billing?.close());

const HALF = { reason: 'outage', lines: [{ n: 1, amount: '50' }] };
const credit = (id: string, body: object, key?: string): Promise<Answer> =>
  billing.call('POST', `/v1/invoices/${id}/credit-notes`, body, key === undefined ? {} : { 'idempotency-key': key });
const notesOf = async (id: string) => (await billing.ok<Invoice>('GET', `/v1/invoices/${id}`)).creditNotes ?? [];
const audited = async (id: string, what: string) =>
  (await billing.ok<{ items: { what: string }[] }>('GET', `/v1/audit?subject=invoice/${id}`)).items.filter((entry) => entry.what === what);

describe('finalize', () => {
  it('made again, at the same time and later, answers the invoice with its one number', async () => {
    await billing.run('2026-10', ['acme']);
    const { id } = await billing.invoiceOf('acme', '2026-10');
    const finalize = () => billing.ok<Invoice>('POST', `/v1/invoices/${id}/finalize`, {});
    const first = await Promise.all([finalize(), finalize(), finalize()]);
    await billing.use([{ customer: 'acme', time: '2026-10-04T00:00:00Z', quantity: '7' }]);
    const later = await finalize();
    expect(first[0]).toMatchObject({ status: 'final', total: '110.00', number: expect.stringMatching(/./) as string });
    for (const answer of [...first, later]) expect(answer).toEqual(first[0]);
    expect(await audited(id, 'invoice.finalized')).toHaveLength(1);
  });
});

describe('a credit note with an Idempotency-Key', () => {
  it('is one note, however often it is asked for, and another without', async () => {
    const { id } = await billing.invoiceOf('acme', '2026-10');
    const first = await credit(id, HALF, 'key-1');
    const again = await credit(id, { lines: HALF.lines, reason: HALF.reason }, 'key-1');
    expect([first.status, again.status, again.body]).toEqual([201, 200, first.body]);
    expect(first.body).toMatchObject({ total: '-55.00' });
    expect(await notesOf(id)).toEqual([first.body]);
    expect(await audited(id, 'credit-note.created')).toHaveLength(1);
    const small = { reason: 'outage', lines: [{ n: 1, amount: '1' }] };
    for (const key of [undefined, undefined, 'key-2']) expect((await credit(id, small, key)).status).toBe(201);
    expect(await notesOf(id)).toHaveLength(4);
  });

  it('is one note where the calls come at the same time, and the numbers have no gap', async () => {
    const { id } = await billing.bill('other', '2026-10');
    const answers = await Promise.all(Array.from({ length: 8 }, () => credit(id, HALF, 'at-once')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(await notesOf(id)).toEqual([answers[0]?.body]);
    const { body } = await credit(id, HALF, 'the next');
    const numberOf = (note: unknown) => Number(/\d+$/.exec((note as CreditNote).number)?.[0]);
    expect(numberOf(body) - numberOf(answers[0]?.body)).toBe(1);
  });

  it('is refused where the key names another body, or another invoice', async () => {
    const [{ id }, { id: otherId }] = [await billing.invoiceOf('acme', '2026-10'), await billing.invoiceOf('other', '2026-10')];
    const count = (await notesOf(id)).length;
    for (const [invoice, body] of [[id, { ...HALF, lines: [{ n: 1, amount: '2' }] }] as const, [otherId, HALF] as const])
      expect((await credit(invoice, body, 'key-1')).body).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    expect((await credit(id, HALF, '')).body).toMatchObject({ status: 400, errors: [{ path: 'idempotency-key' }] });
    expect((await credit(id, HALF, 'k'.repeat(256))).body).toMatchObject({ status: 400, errors: [{ path: 'idempotency-key' }] });
    expect(await notesOf(id)).toHaveLength(count);
  });

  it('does not use its key up where it is refused', async () => {
    const { id } = await billing.invoiceOf('acme', '2026-10');
    expect((await credit(id, { reason: 'outage', lines: [{ n: 1, amount: '1000' }] }, 'refused')).status).toBe(422);
    expect((await credit(id, { reason: 'outage', lines: [{ n: 1, amount: '3' }] }, 'refused')).status).toBe(201);
  });

  it('is answered when its invoice is void by now', async () => {
    const { id } = await billing.invoiceOf('other', '2026-10');
    const [first] = await notesOf(id);
    const voided = () => billing.ok<Invoice>('POST', `/v1/invoices/${id}/void`, { reason: 'wrong plan' });
    const answers = await Promise.all([voided(), voided()]);
    expect([...answers, await voided()]).toEqual([answers[0], answers[0], answers[0]]);
    expect(await audited(id, 'invoice.voided')).toHaveLength(1);
    expect(await credit(id, HALF, 'at-once')).toMatchObject({ status: 200, body: first });
    expect((await credit(id, HALF, 'new')).body).toMatchObject({ status: 409, code: 'conflict' });
    expect((await billing.call('POST', `/v1/invoices/${id}/finalize`, {})).body).toMatchObject({ status: 409, code: 'conflict' });
  });

  it('stands in the OpenAPI document', async () => {
    const { paths } = await billing.ok<{ paths: Record<string, { post: { parameters: object[]; responses: object } }> }>(
      'GET',
      '/openapi.json',
    );
    const { parameters, responses } = paths['/v1/invoices/{id}/credit-notes']?.post ?? { parameters: [], responses: {} };
    expect(parameters).toContainEqual(expect.objectContaining({ in: 'header', name: 'idempotency-key', required: false }));
    expect(Object.keys(responses)).toEqual(['200', '201', 'default']);
  });
});
