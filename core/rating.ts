/**
 * Prices as functions of a running quantity, and the cumulative rule that makes hours, tiers and line agree.
 *
 * A price is a function A from the quantity Q used since the start of the period to an exact amount. The amount of an hour, or of a tier,
 * is round(A after it) − round(A before it): differences of one sequence that begins with 0, so they add up to the line's round(A)
 * whatever the model, and no remainder has to be spread.
 *
 * Quantities and prices are bigints at 18 fraction digits, so their product at 36 is exact; rounded amounts are in minor units.
 */

/** Fraction digits of quantities, of prices and fees, and of the exact amounts that come of them. */
export const QUANTITY_SCALE = 18;
export const PRICE_SCALE = 18;
export const EXACT_SCALE = QUANTITY_SCALE + PRICE_SCALE;

export interface PriceTier {
  /** Where the tier begins (exclusive) and ends (inclusive; null: never). */
  from: bigint;
  to: bigint | null;
  /** Of a package, where there is a `packageSize`. */
  unitPrice: bigint;
  /** Due once the tier is entered. */
  flatFee?: bigint;
  packageSize?: bigint;
}

/** The part of a total that one tier prices, between two edges of the running quantity. */
export interface TierPart extends PriceTier {
  quantity: bigint;
  /** Started packages; below zero for a quantity below zero. */
  packages?: bigint;
  /** A at the lower and at the upper edge. */
  amountBefore: bigint;
  amountAfter: bigint;
}

export interface PriceModel {
  /** A(Q) in a period that comes to `total`, which only the volume model asks for. */
  amountFor(total: bigint): (quantity: bigint) => bigint;
  /** The tiers that `total` enters, adjacent, the last one ending at it; a total of 0 shows the tier it would begin with. */
  tiersFor(total: bigint): TierPart[];
}

/** What nobody is charged for: usage without a price, or covered by a fixed fee. */
export const FREE: PriceModel = { amountFor: () => () => 0n, tiersFor: () => [] };

export interface RatedTier extends TierPart {
  amount: bigint;
}

export interface RatedUsage {
  quantity: bigint;
  exactAmount: bigint;
  amount: bigint;
  /** The tiers that were entered; their amounts add up to `amount`. Empty where nothing is charged. */
  tiers: RatedTier[];
  /** Rounded A after each of the given quantities; the last one is `amount`. */
  runningAmounts: bigint[];
}

/** Rates what each hour adds to the quantity, in order. `round` takes exact amounts to minor units. */
export function rateUsage(price: PriceModel, added: readonly bigint[], round: (exact: bigint) => bigint): RatedUsage {
  let total = 0n;
  for (const quantity of added) total += quantity;
  const exactAmountOf = price.amountFor(total);
  const runningAmounts: bigint[] = [];
  let running = 0n;
  for (const quantity of added) runningAmounts.push(round(exactAmountOf((running += quantity))));
  const exactAmount = exactAmountOf(total);
  const tiers = price.tiersFor(total).map((part) => ({ ...part, amount: round(part.amountAfter) - round(part.amountBefore) }));
  return { quantity: total, exactAmount, amount: round(exactAmount), tiers, runningAmounts };
}
