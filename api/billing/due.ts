/**
 * What is due for the periods that a customer was billed for before: their rating by all that is known now, on the terms they were billed
 * by, less what final documents say of them. Voided invoices leave their period to be billed; drafts do not count.
 */
import { chargesOf, dueOf, isCorrection, type Adjustment, type BilledDocument } from '../../core/due.ts';
import type { Window } from '../../core/window.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { findCreditNotes } from '../queries/credit-notes.ts';
import { readCharges, type StoredCharge } from '../queries/invoice-charges.ts';
import { findInvoice, findIssuedInvoices, type IssuedInvoice } from '../queries/invoices.ts';
import { unsettledPeriods, type CustomerPeriod } from '../queries/settled-periods.ts';
import { rateCustomer } from './rate.ts';
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
  options: { customer: string; month: string; currency: string; transaction?: Queryable },
): Promise<{ adjustments: Adjustment[]; rated: CustomerPeriod[] }> {
  const { customer, currency } = options;
  const postgres = options.transaction ?? stores.postgres;
  const issued = await findIssuedInvoices(postgres, [customer]);
  const inCurrency = issuedPeriods(issued, options.month).filter((invoice) => invoice.currency === currency);
  const open = await unsettledPeriods({ postgres, clickhouse: stores.clickhouse }, inCurrency);
  const rated = open.map(({ period }) => ({ customer, period }));
  const periods = open.map(({ period }) => period);
  return { adjustments: await dueOfPeriods(stores, { issued, periods, currency, ...within(options) }), rated };
}

/** Of these periods of one customer, whose issued invoices are given. What was billed in another currency cannot be billed in this one. */
export async function dueOfPeriods(
  stores: BillingStores,
  options: { issued: readonly IssuedInvoice[]; periods: readonly Window[]; currency: string; transaction?: Queryable },
): Promise<Adjustment[]> {
  const { issued, periods, currency } = options;
  const adjustments: Adjustment[] = [];
  if (periods.length === 0) return adjustments;
  const postgres = options.transaction ?? stores.postgres;
  const documents = await readDocuments(postgres, issued, periods);
  for (const { from, to } of periods) {
    const [invoice] = standingInvoices(issued.filter(({ period }) => period.from === from && period.to === to));
    if (invoice === undefined || invoice.currency !== currency) continue;
    const terms = (await findInvoice(postgres, invoice.id))?.terms?.billing;
    if (terms === undefined) throw new Error(`invoice ${invoice.number} has no terms`);
    const { rated } = await rateCustomer(stores, {
      customer: invoice.customer,
      period: invoice.period,
      terms,
      ...within(options),
    });
    const billed: BilledDocument[] = documents.map(({ status, charges }) => ({
      status,
      charges: charges.filter(({ period }) => period.from === from && period.to === to),
    }));
    const charges = dueOf(chargesOf(rated), billed);
    if (charges.length > 0) adjustments.push({ period: { from, to, timeZone: invoice.timeZone }, charges });
  }
  return adjustments;
}

interface Document {
  status: 'final' | 'void';
  charges: readonly StoredCharge[];
}

/** Final invoices and their credit notes; those of void ones have gone with them, and goodwill is no correction. */
async function readDocuments(postgres: Queryable, issued: readonly IssuedInvoice[], periods: readonly Window[]): Promise<Document[]> {
  const ids = issued.filter(({ status }) => status === 'final').map(({ id }) => id);
  const notes = await findCreditNotes(postgres, ids);
  const invoices = await readCharges(postgres, 'invoice', ids, { from: periods.map(({ from }) => from) });
  // Whole ones: whether a note is a correction shows in all of its entries.
  const credits = await readCharges(
    postgres,
    'credit-note',
    notes.map(({ id }) => id),
  );
  return [...invoices.values(), ...[...credits.values()].filter(isCorrection)].map((charges) => ({ status: 'final', charges }));
}

function within({ transaction }: { transaction?: Queryable }): { transaction?: Queryable } {
  return transaction === undefined ? {} : { transaction };
}
