/** A stored invoice as it is shown: a draft as it would be now, a final one as it was frozen. */
import { ProblemError } from '../../core/errors.ts';
import { formatDecimal } from '../../core/decimal.ts';
import { formatMinor } from '../../core/money.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText } from '../../core/window.ts';
import type { CountedHour } from '../../core/packed-hours.ts';
import { requireEveryCustomer, type Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Invoice, InvoiceHour } from '../../schemas/http/invoices.ts';
import { findCreditNotes } from '../queries/credit-notes.ts';
import { readCharges } from '../queries/invoice-charges.ts';
import { findInvoice, type StoredInvoice } from '../queries/invoices.ts';
import { rateDraft, writeDraft } from './draft.ts';
import type { BillingStores } from './due.ts';

/** Throws `not_found`, and for a draft what `rateDraft` throws. */
export async function readInvoice(stores: BillingStores, scope: Scope, id: string, options: { hours: boolean }): Promise<Invoice> {
  const stored = await requireInvoice(stores.postgres, scope, id);
  if (stored.status === 'draft') {
    const draft = await rateDraft(stores, requireEveryCustomer(scope), stored);
    return { ...writeDraft(draft, stored.month, options), id };
  }
  return readIssued(stores.postgres, scope, stored, options);
}

export async function requireInvoice(postgres: Queryable, scope: Scope, id: string, lock: '' | 'FOR UPDATE' = ''): Promise<StoredInvoice> {
  const stored = await findInvoice(postgres, scope, id, lock);
  if (stored === undefined) throw new ProblemError('not_found', `There is no invoice ${id}.`);
  return stored;
}

async function readIssued(postgres: Queryable, scope: Scope, stored: StoredInvoice, options: { hours: boolean }): Promise<Invoice> {
  const { id, status, contentHash, voided } = stored;
  const creditNotes = await findCreditNotes(postgres, scope, [id]);
  const snapshot = options.hours ? await withHours(postgres, scope, stored) : stored.snapshot;
  return { ...snapshot, status, creditNotes, contentHash, voided: voidedAs(scope, voided) };
}

/** Who took an invoice back, and in which words they noted it, is said among staff. */
export function voidedAs(scope: Scope, voided: StoredInvoice['voided']): Exclude<Invoice['voided'], undefined> {
  return voided === null || scope.customer === undefined ? voided : { at: voided.at, by: null, reason: null };
}

async function withHours(postgres: Queryable, scope: Scope, { id, period, currency, snapshot }: StoredInvoice): Promise<Invoice> {
  const charges = (await readCharges(postgres, scope, 'invoice', [id])).get(id) ?? [];
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
