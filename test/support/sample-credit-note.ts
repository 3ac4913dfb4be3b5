/** A credit note that takes all of the sample invoice back: lines with and without hours, discounts, a minimum, tax, adjustments. */
import { sumOf } from '../../api/export/invoice-rows.ts';
import type { CreditNoteDocument, CreditNoteEntry } from '../../schemas/http/credit-notes.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { FINAL, sampleInvoice } from './sample-invoice.ts';

const negated = (decimal: string): string => (decimal.startsWith('-') ? decimal.slice(1) : /[1-9]/.test(decimal) ? `-${decimal}` : decimal);
const totalOf = (entries: readonly { amount: string }[]): string => sumOf(entries, 'USD');

export function sampleCreditNote(overrides: Partial<CreditNoteDocument> = {}, invoice: Invoice = sampleInvoice(FINAL)): CreditNoteDocument {
  const { period, customer, customerName, currency } = invoice;
  const none = { line: null, meter: null, unit: '', period, quantity: '0', hours: [] };
  const back = (amount: string) => ({ amount: negated(amount) });
  const entries: Omit<CreditNoteEntry, 'n'>[] = [
    ...invoice.lines.map(({ n, key, kind, meter, description, unit, quantity, amount, hours }) => ({
      ...{ line: n, key, kind, meter, description, unit, period, quantity: negated(quantity), ...back(amount) },
      hours: hours.map((hour) => ({ start: hour.start, end: hour.end, quantity: negated(hour.quantity), ...back(hour.amount) })),
    })),
    ...invoice.discounts.map(({ key, amount }) => ({ ...none, key, kind: 'discount' as const, description: 'Discount', ...back(amount) })),
    ...invoice.minimums.map(({ key, amount }) => ({ ...none, key, kind: 'minimum' as const, description: 'Minimum', ...back(amount) })),
    ...invoice.tax.map(({ amount }) => ({ ...none, key: 'tax/19', kind: 'tax' as const, description: 'Tax 19 %', ...back(amount) })),
    ...invoice.adjustments.map(({ period: earlier, key, kind, meter, quantity, amount }) => ({
      ...{ ...none, period: earlier, key, kind, meter, description: `Adjustment (${kind})`, quantity: negated(quantity), ...back(amount) },
    })),
  ];
  const isTax = ({ kind, period: { from } }: Pick<CreditNoteEntry, 'kind' | 'period'>): boolean => kind === 'tax' && from === period.from;
  return {
    id: '3',
    number: 'CN-2026-00003',
    createdAt: '2026-11-05T09:30:00Z',
    reason: 'Billed to the wrong company',
    invoice: '12',
    invoiceNumber: FINAL.number,
    invoiceDate: FINAL.finalizedAt,
    status: 'final',
    voided: null,
    ...{ customer, customerName, currency, period },
    lines: invoice.lines.map(({ n, key, quantity, amount }) => ({ n, key, quantity: negated(quantity), ...back(amount) })),
    other: totalOf(entries.filter((entry) => entry.line === null && !isTax(entry))),
    tax: totalOf(entries.filter(isTax)),
    total: totalOf(entries),
    entries: entries.map((entry, at) => ({ ...entry, n: at + 1 })),
    ...overrides,
  };
}
