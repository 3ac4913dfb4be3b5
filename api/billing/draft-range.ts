/** Drafts of one range of customers, from a few queries for all of them. */
import type { Adjustment } from '../../core/due.ts';
import { ProblemError } from '../../core/errors.ts';
import type { MeterUsage } from '../../core/rated-invoice.ts';
import { settle } from '../../core/totals.ts';
import { hoursOf } from '../../core/window.ts';
import { readCredits } from '../queries/credits.ts';
import type { RangeOutcome } from '../queries/billing-runs.ts';
import { findIssuedInvoices, type DraftInput, type IssuedInvoice, type WrittenDrafts } from '../queries/invoices.ts';
import { findMeters } from '../queries/meters.ts';
import { unsettledPeriods } from '../queries/settled-periods.ts';
import { cellWatermarkOf, readWatermark, type Watermark } from '../queries/watermark.ts';
import { readEventUsage } from '../usage/event-usage.ts';
import { billingPeriod } from './billing-period.ts';
import { readUsageByCustomer, type BilledCustomer, type CustomerUsage } from './bulk-usage.ts';
import { billedBeside, creditsIn, writeDraft, type NumberedCredit } from './draft.ts';
import { dueOfPeriods, issuedPeriods, type BillingStores } from './due.ts';
import { INVOICE_HOURS_MAX } from './hour-usage.ts';
import { rateUsageOf, segmentsOf } from './rate.ts';
import { isMomentary } from './run-failure.ts';
import { readTerms, type BilledMeter, type BillingTerms } from './terms.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';

export interface DraftedRange extends Omit<RangeOutcome, 'doneTo' | 'done' | keyof WrittenDrafts> {
  drafts: DraftInput[];
  /** Customers with nothing to bill, whose drafts go. */
  dropped: string[];
  /** Buckets that were read. */
  rows: number;
}

/** What is known of the range before its usage is read. */
interface RangeContext {
  scope: EveryCustomer;
  stores: BillingStores;
  month: string;
  terms: ReadonlyMap<string, BillingTerms>;
  issued: ReadonlyMap<string, IssuedInvoice[]>;
  /** By customer, earlier periods of which something may be due. */
  unsettled: ReadonlyMap<string, { period: { from: number; to: number } }[]>;
  credits: ReadonlyMap<string, NumberedCredit[]>;
  watermark: Watermark;
  meters: MeterCache;
}

/** `customers` in byte order. What a customer's own data makes impossible is a failure of that customer; everything else is thrown. */
export async function draftRange(
  stores: BillingStores,
  scope: EveryCustomer,
  { month, customers, meters }: { month: string; customers: readonly string[]; meters: MeterCache },
): Promise<DraftedRange> {
  const issuedList = await findIssuedInvoices(stores.postgres, scope, customers);
  const issued = Map.groupBy(issuedList, ({ customer }) => customer);
  const open = customers.filter((customer) => isOpen(issued.get(customer) ?? [], month));
  const range: DraftedRange = { drafts: [], dropped: [], failures: [], empty: 0, untouched: customers.length - open.length, rows: 0 };
  const terms = await readTerms(stores.postgres, scope, open, stores.clock.now());
  const billed: BilledCustomer[] = open.flatMap((customer) => {
    const own = terms.get(customer);
    if (own === undefined) return [];
    const period = billingPeriod(month, own.timeZone, billedBeside(issued.get(customer) ?? [], month));
    return [{ customer, period, timeZone: own.timeZone }];
  });
  const earlier = billed.flatMap(({ customer }) => issuedPeriods(issued.get(customer) ?? [], month));
  const context: RangeContext = {
    scope,
    stores,
    month,
    terms,
    issued,
    unsettled: Map.groupBy(await unsettledPeriods(stores, scope, earlier), ({ customer }) => customer),
    credits: await readCredits(stores.postgres, scope, open),
    // Before the usage: the other way round it would promise too much.
    watermark: await readWatermark(stores),
    meters,
  };
  const waiting = new Map(billed.map((one) => [one.customer, one]));
  const options = { hoursMax: INVOICE_HOURS_MAX, onRows: (rows: number) => void (range.rows += rows) };
  for await (const usage of readUsageByCustomer(stores.clickhouse, scope, billed, options)) {
    const customer = waiting.get(usage.customer);
    waiting.delete(usage.customer);
    if (customer !== undefined) await draftInto(range, context, customer, usage);
  }
  for (const customer of waiting.values())
    await draftInto(range, context, customer, { customer: customer.customer, usage: [], isTooLong: false });
  return range;
}

