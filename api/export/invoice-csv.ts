/** An invoice as CSV in three shapes: one row per invoice, per line, per hour. The amounts of each add up to the same total. */
import { addDecimals } from '../../core/decimal.ts';
import type { Invoice, InvoiceHour, InvoiceLine } from '../../schemas/http/invoices.ts';
import type { CsvColumn } from './csv.ts';

export const INVOICE_SHAPES = ['invoices', 'lines', 'hours'] as const;
export type InvoiceShape = (typeof INVOICE_SHAPES)[number];

export interface InvoiceRow {
  invoice: Invoice;
  line?: InvoiceLine;
  hour?: InvoiceHour;
}

/** Rows per write: large enough to make few of them, small enough to keep little in memory. */
const PAGE_ROWS = 5_000;

export async function* invoicePages(invoice: Invoice, shape: InvoiceShape): AsyncGenerator<InvoiceRow[]> {
  let page: InvoiceRow[] = [];
  for (const row of invoiceRows(invoice, shape)) {
    page.push(row);
    if (page.length < PAGE_ROWS) continue;
    yield page;
    page = [];
  }
  yield page;
}

function* invoiceRows(invoice: Invoice, shape: InvoiceShape): Generator<InvoiceRow> {
  if (shape === 'invoices') {
    yield { invoice };
    return;
  }
  for (const line of invoice.lines) {
    if (shape === 'lines') yield { invoice, line };
    // A fee has no hours: without a row of its own, the hours would not come to what the lines do.
    else if (line.hours.length === 0) yield { invoice, line };
    else for (const hour of line.hours) yield { invoice, line, hour };
  }
}

const text = (label: string, value: (row: InvoiceRow) => string | undefined | null): CsvColumn<InvoiceRow> => ({
  label,
  kind: 'text',
  value: (row) => value(row) ?? '',
});
const number = (label: string, value: (row: InvoiceRow) => string | undefined): CsvColumn<InvoiceRow> => ({
  label,
  kind: 'number',
  value: (row) => value(row) ?? '',
});

const sumOf = (entries: readonly { amount: string }[]): string => entries.map(({ amount }) => amount).reduce(addDecimals, '0');

const HEAD = [
  text('customer', ({ invoice }) => invoice.customer),
  text('customer_name', ({ invoice }) => invoice.customerName),
  text('period_from', ({ invoice }) => invoice.period.from),
  text('period_to', ({ invoice }) => invoice.period.to),
  text('time_zone', ({ invoice }) => invoice.period.timeZone),
  text('currency', ({ invoice }) => invoice.currency),
];

const LINE = [
  number('line', ({ line }) => String(line?.n ?? '')),
  text('meter', ({ line }) => line?.meter),
  text('description', ({ line }) => line?.description),
];

export const INVOICE_COLUMNS: Readonly<Record<InvoiceShape, CsvColumn<InvoiceRow>[]>> = {
  invoices: [
    ...HEAD,
    text('plan', ({ invoice }) => invoice.plan),
    text('status', ({ invoice }) => invoice.status),
    text('as_of', ({ invoice }) => invoice.asOf),
    number('subtotal', ({ invoice }) => invoice.subtotal),
    number('discounts', ({ invoice }) => sumOf(invoice.discounts)),
    number('minimum', ({ invoice }) => sumOf(invoice.minimums)),
    number('tax', ({ invoice }) => sumOf(invoice.tax)),
    number('adjustments', ({ invoice }) => sumOf(invoice.adjustments)),
    number('total', ({ invoice }) => invoice.total),
  ],
  lines: [
    ...HEAD,
    ...LINE,
    text('pricing', ({ line }) => line?.pricing),
    number('quantity', ({ line }) => line?.quantity),
    text('unit', ({ line }) => line?.unit),
    number('exact_amount', ({ line }) => line?.exactAmount),
    number('amount', ({ line }) => line?.amount),
  ],
  hours: [
    ...HEAD,
    ...LINE,
    text('start', ({ hour }) => hour?.start),
    text('end', ({ hour }) => hour?.end),
    number('quantity', ({ hour, line }) => (hour ?? line)?.quantity),
    text('unit', ({ line }) => line?.unit),
    number('events', ({ hour }) => String(hour?.events ?? '')),
    number('amount', ({ hour, line }) => (hour ?? line)?.amount),
    number('running_amount', ({ hour, line }) => hour?.runningAmount ?? line?.amount),
  ],
};
