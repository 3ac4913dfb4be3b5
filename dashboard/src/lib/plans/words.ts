/** Prices in words: what a unit costs, as it would be told over the telephone. */
import { isZero } from '../decimal.ts';
import { formatDecimal, formatMoney } from '../format.ts';
import type { Discount, PlanDefinition, Price, Tier } from '../types.ts';

/** The models, as they are chosen. */
export const MODELS: readonly [Price['model'], string][] = [
  ['per_unit', 'the same for every unit'],
  ['graduated', 'graduated, tier by tier'],
  ['volume', 'volume, by the total'],
  ['package', 'package, per started block'],
  ['flat', 'flat, a fixed fee'],
];

export function priceInWords(price: Price, currency: string): string {
  const money = (text: string) => moneyOf(text, currency);
  switch (price.model) {
    case 'per_unit': {
      const each = `${money(price.unitPrice)} each`;
      return price.included === undefined || isNothing(price.included)
        ? each
        : `first ${quantityOf(price.included)} included, then ${money(price.unitPrice)}`;
    }
    case 'package':
      return `${money(price.unitPrice)} per started ${quantityOf(price.size)}`;
    case 'flat':
      return `${money(price.amount)} per month${price.meter === undefined ? '' : ', however much is used'}`;
    case 'graduated':
      return price.tiers.map((tier, at) => graduatedTier(tier, at, currency)).join(', then ');
    case 'volume':
      return `all at ${price.tiers.map((tier, at) => volumeTier(tier, at, price.tiers, currency)).join('; ')}`;
  }
}

function graduatedTier({ upTo, unitPrice, flatFee }: Tier, at: number, currency: string): string {
  const fee = feeOf(flatFee, currency);
  if (isNothing(unitPrice) && at === 0 && upTo !== null && fee === '') return `first ${quantityOf(upTo)} included`;
  return `${moneyOf(unitPrice, currency)} each${upTo === null ? '' : ` to ${quantityOf(upTo)}`}${fee}`;
}

function volumeTier({ upTo, unitPrice, flatFee }: Tier, at: number, tiers: readonly Tier[], currency: string): string {
  const before = tiers[at - 1]?.upTo ?? null;
  const range = upTo !== null ? ` to ${quantityOf(upTo)}` : before !== null ? ` above ${quantityOf(before)}` : '';
  return `${moneyOf(unitPrice, currency)}${range}${feeOf(flatFee, currency)}`;
}

function feeOf(flatFee: string | undefined, currency: string): string {
  return flatFee === undefined || isNothing(flatFee) ? '' : ` and ${moneyOf(flatFee, currency)} once`;
}

/** The rest of a plan: what is taken off, and what is due at least. */
export function termsInWords({ discounts = [], minimum, currency }: PlanDefinition): string[] {
  const off = discounts.map((discount) => discountInWords(discount, currency));
  return minimum === undefined || isNothing(minimum) ? off : [...off, `at least ${moneyOf(minimum, currency)} per month`];
}

export function discountInWords({ percent, amount, meter }: Discount, currency: string): string {
  const what = percent === undefined ? moneyOf(amount ?? '', currency) : `${quantityOf(percent)} %`;
  return `${what} off ${meter ?? 'the invoice'}`;
}

/** What is being typed may be no number yet: then it stands as it is. */
function isNumber(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text);
}

function isNothing(text: string): boolean {
  return isNumber(text) && isZero(text);
}

function quantityOf(text: string): string {
  return isNumber(text) ? formatDecimal(text) : text || '…';
}

function moneyOf(text: string, currency: string): string {
  return isNumber(text) ? formatMoney(text, currency) : text || '…';
}
