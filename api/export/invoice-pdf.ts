/**
 * An invoice as PDF: a page is drawn when someone reads on, and is gone when the next one begins, so that an appendix of thousands of pages
 * takes no more memory than one of two. The same invoice gives the same bytes.
 */
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Seller } from '../../schemas/http/settings.ts';
import { createDocument } from './pdf/document.ts';
import { drawHeading, titleOf } from './pdf/heading.ts';
import { drawHours } from './pdf/hours-appendix.ts';
import { periodLabel } from './pdf/labels.ts';
import { drawLines } from './pdf/lines-table.ts';
import { Sheet } from './pdf/sheet.ts';
import { showHidden } from './pdf/text.ts';
import { closingRows, drawAdjustments, totalRows } from './pdf/totals.ts';

export interface InvoicePdfOptions {
  seller: Seller;
  /** What is printed of the customer beside name and id, as it was when the invoice was made. */
  invoiceDetails: Readonly<Record<string, string>>;
  /** Whether every hour is listed in an appendix. Without hours in the invoice there is none, nor are there charts. */
  hours: boolean;
}

const STAMPS: Record<Invoice['status'], string | undefined> = { preview: 'PREVIEW', draft: 'DRAFT', void: 'VOID', final: undefined };

export function writeInvoicePdf(invoice: Invoice, options: InvoicePdfOptions): Readable {
  return Readable.from(pdfChunks(invoice, options), { objectMode: false });
}

async function* pdfChunks(invoice: Invoice, options: InvoicePdfOptions): AsyncGenerator<Buffer> {
  const { name = '', taxId, email } = options.seller;
  const title = titleOf(invoice);
  const period = periodLabel(invoice.period, invoice.period.timeZone);
  const customer = showHidden(invoice.customerName);
  const document = createDocument({
    title: `${title} · ${customer} · ${period}`,
    author: name,
    subject: `${period}, ${invoice.period.timeZone}`,
    date: new Date(invoice.finalizedAt ?? invoice.asOf),
  });
  const sheet = new Sheet(document, {
    header: { left: [title, name].filter(Boolean).join(' · '), right: `${customer} · ${period}` },
    footer: [name, taxId === undefined ? '' : `Tax number: ${taxId}`, email].filter(Boolean).join(' · '),
    stamp: STAMPS[invoice.status],
  });
  let pages = 0;
  const steps = drawInvoice(sheet, invoice, options);
  while (steps.next().done !== true) {
    const chunk = document.read();
    if (chunk !== null) yield chunk;
    if (sheet.pages === pages) continue;
    pages = sheet.pages;
    // A fast reader would otherwise keep everyone else waiting until the last page.
    await setImmediate();
  }
  sheet.close();
  document.end();
  for (let chunk = document.read(); chunk !== null; chunk = document.read()) yield chunk;
}

function* drawInvoice(sheet: Sheet, invoice: Invoice, { seller, invoiceDetails, hours }: InvoicePdfOptions): Generator<void> {
  sheet.addPage();
  drawHeading(sheet, invoice, { seller, details: invoiceDetails });
  const closing = [...totalRows(sheet, invoice), ...closingRows(sheet, invoice, seller)];
  const hasAdjustments = invoice.adjustments.length > 0;
  yield* drawLines(sheet, invoice, hasAdjustments ? [] : closing);
  if (hasAdjustments) {
    yield* drawAdjustments(sheet, invoice);
    yield* sheet.place(closing);
  }
  if (hours) yield* drawHours(sheet, invoice);
}
