/** A stored invoice as it is shown: a draft as it would be now, a final one as it was frozen. */
import { ProblemError } from '../../core/errors.ts';
import { formatDecimal } from '../../core/decimal.ts';
import { formatMinor } from '../../core/money.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText } from '../../core/window.ts';
import type { CountedHour } from '../../core/packed-hours.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Invoice, InvoiceHour } from '../../schemas/http/invoices.ts';
import { findCreditNotes } from '../queries/credit-notes.ts';
import { readCharges } from '../queries/invoice-charges.ts';
import { findInvoice, type StoredInvoice } from '../queries/invoices.ts';
import { rateDraft, writeDraft } from './draft.ts';
import type { BillingStores } from './due.ts';

/** Throws `not_found`, and for a draft what `rateDraft` throws. */
export async function readInvoice(stores: BillingStores, id: string, options: { hours: boolean }): Promise<Invoice> {
  const stored = await requireInvoice(stores.postgres, id);
  if (stored.status === 'draft') {
    const draft = await rateDraft(stores, stored);
    return { ...writeDraft(draft, stored.month, options), id };
  }
  return readIssued(stores.postgres, stored, options);
}

export async function requireInvoice(postgres: Queryable, id: string, lock: '' | 'FOR UPDATE' = ''): Promise<StoredInvoice> {
  const stored = await findInvoice(postgres, id, lock);
  if (stored === undefined) throw new ProblemError('not_found', `There is no invoice ${id}.`);
  return stored;
}

async function readIssued(postgres: Queryable, stored: StoredInvoice, options: { hours: boolean }): Promise<Invoice> {
  const { id, status, contentHash, voided } = stored;
  const creditNotes = await findCreditNotes(postgres, [id]);
  const snapshot = options.hours ? await withHours(postgres, stored) : stored.snapshot;
  return { ...snapshot, status, creditNotes, contentHash, voided };
}

async function withHours(postgres: Queryable, { id, period, currency, snapshot }: StoredInvoice): Promise<Invoice> {
  const charges = (await readCharges(postgres, 'invoice', [id])).get(id) ?? [];
  const adjusted = charges.filter((charge) => charge.period.from !== period.from);
  return {
    ...snapshot,
    lines: snapshot.lines.map((line, at) => ({ ...line, hours: hourTexts(charges[at]?.hours ?? [], currency) })),
    adjustments: snapshot.adjustments.map((adjustment, at) => ({
      ...adjustment,
      hours: hourTexts(adjusted[at]?.hours ?? [], currency).map(({ start, end, quantity, amount }) => ({ start, end, quantity, amount })),
    })),
  };
}

export function hourTexts(hours: readonly CountedHour[], currency: string): InvoiceHour[] {
  let running = 0n;
  return hours.map(({ start, end, quantity, events, amount }) => ({
    start: instantText(start),
    end: instantText(end),
    quantity: formatDecimal(quantity, QUANTITY_SCALE),
    events,
    amount: formatMinor(amount, currency),
    runningAmount: formatMinor((running += amount), currency),
  }));
}
