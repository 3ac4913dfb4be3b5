/** Whatever is billed in whatever currency and zone: CSV in each shape and PDF say the same. */
import { buffer } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addDecimals, compareDecimals } from '../../core/decimal.ts';
import { writeInvoice } from '../../core/invoice.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { billingCase, type BillingCase } from '../../test/support/billing-cases.ts';
import { pdfLines, readPdf } from '../../test/support/pdf-text.ts';
import { rateCase } from '../../test/support/rate-case.ts';
import { invoicesToCsv } from './invoice-csv.ts';
import { writeInvoicePdf } from './invoice-pdf.ts';
import type { InvoiceShape } from './invoice-rows.ts';
import { grouped } from './pdf/labels.ts';

/** Each is a document with its fonts; the arithmetic has its ten thousand runs in core. */
const RUNS = 200;
const TEST_MS_MAX = 120_000;

function invoiceOf(one: BillingCase): Invoice {
  const { rated, segments } = rateCase(one);
  const { currency, taxRate, period, zone } = one;
  const meters = new Map([...one.aggregations].map(([meter, aggregation]) => [meter, { name: meter, unit: 'unit', aggregation }]));
  const customer = { id: 'acme', name: 'Acme' };
  const input = { customer, currency, taxRate, segments, period: { ...period, timeZone: zone }, meters, usage: [], asOf: period.to };
  return writeInvoice(input, rated, { hours: true });
}

async function csvSum(invoice: Invoice, shape: InvoiceShape, column: string): Promise<string> {
  const rows = parse<Record<string, string>>(await buffer(invoicesToCsv([invoice], shape)), { columns: true });
  return rows.map((row) => row[column] ?? '').reduce(addDecimals, '0');
}

it(
  'all exports of an invoice come to its total',
  async () => {
    await fc.assert(
      fc.asyncProperty(billingCase, async (one) => {
        const invoice = invoiceOf(one);
        const { total, currency } = invoice;
        expect(compareDecimals(await csvSum(invoice, 'invoices', 'total'), total)).toBe(0);
        expect(compareDecimals(await csvSum(invoice, 'lines', 'amount'), total)).toBe(0);
        expect(compareDecimals(await csvSum(invoice, 'hours', 'amount'), total)).toBe(0);
        const { pages, missingGlyphs } = readPdf(await buffer(writeInvoicePdf(invoice, { seller: {}, invoiceDetails: {}, hours: true })));
        const lines = pages.flatMap(pdfLines);
        expect(missingGlyphs).toBe(0);
        expect(lines).toContain(`Total (${currency})\t${grouped(total)}`);
        expect(lines).toContain(`Subtotal\t${grouped(invoice.subtotal)}`);
        for (const { n, amount } of invoice.lines) {
          expect(lines.some((line) => line.startsWith(`${n}\t`) && line.endsWith(`\t${grouped(amount)}`))).toBe(true);
        }
        for (const { x, y } of pages.flat()) expect(x >= 0 && x < 560 && y < 830).toBe(true);
      }),
      { numRuns: RUNS },
    );
  },
  TEST_MS_MAX,
);
