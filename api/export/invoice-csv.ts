/** Invoices as CSV in three shapes: a row per invoice, per entry, per hour. */
import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { columnsOf, csvStream, sendCsv, type CsvColumn } from './csv.ts';
import { invoicePages, sumOf, type InvoiceRow, type InvoiceShape } from './invoice-rows.ts';

const { text, number } = columnsOf<InvoiceRow>();

const HEAD = [
  text('invoice', ({ invoice }) => invoice.id),
  text('number', ({ invoice }) => invoice.number),
  text('status', ({ invoice }) => invoice.status),
  text('customer', ({ invoice }) => invoice.customer),
  text('customer_name', ({ invoice }) => invoice.customerName),
  text('period_from', ({ invoice }) => invoice.period.from),
  text('period_to', ({ invoice }) => invoice.period.to),
  text('time_zone', ({ invoice }) => invoice.period.timeZone),
  text('currency', ({ invoice }) => invoice.currency),
];

const ENTRY = [
  text('kind', ({ entry }) => entry?.kind),
  number('line', ({ entry }) => String(entry?.n ?? '')),
  text('key', ({ entry }) => entry?.key),
  text('meter', ({ entry }) => entry?.meter),
  text('description', ({ entry }) => entry?.description),
];

const COLUMNS: Readonly<Record<InvoiceShape, CsvColumn<InvoiceRow>[]>> = {
  invoices: [
    ...HEAD,
    text('plan', ({ invoice }) => invoice.plan),
    text('as_of', ({ invoice }) => invoice.asOf),
    text('finalized_at', ({ invoice }) => invoice.finalizedAt),
    number('subtotal', ({ invoice }) => invoice.subtotal),
    number('discounts', ({ invoice }) => sumOf(invoice.discounts, invoice.currency)),
    number('minimum', ({ invoice }) => sumOf(invoice.minimums, invoice.currency)),
    number('tax', ({ invoice }) => sumOf(invoice.tax, invoice.currency)),
    number('adjustments', ({ invoice }) => sumOf(invoice.adjustments, invoice.currency)),
    number('total', ({ invoice }) => invoice.total),
    number('credits_used', ({ invoice }) => sumOf(invoice.settlement?.applied ?? [], invoice.currency)),
    number('payable', ({ invoice }) => invoice.settlement?.payable),
    text('content_hash', ({ invoice }) => invoice.contentHash),
  ],
  lines: [
    ...HEAD,
    ...ENTRY,
    text('from', ({ entry }) => entry?.from),
    text('to', ({ entry }) => entry?.to),
    text('pricing', ({ entry }) => entry?.pricing),
    number('quantity', ({ entry }) => entry?.quantity),
    text('unit', ({ entry }) => entry?.unit),
    number('exact_amount', ({ entry }) => entry?.exactAmount),
    number('amount', ({ entry }) => entry?.amount),
  ],
  hours: [
    ...HEAD,
    ...ENTRY,
    text('start', ({ hour }) => hour?.start),
    text('end', ({ hour }) => hour?.end),
    number('quantity', ({ hour, entry }) => (hour ?? entry)?.quantity),
    text('unit', ({ entry }) => entry?.unit),
    number('events', ({ hour }) => String(hour?.events ?? '')),
    number('amount', ({ hour, entry }) => (hour ?? entry)?.amount),
    number('running_amount', ({ hour }) => hour?.runningAmount),
  ],
};

export type Invoices = AsyncIterable<Invoice> | Iterable<Invoice>;

/** For the shape `hours`, the invoices need their hours; without, an entry is one row. */
export function invoicesToCsv(invoices: Invoices, shape: InvoiceShape): Readable {
  return csvStream({ columns: COLUMNS[shape], pages: invoicePages(invoices, shape) });
}

/** The same as an answer: `name-lines.csv`. What fails before the first row is a problem. */
export function sendInvoicesCsv(
  reply: FastifyReply,
  invoices: Invoices,
  options: { name: string; shape: InvoiceShape },
): Promise<FastifyReply> {
  const { name, shape } = options;
  return sendCsv(reply, { fileName: `${name}-${shape}.csv`, columns: COLUMNS[shape], pages: invoicePages(invoices, shape) });
}
