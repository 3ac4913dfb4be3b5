/**
 * What is due for the periods that a customer was billed for before: their rating by all that is known now, on the terms they were billed
 * by, less what final documents say of them. Voided invoices leave their period to be billed; drafts do not count.
 */
import { chargesOf, dueOf, isCorrection, type Adjustment } from '../../core/due.ts';
import type { Window } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { findCreditNotes } from '../queries/credit-notes.ts';
import { readCharges, readNoteQuantities, type ChargeOwner } from '../queries/invoice-charges.ts';
import { findBases, findInvoice, findIssuedInvoices, type IssuedInvoice } from '../queries/invoices.ts';
import { unsettledPeriods, type CustomerPeriod } from '../queries/settled-periods.ts';
import { cellWatermarkOf } from '../queries/watermark.ts';
import { explainDue, type DueDocument } from './adjust.ts';
import { rateCustomer, segmentsOf } from './rate.ts';
import { standingInvoices } from './standing-invoices.ts';

export type BillingStores = Pick<Platform, 'postgres' | 'clickhouse' | 'log' | 'clock'>;

/** What was billed to a customer for the months before `month`, oldest first. */
export function issuedPeriods(issued: readonly IssuedInvoice[], month: string): IssuedInvoice[] {
  return standingInvoices(issued).filter((invoice) => invoice.month < month);
}

/**
 * Of a customer, for the months before `month`. Only periods whose usage or documents have changed since they were last found settled are
 * rated: those in `rated`.
 */
export async function dueBefore(
  stores: BillingStores,
  scope: EveryCustomer,
  options: { customer: string; month: string; currency: string; transaction?: Queryable },
): Promise<{ adjustments: Adjustment[]; rated: CustomerPeriod[] }> {
  const { customer, currency } = options;
  const postgres = options.transaction ?? stores.postgres;
  const issued = await findIssuedInvoices(postgres, scope, [customer]);
  const inCurrency = issuedPeriods(issued, options.month).filter((invoice) => invoice.currency === currency);
  const open = await unsettledPeriods({ postgres, clickhouse: stores.clickhouse }, scope, inCurrency);
  const rated = open.map(({ period }) => ({ customer, period }));
  const periods = open.map(({ period }) => period);
  return { adjustments: await dueOfPeriods(stores, scope, { issued, periods, currency, ...within(options) }), rated };
}

/** Of these periods of one customer, whose issued invoices are given. What was billed in another currency cannot be billed in this one. */
export async function dueOfPeriods(
  stores: BillingStores,
  scope: EveryCustomer,
  options: { issued: readonly IssuedInvoice[]; periods: readonly Window[]; currency: string; transaction?: Queryable },
): Promise<Adjustment[]> {
  const { issued, periods, currency } = options;
  const adjustments: Adjustment[] = [];
  if (periods.length === 0) return adjustments;
  const postgres = options.transaction ?? stores.postgres;
  const documents = await findDocuments(postgres, scope, issued);
  for (const { from, to } of periods) {
    const [invoice] = standingInvoices(issued.filter(({ period }) => period.from === from && period.to === to));
    if (invoice === undefined || invoice.currency !== currency) continue;
    const { terms, position } = (await findInvoice(postgres, scope, invoice.id)) ?? { terms: null, position: null };
    if (terms === null || position === null) throw new Error(`invoice ${invoice.number} has no terms, or no place in the log`);
    const { customer, period } = invoice;
    const rating = await rateCustomer(stores, { scope, customer, period, terms: terms.billing, ...within(options) });
    const billed = await readCharged(postgres, scope, documents, { from, to });
    const due = dueOf(chargesOf(rating.rated), billed);
    if (due.length === 0) continue;
    const context = {
      scope,
      invoice: { ...invoice, position },
      documents: billed,
      meters: rating.terms.meters,
      segments: segmentsOf(rating.terms, period),
      below: cellWatermarkOf(rating.watermark),
    };
    const charges = await explainDue(postgres, due, context);
    adjustments.push({ invoice: { id: invoice.id, number: invoice.number }, period: { from, to, timeZone: invoice.timeZone }, charges });
  }
  return adjustments;
}

type UnreadDocument = DueDocument extends infer Document ? (Document extends DueDocument ? Omit<Document, 'charges'> : never) : never;

/** Final invoices and their credit notes; those of void ones have gone with them, and goodwill is no correction. */
async function findDocuments(postgres: Queryable, scope: EveryCustomer, issued: readonly IssuedInvoice[]): Promise<UnreadDocument[]> {
  const final = issued.filter(({ status }) => status === 'final');
  const ids = final.map(({ id }) => id);
  const bases = await findBases(postgres, scope, ids);
  const notes = await findCreditNotes(postgres, scope, ids);
  // Of whole notes: whether one is a correction shows in all of its entries.
  const quantities = await readNoteQuantities(
    postgres,
    scope,
    notes.map(({ id }) => id),
  );
  return [
    ...final.flatMap(({ id, number, period }): UnreadDocument[] => {
      const basis = bases.get(id);
      return basis === undefined ? [] : [{ status: 'final', kind: 'invoice', id, number, basis: { ...basis, period } }];
    }),
    ...notes
      .filter(({ id }) => isCorrection(quantities.get(id) ?? []))
      .map(({ id, number, invoice }): UnreadDocument => ({ status: 'final', kind: 'credit_note', id, number, invoice })),
  ];
}

/** With what they charge for one period: the hours of all of them are too many to be held at a time. */
async function readCharged(
  postgres: Queryable,
  scope: EveryCustomer,
  documents: readonly UnreadDocument[],
  period: Window,
): Promise<DueDocument[]> {
  const read = (kind: UnreadDocument['kind'], owner: ChargeOwner) => {
    const ids = documents.filter((document) => document.kind === kind).map(({ id }) => id);
    return readCharges(postgres, scope, owner, ids, { from: [period.from] });
  };
  const charges = { invoice: await read('invoice', 'invoice'), credit_note: await read('credit_note', 'credit-note') };
  return documents.map((document) => {
    const own = charges[document.kind].get(document.id) ?? [];
    return { ...document, charges: own.filter((charge) => charge.period.to === period.to) };
  });
}

function within({ transaction }: { transaction?: Queryable }): { transaction?: Queryable } {
  return transaction === undefined ? {} : { transaction };
}
