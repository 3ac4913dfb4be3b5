/** Credit notes as documents over HTTP: JSON, CSV and PDF of one say the same, in the names that the invoice has frozen. */
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDecimals, compareDecimals } from '../../core/decimal.ts';
import type { CreditNoteDocument } from '../../schemas/http/credit-notes.ts';
import type { CreditNote, CreditNoteContent, Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { pdfLines, readPdf } from '../support/pdf-text.ts';

let billing: TestBilling;
let invoice: Invoice & { id: string };
let partial: CreditNote;
let full: CreditNote;
const previews: { partial?: CreditNoteContent; full?: CreditNoteContent } = {};

beforeAll(async () => {
  billing = await openTestBilling();
  await billing.ok('PUT', '/v1/settings', { seller: { name: 'Seller AG', address: ['Street 1'] } });
  await billing.use(
    Array.from({ length: 40 }, (_, hour) => ({
      customer: 'acme',
      time: new Date(Date.UTC(2026, 9, 3) + hour * 3_600_000).toISOString().replace('.000', ''),
      quantity: String(hour + 1),
    })),
  );
  await billing.setUp('acme', {
    unitPrice: '0.0333',
    plan: {
      prices: [
        { meter: 'requests', model: 'per_unit', unitPrice: '0.0333', description: 'Requests' },
        { model: 'flat', amount: '20', description: 'Base fee' },
      ],
      minimum: '100',
      discounts: [{ percent: '10' }],
    },
    customer: { name: '=Acme GmbH', taxRate: '19', invoiceDetails: { address: 'Road 2\n1010 Wien' } },
  });
  invoice = await billing.bill('acme', '2026-10');
  const url = `/v1/invoices/${invoice.id}/credit-notes`;
  const fee = invoice.lines.find(({ kind }) => kind === 'fee')?.n;
  const lines = [{ n: fee, amount: '5' }];
  previews.partial = await billing.ok('POST', `${url}/preview`, { lines });
  partial = await billing.ok<CreditNote>('POST', url, { reason: '=outage', lines });
  previews.full = await billing.ok('POST', `${url}/preview`, { full: true });
  full = await billing.ok<CreditNote>('POST', url, { reason: 'wrong company', full: true });
});
afterAll(() => billing?.close());

const read = (id: string) => billing.ok<CreditNoteDocument>('GET', `/v1/credit-notes/${id}`);
const sum = (amounts: readonly string[]) => amounts.reduce(addDecimals, '0');
async function csv(id: string, shape: string): Promise<Record<string, string>[]> {
  return parse((await billing.call('GET', `/v1/credit-notes/${id}.csv?shape=${shape}`)).text, { columns: true });
}
async function pdf(id: string, query = '') {
  const { status, bytes, headers } = await billing.download(`/v1/credit-notes/${id}.pdf${query}`);
  expect(status).toBe(200);
  return { bytes, headers, lines: readPdf(bytes).pages.flatMap(pdfLines) };
}

describe('a credit note', () => {
  it.each(['partial', 'full'] as const)('has one total as JSON, CSV and PDF when it is %s', async (which) => {
    const { id, total } = which === 'full' ? full : partial;
    const { entries, ...note } = await read(id);
    expect(note).toMatchObject({ ...(which === 'full' ? full : partial), status: 'final', invoiceNumber: invoice.number });
    expect(compareDecimals(sum(entries.map(({ amount }) => amount)), total)).toBe(0);
    expect(await csv(id, 'credit-notes')).toMatchObject([{ credit_note: id, total }]);
    for (const shape of ['lines', 'hours']) {
      expect(compareDecimals(sum((await csv(id, shape)).map(({ amount = '' }) => amount)), total)).toBe(0);
    }
    const { lines } = await pdf(id);
    expect(lines.some((line) => line === `Total credited (USD)\t${total}`)).toBe(true);
    expect(lines.join('\n')).toContain(`To invoice\t${invoice.number ?? '?'}`);
  });

  it('comes to what its preview said, tax included', () => {
    const { lines, other, tax, total } = partial;
    expect(previews.partial).toEqual({ lines, other, tax, total });
    expect(previews.full).toEqual({ lines: full.lines, other: full.other, tax: full.tax, total: full.total });
  });

  it('is refused by its preview as by itself', async () => {
    const url = `/v1/invoices/${invoice.id}/credit-notes`;
    for (const body of [{ full: true }, { lines: [{ n: 1, amount: '1000' }] }, { lines: [{ n: 99, amount: '1' }] }, {}]) {
      const [shown, made] = [await billing.call('POST', `${url}/preview`, body), await billing.call('POST', url, { ...body, reason: 'x' })];
      expect(shown.status).toBeGreaterThanOrEqual(400);
      expect({ ...(shown.body as object), requestId: '' }).toEqual({ ...(made.body as object), requestId: '' });
    }
  });

  it('names seller and customer beside it', async () => {
    const parties = { seller: { name: 'Seller AG', address: ['Street 1'] }, customerDetails: { address: 'Road 2\n1010 Wien' } };
    expect(await read(partial.id)).toMatchObject({ parties });
    expect(await billing.ok('GET', `/v1/invoices/${invoice.id}?hours=false`)).toMatchObject({ parties });
  });

  it('takes back, when it is full, every entry of the invoice that is left, with its hours', async () => {
    const { entries } = await read(full.id);
    expect(sum([full.total, partial.total, invoice.total])).toBe('0');
    expect(entries.map(({ kind, description, line }) => [kind, description, line])).toEqual([
      ['usage', 'Requests', invoice.lines.find(({ kind }) => kind === 'usage')?.n],
      ['fee', 'Base fee', invoice.lines.find(({ kind }) => kind === 'fee')?.n],
      ['discount', 'Discount 10 %', null],
      ['minimum', 'Up to the minimum of 100.00', null],
      ['tax', 'Tax 19 %', null],
    ]);
    const hours = entries[0]?.hours ?? [];
    expect([hours.length, sum(hours.map(({ amount }) => amount))]).toEqual([40, addDecimals(entries[0]?.amount ?? '', '0')]);
    expect((await billing.ok<CreditNoteDocument>('GET', `/v1/credit-notes/${full.id}?hours=false`)).entries[0]?.hours).toEqual([]);
    expect((await pdf(full.id, '?hours=true')).lines.join('\n')).toContain('Appendix: hours');
  });

  it('names seller and customer as they were when its invoice became final', async () => {
    const before = await pdf(partial.id);
    for (const text of ['Credit note', 'Seller AG', '=Acme GmbH', '1010 Wien', '=outage']) expect(before.lines.join('\n')).toContain(text);
    expect(before.headers).toMatchObject({ 'content-disposition': `inline; filename="${partial.number}.pdf"` });
    await billing.ok('PUT', '/v1/settings', { seller: { name: 'Another AG' } });
    await billing.ok('PUT', '/v1/customers/acme', { name: 'Renamed', plan: 'plan-acme', taxRate: '7' });
    expect((await pdf(partial.id)).bytes.equals(before.bytes)).toBe(true);
    expect((await csv(partial.id, 'credit-notes'))[0]).toMatchObject({ customer_name: "'=Acme GmbH", reason: "'=outage" });
  });

  it('is void with its invoice, on every page', async () => {
    await billing.ok('POST', `/v1/invoices/${invoice.id}/void`, { reason: 'wrong plan' });
    expect(await read(full.id)).toMatchObject({ status: 'void', voided: { reason: 'wrong plan' }, total: full.total });
    for (const url of [`/v1/credit-notes/${full.id}.pdf?hours=true`, `/v1/invoices/${invoice.id}.pdf`]) {
      const { pages } = readPdf((await billing.download(url)).bytes);
      for (const page of pages) expect(page.filter(({ text }) => text === 'VOID')).toHaveLength(1);
    }
  });

  it.each(['', '.csv', '.pdf'])('is not found where there is none: %s', async (ending) => {
    expect((await billing.call('GET', `/v1/credit-notes/999999${ending}`)).body).toMatchObject({ status: 404, code: 'not_found' });
    expect((await billing.download(`/v1/credit-notes/${full.id}${ending}`, {})).status).toBe(401);
  });
});
