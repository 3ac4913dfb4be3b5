/** An invoice as PDF. The same invoice gives the same bytes. */
import type { Readable } from 'node:stream';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Seller } from '../../schemas/http/settings.ts';
import { drawHeading, titleOf } from './pdf/heading.ts';
import { drawHours, invoiceHours } from './pdf/hours-appendix.ts';
import { periodLabel } from './pdf/labels.ts';
import { drawLines } from './pdf/lines-table.ts';
import type { Sheet, Stamp } from './pdf/sheet.ts';
import { streamDocument } from './pdf/stream.ts';
import { showHidden } from './pdf/text.ts';
import { closingRows, drawAdjustments, totalRows } from './pdf/totals.ts';

export interface InvoicePdfOptions {
  seller: Seller;
  /** What is printed of the customer beside name and id, as it was when the invoice was made. */
  invoiceDetails: Readonly<Record<string, string>>;
  /** Whether every hour is listed in an appendix. Without hours in the invoice there is none, nor are there charts. */
  hours: boolean;
}

const STAMPS: Record<Invoice['status'], Stamp | undefined> = { preview: 'PREVIEW', draft: 'DRAFT', void: 'VOID', final: undefined };

export function writeInvoicePdf(invoice: Invoice, options: InvoicePdfOptions): Readable {
  const { period, customerName, status, finalizedAt, asOf } = invoice;
  return streamDocument(
    {
      title: titleOf(invoice),
      seller: options.seller,
      customer: showHidden(customerName),
      subject: periodLabel(period, period.timeZone),
      timeZone: period.timeZone,
      date: new Date(finalizedAt ?? asOf),
      stamp: STAMPS[status],
    },
    (sheet) => drawInvoice(sheet, invoice, options),
  );
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
  if (hours) yield* drawHours(sheet, invoice.currency, invoiceHours(invoice));
}
