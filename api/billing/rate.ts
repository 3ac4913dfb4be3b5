/**
 * The rating of one customer's period, as everything that bills needs it: previews, drafts, final invoices, and what is due of a period
 * that was billed before. Reads usage (buckets from ClickHouse, events from Postgres where buckets do not suffice) and terms.
 */
import type { Adjustment } from '../../core/due.ts';
import type { InvoiceInput } from '../../core/invoice.ts';
import { rateInvoice, type MeterUsage, type RatedInvoice } from '../../core/rated-invoice.ts';
import { splitByPlan, type PlanChange, type Segment } from '../../core/segment.ts';
import { hoursOf, type Window } from '../../core/window.ts';
import { noCustomer, type Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Platform } from '../../platform/platform.ts';
import { cellWatermarkOf, readWatermark, type Watermark } from '../queries/watermark.ts';
import { readEventUsage } from '../usage/event-usage.ts';
import { readHourUsage } from './hour-usage.ts';
import { readMeters, readTerms, type BilledMeter, type BillingTerms, type PlanVersion } from './terms.ts';

export interface RatingRequest {
  scope: Scope;
  customer: string;
  /** Epoch ms, half-open. */
  period: Window;
  /** Those of a final invoice; the present ones without them. */
  terms?: BillingTerms;
  /** What is due for earlier periods. */
  adjustments?: readonly Adjustment[];
  /** What Postgres is read through, where a transaction is under way; the pool otherwise. */
  transaction?: Queryable;
}

export interface CustomerRating {
  /** `writeInvoice(input, rated, { hours })` makes the invoice of them. */
  input: InvoiceInput;
  rated: RatedInvoice;
  /** What was rated by, with every meter that was used or has a price: kept with an invoice, it rates usage to the same amounts for ever. */
  terms: BillingTerms;
  /** RFC 3339: usage that was durable then is in it. */
  asOf: string;
  watermark: Watermark;
}

type Stores = Pick<Platform, 'postgres' | 'clickhouse' | 'log' | 'clock'>;

/**
 * Throws `not_found` for a customer nobody has heard of, `invalid_range` for a period too long to be one invoice, `currency_mismatch`
 * where plan and customer differ, `unprocessable` for a unique meter of more values than can be told apart.
 */
export async function rateCustomer(stores: Stores, request: RatingRequest): Promise<CustomerRating> {
  const { scope, customer, period, adjustments = [] } = request;
  const postgres = request.transaction ?? stores.postgres;
  const terms = request.terms ?? (await readTerms(postgres, scope, [customer], stores.clock.now())).get(customer);
  if (terms === undefined) throw noCustomer(customer);
  // Before the usage: the other way round it would promise too much.
  const watermark = await readWatermark(stores);
  const hours = await readHourUsage(stores.clickhouse, { scope, customer, period, timeZone: terms.timeZone });
  const used = new Set(hours.map(({ meter }) => meter));
  const meters = await readMeters(postgres, terms, [...new Set([...used, ...pricedMeters(terms)])]);
  const segments = segmentsOf(terms, period);
  const events = await readEventUsage(postgres, {
    scope,
    customer,
    windows: hoursOf(period, terms.timeZone),
    restarts: new Set(segments.map(({ from }) => from)),
    meters: meters.filter(({ key }) => used.has(key)),
    below: cellWatermarkOf(watermark),
  });
  const usage: MeterUsage[] = hours.map((one) => events.get(one.meter) ?? one);
  return { ...rateUsageOf({ terms: { ...terms, meters }, period, segments, usage, asOf: watermark.asOf, adjustments }), watermark };
}

/** Late usage may be the first of its meter: what it costs must not depend on what the meter's definition has become by then. */
function pricedMeters({ plans }: BillingTerms): string[] {
  return plans.flatMap(({ plan }) => plan.prices.flatMap(({ meter }) => meter ?? []));
}

/** The rating of usage that was read already, for instance many customers' at a time. `segments` are `segmentsOf` the same terms and period. */
export function rateUsageOf(options: {
  terms: BillingTerms;
  period: Window;
  segments: Segment<PlanVersion>[];
  usage: readonly MeterUsage[];
  asOf: string;
  adjustments?: readonly Adjustment[];
}): Omit<CustomerRating, 'watermark'> {
  const { terms, period, segments, usage, asOf, adjustments = [] } = options;
  const { customer, currency, timeZone, taxRate, rounding } = terms;
  const meters = new Map<string, BilledMeter>(terms.meters.map((meter) => [meter.key, meter]));
  const input: InvoiceInput = {
    customer: { id: customer.id, name: customer.name },
    period: { ...period, timeZone },
    segments,
    usage,
    meters,
    currency,
    taxRate,
    rounding,
    adjustments,
    asOf: Date.parse(asOf),
  };
  return { input, rated: rateInvoice(input), terms, asOf };
}

export function segmentsOf({ plans, timeZone }: BillingTerms, period: Window): Segment<PlanVersion>[] {
  return splitByPlan(period, timeZone, withOneObjectPerPlan(plans));
}

/** Plans are compared by identity where a period is split; terms that come from JSON have a copy in each change. */
function withOneObjectPerPlan(changes: readonly PlanChange<PlanVersion>[]): PlanChange<PlanVersion>[] {
  const known = new Map<string, PlanVersion>();
  return changes.map(({ plan, from }) => {
    const name = JSON.stringify([plan.id, plan.version]);
    const one = known.get(name) ?? plan;
    known.set(name, one);
    return { plan: one, from };
  });
}
