/** The price models as functions of a running quantity, for the cumulative rule of rating.ts. Another model is one more function here. */
import type { Price, Tier } from '../schemas/http/plans.ts';
import { powerOfTen, toScaled } from './decimal.ts';
import { EXACT_SCALE, PRICE_SCALE, QUANTITY_SCALE, type PriceModel, type PriceTier, type TierPart } from './rating.ts';

/** Turns a fee at PRICE_SCALE into an exact amount. */
const FEE_FACTOR = powerOfTen(EXACT_SCALE - PRICE_SCALE);

export type UsagePrice = Exclude<Price, { model: 'flat' }>;
type Of<Model extends UsagePrice['model']> = Extract<UsagePrice, { model: Model }>;

export function priceModel(price: UsagePrice): PriceModel {
  switch (price.model) {
    case 'per_unit':
      return perUnit(price);
    case 'graduated':
      return graduated(price);
    case 'volume':
      return volume(price);
    case 'package':
      return packages(price);
  }
}

/** Included units are a first tier that costs nothing; a correction below zero gives back the unit price all the same. */
function perUnit(price: Of<'per_unit'>): PriceModel {
  const unitPrice = toScaled(price.unitPrice, PRICE_SCALE);
  const included = toScaled(price.included ?? '0', QUANTITY_SCALE);
  const free: PriceTier[] = included === 0n ? [] : [{ from: 0n, to: included, unitPrice: 0n }];
  return tiered([...free, { from: included, to: null, unitPrice }], unitPrice);
}

function graduated(price: Of<'graduated'>): PriceModel {
  const tiers = priceTiers(price.tiers);
  return tiered(tiers, tiers[0]?.unitPrice ?? 0n);
}

function priceTiers(tiers: readonly Tier[]): PriceTier[] {
  return tiers.map(({ upTo, unitPrice, flatFee }, n) => ({
    from: toScaled(tiers[n - 1]?.upTo ?? '0', QUANTITY_SCALE),
    to: upTo === null ? null : toScaled(upTo, QUANTITY_SCALE),
    unitPrice: toScaled(unitPrice, PRICE_SCALE),
    ...(flatFee === undefined ? {} : { flatFee: toScaled(flatFee, PRICE_SCALE) }),
  }));
}

/** Every unit at the price of the tier it falls into. What full tiers cost is summed up once, so that an hour costs one product. */
function tiered(tiers: readonly PriceTier[], negativeUnitPrice: bigint): PriceModel {
  const entryAmounts: bigint[] = [];
  let full = 0n;
  for (const { from, to, unitPrice, flatFee } of tiers) {
    const entry = full + (flatFee ?? 0n) * FEE_FACTOR;
    entryAmounts.push(entry);
    full = entry + ((to ?? from) - from) * unitPrice;
  }
  const exactAmount = (quantity: bigint): bigint => {
    if (quantity <= 0n) return quantity * negativeUnitPrice;
    const n = tierAt(tiers, quantity);
    const tier = tiers[n];
    return tier === undefined ? 0n : (entryAmounts[n] ?? 0n) + (quantity - tier.from) * tier.unitPrice;
  };
  const tiersFor = (total: bigint): TierPart[] => {
    if (total < 0n) return [wholePart({ from: 0n, to: null, unitPrice: negativeUnitPrice }, total, exactAmount(total))];
    if (total === 0n) return tiers.slice(0, 1).map(({ from, to, unitPrice }) => wholePart({ from, to, unitPrice }, 0n, 0n));
    return tiers.slice(0, tierAt(tiers, total) + 1).map((tier) => {
      const end = tier.to === null || total < tier.to ? total : tier.to;
      return { ...tier, quantity: end - tier.from, amountBefore: exactAmount(tier.from), amountAfter: exactAmount(end) };
    });
  };
  return { amountFor: () => exactAmount, tiersFor };
}

/**
 * One unit price for all, chosen by the final total, and used for every hour: also for one after which the running quantity still lay
 * in another tier, or below zero. So the flat fee is part of every A, and falls into the first hour.
 */
function volume(price: Of<'volume'>): PriceModel {
  const tiers = priceTiers(price.tiers);
  const tierOf = (total: bigint): PriceTier => {
    const tier = tiers[total > 0n ? tierAt(tiers, total) : 0] ?? { from: 0n, to: null, unitPrice: 0n };
    if (total > 0n) return tier;
    return { from: 0n, to: total < 0n ? null : tier.to, unitPrice: tier.unitPrice };
  };
  const amountFor = (total: bigint): ((quantity: bigint) => bigint) => {
    const { unitPrice, flatFee } = tierOf(total);
    const fee = (flatFee ?? 0n) * FEE_FACTOR;
    return (quantity) => fee + quantity * unitPrice;
  };
  return { amountFor, tiersFor: (total) => [wholePart(tierOf(total), total, amountFor(total)(total))] };
}

/** A price per started package; a correction of −q gives back what q would cost. */
function packages(price: Of<'package'>): PriceModel {
  const size = toScaled(price.size, QUANTITY_SCALE);
  const unitPrice = toScaled(price.unitPrice, PRICE_SCALE);
  const packagePrice = unitPrice * FEE_FACTOR;
  const startedBy = (quantity: bigint): bigint => (quantity < 0n ? -((size - 1n - quantity) / size) : (quantity + size - 1n) / size);
  const exactAmount = (quantity: bigint): bigint => startedBy(quantity) * packagePrice;
  const tiersFor = (total: bigint): TierPart[] => [
    { ...wholePart({ from: 0n, to: null, unitPrice, packageSize: size }, total, exactAmount(total)), packages: startedBy(total) },
  ];
  return { amountFor: () => exactAmount, tiersFor };
}

function wholePart(tier: PriceTier, quantity: bigint, amountAfter: bigint): TierPart {
  return { ...tier, quantity, amountBefore: 0n, amountAfter };
}

/** Index of the tier that holds a quantity above zero. From the last one down: usage spends most of its hours in the tiers it ends in. */
function tierAt(tiers: readonly PriceTier[], quantity: bigint): number {
  let n = tiers.length - 1;
  while (n > 0 && quantity <= (tiers[n]?.from ?? 0n)) n--;
  return n;
}