/** A month with a final invoice is left alone; one whose invoice was voided is billed anew, unless a later invoice is its heir. */
export function isOpen(issued: readonly IssuedInvoice[], month: string): boolean {
  const own = issued.filter((invoice) => invoice.month === month);
  if (own.some(({ status }) => status === 'final')) return false;
  return own.length === 0 || !issued.some((invoice) => invoice.status === 'final' && invoice.month > month);
}

async function draftInto(range: DraftedRange, context: RangeContext, customer: BilledCustomer, usage: CustomerUsage): Promise<void> {
  try {
    const draft = await draftOf(context, customer, usage);
    if (draft !== undefined) range.drafts.push(draft);
    else {
      range.empty += 1;
      range.dropped.push(customer.customer);
    }
  } catch (error) {
    // A store that had too many callers says so by a problem too, and the customer has nothing to do with it.
    if (!(error instanceof ProblemError) || isMomentary(error)) throw error;
    range.failures.push({ customer: customer.customer, code: error.code, message: error.message });
  }
}

/** Undefined: there is nothing to bill. */
async function draftOf(
  context: RangeContext,
  billed: BilledCustomer,
  { usage, isTooLong }: CustomerUsage,
): Promise<DraftInput | undefined> {
  const { stores, scope, month, watermark } = context;
  const { customer, period, timeZone } = billed;
  if (isTooLong) throw new ProblemError('invalid_range', `The invoice would list more than ${INVOICE_HOURS_MAX} hours.`);
  const own = context.terms.get(customer);
  if (own === undefined) throw new Error(`customer ${customer} has no terms`);
  const meters = await context.meters.find(usage.map(({ meter }) => meter));
  const segments = segmentsOf(own, period);
  const events = await readEventUsage(stores.postgres, {
    scope,
    customer,
    windows: hoursOf(period, timeZone),
    restarts: new Set(segments.map(({ from }) => from)),
    meters,
    below: cellWatermarkOf(watermark),
  });
  const metered: MeterUsage[] = usage.map((one) => events.get(one.meter) ?? one);
  const adjustments = await adjustmentsOf(context, customer, own.currency);
  const rating = {
    ...rateUsageOf({ terms: { ...own, meters }, period, segments, usage: metered, asOf: watermark.asOf, adjustments }),
    watermark,
  };
  const { rated } = rating;
  if (rated.lines.length === 0 && rated.minimums.length === 0 && adjustments.length === 0) return undefined;
  const credits = creditsIn(context.credits.get(customer), own.currency);
  const snapshot = writeDraft({ rating, settlement: settle(rated.total, credits), credits }, month, { hours: false });
  return { customer, month, period, timeZone, currency: own.currency, snapshot };
}

/** Rated one by one, but only where something has changed since it was billed. */
function adjustmentsOf({ stores, scope, issued, unsettled }: RangeContext, customer: string, currency: string): Promise<Adjustment[]> {
  const periods = (unsettled.get(customer) ?? []).map(({ period }) => period);
  return dueOfPeriods(stores, scope, { issued: issued.get(customer) ?? [], periods, currency });
}

/** Definitions of meters, each read once per run: nearly all customers have the same ones. */
export class MeterCache {
  readonly #postgres: BillingStores['postgres'];
  readonly #known = new Map<string, BilledMeter>();

  constructor(postgres: BillingStores['postgres']) {
    this.#postgres = postgres;
  }

  async find(keys: readonly string[]): Promise<BilledMeter[]> {
    const missing = keys.filter((key) => !this.#known.has(key));
    if (missing.length > 0) {
      for (const { key, name, unit, aggregation, property } of await findMeters(this.#postgres, missing))
        this.#known.set(key, { key, name, unit, aggregation, property });
    }
    return keys.flatMap((key) => this.#known.get(key) ?? []);
  }
}
