/** A credit note as a document: what it takes back in the words of its invoice, and who issued it to whom, as the invoice has frozen it. */
import { ProblemError } from '../../core/errors.ts';
import { formatDecimal } from '../../core/decimal.ts';
import { formatMinor } from '../../core/money.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText } from '../../core/window.ts';
import type { Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { CreditNoteDocument, CreditNoteEntry } from '../../schemas/http/credit-notes.ts';
import { findCreditNote } from '../queries/credit-notes.ts';
import { readCharges, type StoredCharge } from '../queries/invoice-charges.ts';
import type { StoredInvoice } from '../queries/invoices.ts';
import type { InvoiceParties } from './invoice-parties.ts';
import { hourTexts, requireInvoice, voidedAs } from './read-invoice.ts';

export interface IssuedCreditNote {
  document: CreditNoteDocument;
  parties: InvoiceParties;
}

/** Throws `not_found`. */
export async function readCreditNote(
  postgres: Queryable,
  scope: Scope,
  id: string,
  options: { hours: boolean },
): Promise<IssuedCreditNote> {
  const note = await findCreditNote(postgres, scope, id);
  if (note === undefined) throw new ProblemError('not_found', `There is no credit note ${id}.`);
  const invoice = await requireInvoice(postgres, scope, note.invoice);
  const { status, voided, terms, number, finalizedAt, snapshot } = invoice;
  if (status === 'draft' || terms === null || number === null || finalizedAt === null)
    throw new Error(`credit note ${id} is of invoice ${note.invoice}, which was never final`);
  const charges = (await readCharges(postgres, scope, 'credit-note', [id])).get(id) ?? [];
  const document: CreditNoteDocument = {
    ...note,
    status,
    voided: voidedAs(scope, voided),
    invoiceNumber: number,
    invoiceDate: finalizedAt,
    customer: snapshot.customer,
    customerName: snapshot.customerName,
    currency: invoice.currency,
    period: snapshot.period,
    entries: charges.map((charge) => entryOf(invoice, charge, options)),
  };
  return { document, parties: { seller: terms.seller, invoiceDetails: terms.billing.customer.invoiceDetails } };
}

function entryOf(invoice: StoredInvoice, charge: StoredCharge, options: { hours: boolean }): CreditNoteEntry {
  const { n, kind, key, meter, period, quantity, amount } = charge;
  const { snapshot, currency } = invoice;
  const isOwn = period.from === invoice.period.from;
  const line = isOwn ? snapshot.lines.find((one) => one.key === key) : undefined;
  return {
    n,
    line: line?.n ?? null,
    kind,
    key,
    meter: meter ?? null,
    description: line?.description ?? (isOwn ? ownDescription(invoice, charge) : `Adjustment (${kind})`),
    unit: line?.unit ?? '',
    period: { from: instantText(period.from), to: instantText(period.to), timeZone: period.timeZone },
    quantity: formatDecimal(quantity, QUANTITY_SCALE),
    amount: formatMinor(amount, currency),
    hours: options.hours
      ? hourTexts(charge.hours, currency).map(({ start, end, quantity: units, amount: money }) => ({
          start,
          end,
          quantity: units,
          amount: money,
        }))
      : [],
  };
}

/** Of what is no line: an entry of the invoice between its subtotal and its total. */
function ownDescription({ snapshot }: StoredInvoice, { kind, key }: StoredCharge): string {
  const [discount, minimum] = [snapshot.discounts, snapshot.minimums].map((entries) => entries.find((one) => one.key === key));
  if (discount !== undefined && 'percent' in discount)
    return discount.percent === null ? `Discount of ${discount.offered ?? '0'}` : `Discount ${discount.percent} %`;
  if (minimum !== undefined && 'minimum' in minimum) return `Up to the minimum of ${minimum.minimum}`;
  const [tax] = snapshot.tax;
  return kind === 'tax' && tax !== undefined ? `${tax.name} ${tax.rate} %` : kind;
}
