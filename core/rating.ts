/**
 * Prices as functions of a running quantity, and the cumulative rule that makes hours, tiers and line agree.
 *
 * A price is a function A from the quantity Q used since the start of the period to an exact amount. The amount of an hour, or of a tier,
 * is round(A after it) − round(A before it): differences of one sequence, so they add up to the line's round(A(Q)) whatever the model, and
 * no remainder has to be spread. Another model is one more function that returns a `PriceFunction`.
 *
 * Quantities and prices are bigints at 18 fraction digits, so their product at 36 is exact; rounded amounts are in minor units.
 */
import type { Price, Tier } from '../schemas/http/plans.ts';
import { toScaled } from './decimal.ts';

/** Fraction digits of quantities, of prices and fees, and of the exact amounts that come of them. */
export const QUANTITY_SCALE = 18;
export const PRICE_SCALE = 18;
export const EXACT_SCALE = QUANTITY_SCALE + PRICE_SCALE;

/** Turns a fee at PRICE_SCALE into an exact amount. */
const FEE_FACTOR = 10n ** BigInt(EXACT_SCALE - PRICE_SCALE);

export interface PriceTier {
  /** Where the tier begins (exclusive) and ends (inclusive; null: never). */
  from: bigint;
  to: bigint | null;
  unitPrice: bigint;
  /** Due once the tier is entered. */
  flatFee?: bigint;
}

export interface PriceFunction {
  /** A(Q): exact, and 0 for Q = 0. */
  exactAmount(quantity: bigint): bigint;
  /** Adjacent, from 0 upwards. Empty when the price knows no quantity. */
  tiers: readonly PriceTier[];
  /** For a quantity below zero, which no tier holds. */
  negativeUnitPrice: bigint;
}

export interface RatedTier extends PriceTier {
  /** The part of the line's quantity that lies in the tier. */
  quantity: bigint;
  amount: bigint;
}

export interface RatedUsage {
  quantity: bigint;
  exactAmount: bigint;
  amount: bigint;
  /** The tiers that were entered; their amounts add up to `amount`. */
  tiers: RatedTier[];
  /** Rounded A after each of the given quantities; the last one is `amount`. */
  runningAmounts: bigint[];
}

/** The price of a meter that the plan has no price for. */
export const UNPRICED: PriceFunction = { exactAmount: () => 0n, tiers: [], negativeUnitPrice: 0n };

export function priceFunction(price: Price): PriceFunction {
  switch (price.model) {
    case 'per_unit':
      return perUnit(price);
    case 'graduated':
      return graduated(price);
  }
}

/** Rates quantities in order, by the cumulative rule. `round` takes exact amounts to minor units. */
export function rateUsage(price: PriceFunction, quantities: readonly bigint[], round: (exact: bigint) => bigint): RatedUsage {
  let quantity = 0n;
  const runningAmounts = quantities.map((added) => round(price.exactAmount((quantity += added))));
  const exactAmount = price.exactAmount(quantity);
  return { quantity, exactAmount, amount: round(exactAmount), tiers: rateTiers(price, quantity, round), runningAmounts };
}

type PerUnit = Extract<Price, { model: 'per_unit' }>;
type Graduated = Extract<Price, { model: 'graduated' }>;

/** Included units are a first tier that costs nothing; a correction below zero gives back the unit price all the same. */
function perUnit(price: PerUnit): PriceFunction {
  const unitPrice = toScaled(price.unitPrice, PRICE_SCALE);
  const included = toScaled(price.included ?? '0', QUANTITY_SCALE);
  const free: PriceTier[] = included === 0n ? [] : [{ from: 0n, to: included, unitPrice: 0n }];
  return tiered([...free, { from: included, to: null, unitPrice }], unitPrice);
}

function graduated(price: Graduated): PriceFunction {
  const tiers = price.tiers.map((tier, n) => priceTier(tier, price.tiers[n - 1]?.upTo ?? '0'));
  return tiered(tiers, tiers[0]?.unitPrice ?? 0n);
}

function priceTier(tier: Tier, from: string): PriceTier {
  return {
    from: toScaled(from, QUANTITY_SCALE),
    to: tier.upTo === null ? null : toScaled(tier.upTo, QUANTITY_SCALE),
    unitPrice: toScaled(tier.unitPrice, PRICE_SCALE),
    ...(tier.flatFee === undefined ? {} : { flatFee: toScaled(tier.flatFee, PRICE_SCALE) }),
  };
}

/** Every unit at the price of the tier it falls into. What full tiers cost is summed up once, so that an hour costs one product. */
function tiered(tiers: readonly PriceTier[], negativeUnitPrice: bigint): PriceFunction {
  const entryAmounts: bigint[] = [];
  let full = 0n;
  for (const { from, to, unitPrice, flatFee } of tiers) {
    const entry = full + (flatFee ?? 0n) * FEE_FACTOR;
    entryAmounts.push(entry);
    full = entry + ((to ?? from) - from) * unitPrice;
  }
  const exactAmount = (quantity: bigint): bigint => {
    if (quantity <= 0n) return quantity * negativeUnitPrice;
    let n = tiers.length - 1;
    while (n > 0 && quantity <= (tiers[n]?.from ?? 0n)) n--;
    const tier = tiers[n];
    return tier === undefined ? 0n : (entryAmounts[n] ?? 0n) + (quantity - tier.from) * tier.unitPrice;
  };
  return { exactAmount, tiers, negativeUnitPrice };
}

/** A tier's amount is the difference of the rounded A at its edges. A line of 0 or less shows the tier it would begin with. */
function rateTiers(price: PriceFunction, quantity: bigint, round: (exact: bigint) => bigint): RatedTier[] {
  const [first] = price.tiers;
  if (first === undefined) return [];
  if (quantity === 0n) return [{ ...first, quantity, amount: 0n }];
  if (quantity < 0n) {
    return [{ from: 0n, to: null, unitPrice: price.negativeUnitPrice, quantity, amount: round(price.exactAmount(quantity)) }];
  }
  const entered = price.tiers.filter(({ from }) => from < quantity);
  return entered.map((tier) => {
    const end = tier.to === null || quantity < tier.to ? quantity : tier.to;
    return { ...tier, quantity: end - tier.from, amount: round(price.exactAmount(end)) - round(price.exactAmount(tier.from)) };
  });
}
