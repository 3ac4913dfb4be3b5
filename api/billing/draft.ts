/** A customer's invoice for a month as it would be now, with what is due for earlier periods and the credits it would use. */
import { writeInvoice } from '../../core/invoice.ts';
import { formatMinor } from '../../core/money.ts';
import { settle, type Credit, type Settlement } from '../../core/totals.ts';
import type { Window } from '../../core/window.ts';
import { type EveryCustomer, noCustomer } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Invoice, InvoiceSettlement } from '../../schemas/http/invoices.ts';
import { readCredits } from '../queries/credits.ts';
import { findIssuedInvoices, type IssuedInvoice } from '../queries/invoices.ts';
import type { CustomerPeriod } from '../queries/settled-periods.ts';
import { billingPeriod } from './billing-period.ts';
import { dueBefore, type BillingStores } from './due.ts';
import { rateCustomer, type CustomerRating } from './rate.ts';
import { standingInvoices } from './standing-invoices.ts';
import { readTerms } from './terms.ts';

export type NumberedCredit = Credit & { currency: string; number: string | null };

export interface Draft {
  rating: CustomerRating;
  settlement: Settlement;
  credits: readonly NumberedCredit[];
}

export interface RatedDraft extends Draft {
  /** Earlier periods of which nothing is due once this is final. */
  adjusted: CustomerPeriod[];
}

/** Throws what `rateCustomer` throws. Read on every look: a draft follows usage, plans and settings. */
export async function rateDraft(
  stores: BillingStores,
  scope: EveryCustomer,
  { customer, month, transaction }: { customer: string; month: string; transaction?: Queryable },
): Promise<RatedDraft> {
  const postgres = transaction ?? stores.postgres;
  const within = transaction === undefined ? {} : { transaction };
  const terms = (await readTerms(postgres, scope, [customer], stores.clock.now())).get(customer);
  if (terms === undefined) throw noCustomer(customer);
  const period = billingPeriod(month, terms.timeZone, billedBeside(await findIssuedInvoices(postgres, scope, [customer]), month));
  const { adjustments, rated } = await dueBefore(stores, scope, { customer, month, currency: terms.currency, ...within });
  const rating = await rateCustomer(stores, { scope, customer, period, terms, adjustments, ...within });
  const credits = creditsIn((await readCredits(postgres, scope, [customer])).get(customer), terms.currency);
  return { rating, settlement: settle(rating.rated.total, credits), credits, adjusted: rated };
}

/** The time that other months have taken: what a void invoice billed falls due for its own period, unless its month is billed anew. */
export function billedBeside(issued: readonly IssuedInvoice[], month: string): Window[] {
  return standingInvoices(issued).flatMap((invoice) => (invoice.month === month ? [] : [invoice.period]));
}

export function creditsIn(credits: readonly NumberedCredit[] | undefined, currency: string): NumberedCredit[] {
  return (credits ?? []).filter((credit) => credit.currency === currency);
}

/** The draft as text. Without hours, those of adjustments are left out too. */
export function writeDraft({ rating, settlement, credits }: Draft, month: string, options: { hours: boolean }): Invoice {
  const { input, rated } = rating;
  const invoice = writeInvoice(input, rated, options);
  return {
    ...invoice,
    status: 'draft',
    adjustments: options.hours ? invoice.adjustments : invoice.adjustments.map((adjustment) => ({ ...adjustment, hours: [] })),
    month,
    settlement: settlementText(settlement, credits, input.currency),
  };
}

function settlementText(settlement: Settlement, credits: readonly NumberedCredit[], currency: string): InvoiceSettlement {
  const money = (minor: bigint): string => formatMinor(minor, currency);
  return {
    applied: settlement.applied.map(({ invoice, amount }) => ({
      invoice,
      number: credits.find((credit) => credit.invoice === invoice)?.number ?? null,
      amount: money(amount),
    })),
    payable: money(settlement.payable),
    carried: money(settlement.carried),
  };
}
