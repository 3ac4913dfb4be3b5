/**
 * What an invoice charges, as rows of a table: one per invoice, per entry (lines, discounts, minimums, tax, adjustments), or per hour where
 * an entry has hours. The amounts of the rows of an invoice come to its total in every shape.
 */
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { formatMinor, minorDigits } from '../../core/money.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';

export const INVOICE_SHAPES = ['invoices', 'lines', 'hours'] as const;
export type InvoiceShape = (typeof INVOICE_SHAPES)[number];

export interface EntryHour {
  start: string;
  end: string;
  quantity: string;
  events?: number;
  amount: string;
  runningAmount?: string;
}

export interface InvoiceEntry {
  kind: 'usage' | 'fee' | 'discount' | 'minimum' | 'tax' | 'adjustment';
  /** Its place among the entries of its kind: the number of a line is that of the document. */
  n: number;
  key: string;
  meter: string;
  description: string;
  from: string;
  to: string;
  pricing: string;
  quantity: string;
  unit: string;
  exactAmount: string;
  amount: string;
  hours: readonly EntryHour[];
}

export interface InvoiceRow {
  invoice: Invoice;
  entry?: InvoiceEntry;
  hour?: EntryHour;
}

/** Rows per write: large enough to make few of them, small enough to keep little in memory. */
const PAGE_ROWS = 5_000;

/** One invoice is held at a time, and a page of rows. */
export async function* invoicePages(
  invoices: AsyncIterable<Invoice> | Iterable<Invoice>,
  shape: InvoiceShape,
): AsyncGenerator<InvoiceRow[]> {
  let page: InvoiceRow[] = [];
  for await (const invoice of invoices) {
    for (const row of invoiceRows(invoice, shape)) {
      page.push(row);
      if (page.length < PAGE_ROWS) continue;
      yield page;
      page = [];
    }
  }
  yield page;
}

function* invoiceRows(invoice: Invoice, shape: InvoiceShape): Generator<InvoiceRow> {
  if (shape === 'invoices') {
    yield { invoice };
    return;
  }
  for (const entry of entriesOf(invoice)) {
    // What has no hours has a row of its own: without it, the hours would not come to what the lines do.
    if (shape === 'lines' || entry.hours.length === 0) yield { invoice, entry };
    else yield* hourRows(invoice, entry);
  }
}

function* hourRows(invoice: Invoice, entry: InvoiceEntry): Generator<InvoiceRow> {
  const digits = minorDigits(invoice.currency);
  let [quantity, amount] = [toScaled(entry.quantity, QUANTITY_SCALE), toScaled(entry.amount, digits)];
  for (const hour of entry.hours) {
    yield { invoice, entry, hour };
    quantity -= toScaled(hour.quantity, QUANTITY_SCALE);
    amount -= toScaled(hour.amount, digits);
  }
  if (quantity === 0n && amount === 0n) return;
  // Of an adjustment after a credit note, which takes back an amount of a line and names no hours.
  const rest = { ...entry, quantity: formatDecimal(quantity, QUANTITY_SCALE), amount: formatMinor(amount, invoice.currency), hours: [] };
  yield { invoice, entry: rest };
}

function* entriesOf(invoice: Invoice): Generator<InvoiceEntry> {
  const { from: start, to: end } = invoice.period;
  const none = { key: '', meter: '', from: start, to: end, pricing: '', quantity: '', unit: '', exactAmount: '', hours: [] };
  yield* invoice.lines;
  for (const [i, { key, meter, percent, offered, base, from, to, amount }] of invoice.discounts.entries()) {
    const description = percent === null ? `Discount of ${offered ?? '0'} on ${base}` : `Discount ${percent} % of ${base}`;
    yield { ...none, kind: 'discount', n: i + 1, key, meter: meter ?? '', description, from, to, amount };
  }
  for (const [i, { key, minimum, base, from, to, amount }] of invoice.minimums.entries()) {
    yield { ...none, kind: 'minimum', n: i + 1, key, description: `Up to the minimum of ${minimum} from ${base}`, from, to, amount };
  }
  for (const [i, { name, rate, base, amount }] of invoice.tax.entries()) {
    yield { ...none, kind: 'tax', n: i + 1, description: `${name} ${rate} % of ${base}`, amount };
  }
  for (const { n, period, key, kind, meter, quantity, amount, hours } of invoice.adjustments) {
    const { from, to } = period;
    const description = `Adjustment (${kind}) of the period from ${from} to ${to}`;
    yield { ...none, kind: 'adjustment', n, key, meter: meter ?? '', description, from, to, quantity, amount, hours };
  }
}

/** What the entries of one kind come to, with the digits of the currency. */
export function sumOf(entries: readonly { amount: string }[], currency: string): string {
  const digits = minorDigits(currency);
  return formatMinor(
    entries.reduce((sum, { amount }) => sum + toScaled(amount, digits), 0n),
    currency,
  );
}
