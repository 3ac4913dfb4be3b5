/** Invoices as CSV and PDF over HTTP: previews, drafts, final and void ones. */
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDecimals, compareDecimals } from '../../core/decimal.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { pdfLines, readPdf, type PdfContent } from '../support/pdf-text.ts';

let billing: TestBilling;
let final: Invoice & { id: string };
let draft: Invoice & { id: string };
const MONTH = '2026-10';

beforeAll(async () => {
  billing = await openTestBilling();
  await billing.ok('PUT', '/v1/settings', { seller: { name: 'Seller AG', address: ['Street 1'], taxId: 'CHE-1' } });
  await billing.use(
    ['final', 'draft'].flatMap((customer) =>
      Array.from({ length: 60 }, (_, hour) => ({
        customer,
        time: new Date(Date.UTC(2026, 9, 3) + hour * 3_600_000).toISOString().replace('.000', ''),
        quantity: String(hour + 1),
      })),
    ),
  );
  const terms = { unitPrice: '0.0333', plan: { minimum: '100', discounts: [{ percent: '10' }] } };
  await billing.setUp('final', {
    ...terms,
    customer: { name: '=Final GmbH', taxRate: '19', invoiceDetails: { address: 'Road 2\n1010 Wien', VAT: 'ATU1' } },
  });
  await billing.setUp('draft', { ...terms, customer: { taxRate: '7.7' } });
  final = await billing.bill('final', MONTH);
  await billing.run(MONTH, ['draft']);
  draft = await billing.invoiceOf('draft', MONTH);
});
afterAll(() => billing.close());

const query = (shape: string) => `?shape=${shape}`;
async function csv(url: string): Promise<Record<string, string>[]> {
  const { status, text } = await billing.call('GET', url);
  expect([url, status]).toEqual([url, 200]);
  return parse(text, { columns: true });
}
async function pdf(url: string): Promise<{ bytes: Buffer; content: PdfContent; lines: string[] }> {
  const { status, bytes } = await billing.download(url);
  expect([url, status]).toEqual([url, 200]);
  const content = readPdf(bytes);
  return { bytes, content, lines: content.pages.flatMap(pdfLines) };
}
const sum = (rows: readonly Record<string, string>[]): string => rows.map(({ amount }) => amount ?? '').reduce(addDecimals, '0');

describe('a stored invoice', () => {
  it.each(['final', 'draft'] as const)('has one total as JSON, CSV and PDF when it is %s', async (status) => {
    const invoice = status === 'final' ? final : draft;
    const { total } = await billing.ok<Invoice>('GET', `/v1/invoices/${invoice.id}`);
    expect(await csv(`/v1/invoices/${invoice.id}.csv${query('invoices')}`)).toMatchObject([{ invoice: invoice.id, status, total }]);
    for (const shape of ['lines', 'hours']) {
      expect(compareDecimals(sum(await csv(`/v1/invoices/${invoice.id}.csv${query(shape)}`)), total)).toBe(0);
    }
    const { lines } = await pdf(`/v1/invoices/${invoice.id}.pdf?hours=true`);
    expect(lines.some((line) => line === `Total (USD)\t${total}`)).toBe(true);
    expect(lines.filter((line) => line.includes('2026-10-03')).length).toBeGreaterThan(0);
  });

  it('names seller and customer as they were when it became final', async () => {
    const before = await pdf(`/v1/invoices/${final.id}.pdf`);
    for (const text of ['Seller AG', 'Street 1', 'Tax number: CHE-1', '=Final GmbH', '1010 Wien', 'VAT: ATU1', final.number ?? '?']) {
      expect(before.lines.join('\n')).toContain(text);
    }
    await billing.ok('PUT', '/v1/settings', { seller: { name: 'Another AG' } });
    await billing.ok('PUT', '/v1/customers/final', { name: 'Renamed', plan: 'plan-final', taxRate: '19' });
    expect((await pdf(`/v1/invoices/${final.id}.pdf`)).bytes.equals(before.bytes)).toBe(true);
    expect((await pdf(`/v1/invoices/${draft.id}.pdf`)).lines.join('\n')).toContain('Another AG');
  });

  it('is offered as a file under its number', async () => {
    expect((await billing.download(`/v1/invoices/${final.id}.pdf`)).headers).toMatchObject({
      'content-type': 'application/pdf',
      'content-disposition': `inline; filename="${final.number ?? '?'}.pdf"`,
    });
    expect((await billing.download(`/v1/invoices/${final.id}.csv`)).headers).toMatchObject({
      'content-disposition': `attachment; filename="${final.number ?? '?'}-lines.csv"`,
    });
  });

  it.each(['/v1/invoices/999999.pdf', '/v1/invoices/999999.csv'])('is not found where there is none: %s', async (url) => {
    expect((await billing.call('GET', url)).body).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('a preview', () => {
  it('is marked as one', async () => {
    const { content, lines } = await pdf(`/v1/invoices/preview.pdf?customer=draft&period=${MONTH}`);
    expect(content.pages.every((page) => page.some(({ text }) => text === 'PREVIEW'))).toBe(true);
    expect(lines.some((line) => line === `Total (USD)\t${draft.total}`)).toBe(true);
  });

  it('of a customer nobody has heard of is a problem', async () => {
    expect((await billing.call('GET', '/v1/invoices/preview.pdf?customer=nobody')).body).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('the export of all invoices', () => {
  it.each(['lines', 'hours'])('has the amounts of each, by %s', async (shape) => {
    const rows = await csv(`/v1/invoices/export.csv?shape=${shape}&period=${MONTH}`);
    for (const { id, total } of [final, draft]) expect(compareDecimals(sum(rows.filter(({ invoice }) => invoice === id)), total)).toBe(0);
    expect(new Set(rows.map(({ customer_name }) => customer_name))).toEqual(new Set(["'=Final GmbH", 'draft']));
  });

  it.each([
    ['', ['draft', 'final']],
    ['&status=final', ['final']],
    ['&customer=draft', ['draft']],
    ['&period=2026-09', []],
  ])('has those that are asked for: %s', async (filter, customers) => {
    expect((await csv(`/v1/invoices/export.csv?shape=invoices${filter}`)).map(({ customer }) => customer)).toEqual(customers);
  });
});

describe('exports', () => {
  it('need a key', async () => {
    for (const url of ['/v1/invoices/export.csv', `/v1/invoices/${final.id}.pdf`, '/v1/invoices/preview.pdf?customer=draft']) {
      expect((await billing.download(url, {})).status).toBe(401);
    }
  });
});
