/**
 * From lines to the total: subtotal → line discounts → invoice discounts → minimum → tax. Every entry that takes something away is
 * negative, so that lines, discounts, minimums and taxes simply add up to the total. Amounts are in minor units.
 *
 * Discounts apply one after the other, each to what the ones before have left. An amount takes no more than is left above 0; a percentage
 * of a negative base is given back with it. Discounts and minimum belong to the plan, so each segment of the period has its own; the
 * tax belongs to the customer, and is taken once from all of them.
 */
import type { Discount } from '../schemas/http/plans.ts';
import { formatDecimal, fractionDigits, toScaled } from './decimal.ts';
import { percentOf, toMinor, type Rounding } from './money.ts';
import { proRata } from './segment.ts';
import { instantText, type Window } from './window.ts';

/** The lines of one segment, and what its plan says of all of them. */
export interface SegmentLines {
  segment: Window;
  lines: readonly { meter: string | undefined; amount: bigint }[];
  discounts: readonly Discount[];
  /** Decimal; undefined: none. */
  minimum: string | undefined;
}

export interface RatedDiscount {
  /** The same for the same discount, whenever the period is rated. Likewise below. */
  key: string;
  segment: Window;
  discount: Discount;
  /** What it was taken from. */
  base: bigint;
  /** Negative where something was taken away. */
  amount: bigint;
}

/** What tops a segment up to its plan's minimum. */
export interface RatedMinimum {
  key: string;
  segment: Window;
  /** The segment's share of the minimum. */
  minimum: bigint;
  /** What was reached without it. */
  base: bigint;
  amount: bigint;
}

export interface RatedTax {
  key: string;
  /** Percent. */
  rate: string;
  base: bigint;
  amount: bigint;
}

export interface Totals {
  subtotal: bigint;
  discounts: RatedDiscount[];
  /** Only where the minimum was not reached. */
  minimums: RatedMinimum[];
  /** None at a rate of 0, which is no tax at all. */
  taxes: RatedTax[];
  total: bigint;
}

export interface TotalsTerms {
  /** The whole, of which segments are parts. */
  period: Window;
  currency: string;
  rounding: Rounding;
  /** Percent, a decimal string. */
  taxRate: string;
}

export function totalsOf(segments: readonly SegmentLines[], terms: TotalsTerms): Totals {
  const totals: Totals = { subtotal: 0n, discounts: [], minimums: [], taxes: [], total: 0n };
  for (const one of segments) {
    const subtotal = sumOf(one.lines);
    const discounts = discountsOf(one, subtotal, terms);
    const discounted = subtotal + sumOf(discounts);
    const minimum = minimumOf(one, discounted, terms);
    totals.subtotal += subtotal;
    totals.discounts.push(...discounts);
    if (minimum !== undefined) totals.minimums.push(minimum);
    totals.total += discounted + (minimum?.amount ?? 0n);
  }
  const tax = taxOf(totals.total, terms);
  if (tax !== undefined) totals.taxes.push(tax);
  totals.total += tax?.amount ?? 0n;
  return totals;
}

/** A credit that an earlier invoice left over, in minor units. */
export interface Credit {
  invoice: string;
  amount: bigint;
}

export interface Settlement {
  /** What was used up of which credit, in the order of the credits. */
  applied: Credit[];
  /** What remains to be paid, never below 0. */
  payable: bigint;
  /** What a total below 0 leaves to the next invoices. */
  carried: bigint;
}

/** A total against the credits that are left, oldest first. A total below zero uses none: it is a credit itself. */
export function settle(total: bigint, credits: readonly Credit[]): Settlement {
  if (total < 0n) return { applied: [], payable: 0n, carried: -total };
  let payable = total;
  const applied: Credit[] = [];
  for (const { invoice, amount } of credits) {
    const used = amount < payable ? amount : payable;
    if (used <= 0n) continue;
    applied.push({ invoice, amount: used });
    payable -= used;
  }
  return { applied, payable, carried: 0n };
}

export function sumOf(entries: readonly { amount: bigint }[]): bigint {
  return entries.reduce((sum, { amount }) => sum + amount, 0n);
}

function discountsOf({ segment, lines, discounts }: SegmentLines, subtotal: bigint, terms: TotalsTerms): RatedDiscount[] {
  const leftByMeter = new Map<string, bigint>();
  for (const { meter, amount } of lines) if (meter !== undefined) leftByMeter.set(meter, (leftByMeter.get(meter) ?? 0n) + amount);
  const rated: RatedDiscount[] = [];
  let left = subtotal;
  /** Answers what is left of the base. What takes nothing away is no entry. */
  const apply = (n: number, discount: Discount, base: bigint): bigint => {
    const amount = -takenOff(discount, base, terms);
    if (amount !== 0n) rated.push({ key: `discount/${instantText(segment.from)}/${n}`, segment, discount, base, amount });
    left += amount;
    return base + amount;
  };
  for (const [n, discount] of discounts.entries()) {
    if (discount.meter !== undefined) leftByMeter.set(discount.meter, apply(n, discount, leftByMeter.get(discount.meter) ?? 0n));
  }
  for (const [n, discount] of discounts.entries()) if (discount.meter === undefined) apply(n, discount, left);
  return rated;
}

function takenOff({ percent, amount }: Discount, base: bigint, { currency, rounding }: TotalsTerms): bigint {
  if (percent !== undefined) return percentOf(base, percent, rounding);
  if (base <= 0n) return 0n;
  const offered = toMinor(amount ?? '0', currency, rounding);
  return offered < base ? offered : base;
}

function minimumOf(one: SegmentLines, base: bigint, { period, currency, rounding }: TotalsTerms): RatedMinimum | undefined {
  const { segment } = one;
  if (one.minimum === undefined) return undefined;
  const { amount: minimum } = proRata({ amount: one.minimum, part: segment, whole: period, currency, rounding });
  if (base >= minimum) return undefined;
  return { key: `minimum/${instantText(segment.from)}`, segment, minimum, base, amount: minimum - base };
}

function taxOf(base: bigint, { taxRate, rounding }: TotalsTerms): RatedTax | undefined {
  const scale = fractionDigits(taxRate);
  const rate = toScaled(taxRate, scale);
  if (rate === 0n) return undefined;
  return { key: `tax/${formatDecimal(rate, scale)}`, rate: taxRate, base, amount: percentOf(base, taxRate, rounding) };
}
