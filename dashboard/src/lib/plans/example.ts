/** Quantities for a worked example: typed, or what a customer really used in a month. */
import { address } from '../api.ts';
import { sum } from '../decimal.ts';
import { formatDecimal, formatMoney } from '../format.ts';
import { formulaOf } from '../invoice/formula.ts';
import type { Extent, PlanDefinition, PlanPreview, Usage } from '../types.ts';
import { isoOf, momentOf, monthKey } from '../zone.ts';

export type Quantities = Readonly<Record<string, string>>;

/** Meters to type a quantity for: those with a price by use, each once, and those that quantities are known of. */
export function metersOf({ prices }: PlanDefinition, quantities: Quantities): string[] {
  const priced = prices.flatMap(({ meter }) => (meter === undefined || meter === '' ? [] : [meter]));
  return [...new Set([...priced, ...Object.keys(quantities)])];
}

/** As the API takes them: what is blank is left out. */
export function quantitiesOf(meters: readonly string[], quantities: Quantities): { meter: string; quantity: string }[] {
  return meters.flatMap((meter) => {
    const quantity = quantities[meter]?.trim() ?? '';
    return quantity === '' ? [] : [{ meter, quantity }];
  });
}

export function quantitiesOfUsage({ total }: Usage): Record<string, string> {
  return Object.fromEntries(total.filter(({ quantity }) => !quantity.startsWith('-')).map(({ meter, quantity }) => [meter, quantity]));
}

/** The last month with usage that is over or, where there is none, the last one with usage at all. `2026-10`. */
export function exampleMonth(buckets: readonly { start: string }[], now: number, zone: string): string {
  const present = monthKey(now, zone);
  const used = [...new Set(buckets.map(({ start }) => monthKey(Date.parse(start), zone)))].sort();
  return used.findLast((month) => month < present) ?? used.at(-1) ?? present;
}

/** A customer's usage by month, of all time. */
export function monthsAddress(customer: string, extent: Extent, zone: string): string | undefined {
  if (customer === '' || extent === null) return undefined;
  return address('/v1/usage', { customer, from: extent.from, to: extent.to, grain: 'month', timeZone: zone });
}

/** Undefined for what is no month. */
export function usageAddress(customer: string, month: string, zone: string): string | undefined {
  const [, year, number] = /^(\d{4})-(\d{2})$/.exec(month) ?? [];
  if (year === undefined || number === undefined) return undefined;
  const [from, to] = [momentOf(zone, Number(year), Number(number)), momentOf(zone, Number(year), Number(number) + 1)];
  return address('/v1/usage', { customer, from: isoOf(from), to: isoOf(to), grain: 'month', timeZone: zone });
}

type Line = PlanPreview['lines'][number];

/** What a person can redo on paper. */
export function lineFormula(line: Line, currency: string): string {
  if (line.kind === 'fee') return 'fixed fee for a whole month';
  if (line.pricing === 'covered') return 'covered by its fixed fee';
  if (line.pricing === 'unpriced') return 'has no price in this plan';
  return formulaOf(line, currency);
}

/** "10 % of $80.00", "voucher of $5.00, off calls". */
export function discountWords({ percent, offered, meter, base }: PlanPreview['discounts'][number], currency: string): string {
  const what =
    percent === null
      ? `Discount of ${formatMoney(offered ?? '0', currency)}`
      : `Discount, ${formatDecimal(percent)} % of ${formatMoney(base, currency)}`;
  return meter === null ? what : `${what}, ${meter}`;
}

/** What the entries come to by themselves, to be held against the total. */
export function entriesSum({ lines, discounts, minimum }: PlanPreview): string {
  return sum([...lines, ...discounts, ...(minimum === null ? [] : [minimum])].map(({ amount }) => amount));
}
