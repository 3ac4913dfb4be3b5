/**
 * The rating of a customer's period: usage × plan → lines with hours → totals. All in bigints (amounts in minor units, quantities at
 * QUANTITY_SCALE), as a billing run needs it; invoice.ts writes it out as text.
 */
import type { Aggregation } from '../schemas/http/customers.ts';
import type { PlanDefinition, Price } from '../schemas/http/plans.ts';
import { changesOf, type UsageHour } from './aggregation.ts';
import { ONE, type HourChange } from './contribution.ts';
import { sumCharges, type Adjustment } from './due.ts';
import { ProblemError } from './errors.ts';
import { rounderOf, type Rounding } from './money.ts';
import { priceModel } from './price-models.ts';
import { EXACT_SCALE, FREE, rateUsage, type PriceModel, type RatedUsage } from './rating.ts';
import { proRata, type Segment } from './segment.ts';
import { totalsOf, type SegmentLines, type Totals } from './totals.ts';
import { instantText, type Window } from './window.ts';

/**
 * One meter's usage of the period by local hour, in time order and without overlap: buckets, for `sum`, `count` and `max`; for `unique` and
 * `latest` the changes that `createEventHours` tells from the events, begun anew with every segment. Hours without events may be left out.
 */
export type MeterUsage = { meter: string; hours: readonly UsageHour[] } | { meter: string; changes: readonly HourChange[] };

export type SnapshotPlan = PlanDefinition & { id: string };

export interface RatingInput {
  customer: { id: string };
  period: Window;
  /** What `splitByPlan` makes of the period. */
  segments: readonly Segment<SnapshotPlan>[];
  usage: readonly MeterUsage[];
  /** Definitions by meter key. A meter that is missing here is a sum. */
  meters: ReadonlyMap<string, { aggregation: Aggregation }>;
  currency: string;
  /** Percent, a decimal string. */
  taxRate: string;
  rounding?: Rounding;
  /** What is due for earlier periods. */
  adjustments?: readonly Adjustment[];
}

/** `covered`: used, and paid for by a fixed fee. `unpriced`: used, but the plan has no price for it. Both cost 0. */
export type Pricing = Price['model'] | 'covered' | 'unpriced';

/**
 * A line is identified within its period by `key`: where its segment begins, and the meter; for a fixed fee, its place in the plan.
 * Numbers (`n`) are given when the invoice is written, and shift when late usage brings a new meter.
 */
export interface RatedLine extends RatedUsage {
  key: string;
  kind: 'usage' | 'fee';
  segment: Segment<SnapshotPlan>;
  /** Undefined for a fixed fee that belongs to none. */
  meter: string | undefined;
  price: Price | undefined;
  pricing: Pricing;
  /** By hour; their quantities add up to the line's, and `runningAmounts` stand beside them. None for a fixed fee. */
  changes: readonly HourChange[];
}

export interface RatedInvoice extends Totals {
  lines: RatedLine[];
  adjustments: readonly Adjustment[];
}

/** Throws `currency_mismatch` when a plan and the customer have different currencies. */
export function rateInvoice(input: RatingInput): RatedInvoice {
  const { period, currency, taxRate, rounding = 'half-away', adjustments = [] } = input;
  const terms: LineTerms = { input, rounding, round: rounderOf({ currency, scale: EXACT_SCALE, rounding }) };
  const segments = input.segments.map((segment) => rateSegment(segment, terms));
  const totals = totalsOf(segments, { period, currency, rounding, taxRate });
  return {
    ...totals,
    total: adjustments.reduce((total, { charges }) => total + sumCharges(charges), totals.total),
    lines: segments.flatMap(({ lines }) => lines),
    adjustments,
  };
}

interface LineTerms {
  input: RatingInput;
  rounding: Rounding;
  round: (exact: bigint) => bigint;
}

type RatedSegment = SegmentLines & { lines: RatedLine[] };

/** Lines in the order of the plan, then, for meters without a price, by key. */
function rateSegment(segment: Segment<SnapshotPlan>, terms: LineTerms): RatedSegment {
  const { plan } = segment;
  const { customer, currency, meters, usage } = terms.input;
  if (plan !== undefined && plan.currency !== currency) {
    throw new ProblemError('currency_mismatch', `Plan ${plan.id} is in ${plan.currency}, customer ${customer.id} pays in ${currency}.`);
  }
  const changesByMeter = new Map<string, HourChange[]>();
  for (const one of [...usage].sort((a, b) => (a.meter < b.meter ? -1 : 1))) {
    const changes = segmentChanges(one, segment, meters.get(one.meter)?.aggregation ?? 'sum');
    if (changes.length > 0) changesByMeter.set(one.meter, changes);
  }
  const lines: RatedLine[] = [];
  const addUsage = (meter: string, price: Price | undefined): void => {
    const changes = changesByMeter.get(meter);
    if (changes !== undefined) lines.push(usageLine({ meter, price, changes }, segment, terms));
    changesByMeter.delete(meter);
  };
  for (const [n, price] of (plan?.prices ?? []).entries()) {
    if (price.model === 'flat') lines.push(feeLine(price, n, segment, terms));
    if (price.meter !== undefined) addUsage(price.meter, price);
  }
  for (const meter of [...changesByMeter.keys()]) addUsage(meter, undefined);
  return { segment, lines, discounts: plan?.discounts ?? [], minimum: plan?.minimum };
}

function segmentChanges(usage: MeterUsage, segment: Window, aggregation: Aggregation): HourChange[] {
  const isWithin = ({ start }: { start: number }): boolean => start >= segment.from && start < segment.to;
  if ('changes' in usage) return usage.changes.filter(isWithin);
  return changesOf(aggregation, usage.hours.filter(isWithin));
}

interface MeteredChanges {
  meter: string;
  price: Price | undefined;
  changes: readonly HourChange[];
}

function usageLine({ meter, price, changes }: MeteredChanges, segment: Segment<SnapshotPlan>, { round }: LineTerms): RatedLine {
  const { pricing, model } = pricingOf(price);
  const rated = rateUsage(
    model,
    changes.map(({ quantity }) => quantity),
    round,
  );
  return { key: `usage/${instantText(segment.from)}/${meter}`, kind: 'usage', segment, meter, price, pricing, changes, ...rated };
}

function pricingOf(price: Price | undefined): { pricing: Pricing; model: PriceModel } {
  if (price === undefined) return { pricing: 'unpriced', model: FREE };
  if (price.model === 'flat') return { pricing: 'covered', model: FREE };
  return { pricing: price.model, model: priceModel(price) };
}

function feeLine(price: Extract<Price, { model: 'flat' }>, n: number, segment: Segment<SnapshotPlan>, terms: LineTerms): RatedLine {
  const { input, rounding } = terms;
  const share = proRata({ amount: price.amount, part: segment, whole: input.period, currency: input.currency, rounding });
  return {
    key: `fee/${instantText(segment.from)}/${n}`,
    kind: 'fee',
    segment,
    meter: price.meter,
    price,
    pricing: 'flat',
    quantity: ONE,
    ...share,
    tiers: [],
    changes: [],
    runningAmounts: [],
  };
}
