/** A plan while it is being edited. Prices stay text: what is typed is what is sent, and the server judges it. */
import type { Discount, Plan, PlanDefinition, Price } from '../types.ts';

export interface TierDraft {
  /** Empty for the last tier, which has no end. */
  upTo: string;
  unitPrice: string;
  flatFee: string;
}

export interface PriceDraft {
  meter: string;
  description: string;
  model: Price['model'];
  /** Of a unit or, where the model is `package`, of a package. */
  unitPrice: string;
  included: string;
  /** Units of a package. */
  size: string;
  /** Of a fixed fee. */
  amount: string;
  tiers: TierDraft[];
}

export interface DiscountDraft {
  kind: 'percent' | 'amount';
  value: string;
  /** Empty: off the invoice. */
  meter: string;
}

export interface PlanDraft {
  name: string;
  currency: string;
  prices: PriceDraft[];
  /** Empty: none. */
  minimum: string;
  discounts: DiscountDraft[];
}

const EMPTY_TIER: TierDraft = { upTo: '', unitPrice: '', flatFee: '' };

export function emptyPrice(meter = ''): PriceDraft {
  return { meter, description: '', model: 'per_unit', unitPrice: '', included: '', size: '', amount: '', tiers: [{ ...EMPTY_TIER }] };
}

export function emptyDiscount(): DiscountDraft {
  return { kind: 'percent', value: '', meter: '' };
}

export function draftOf(plan: PlanDefinition | undefined, currency = 'USD'): PlanDraft {
  if (plan === undefined) return { name: '', currency, prices: [emptyPrice()], minimum: '', discounts: [] };
  return {
    name: plan.name,
    currency: plan.currency,
    prices: plan.prices.map((price) => ({
      ...emptyPrice(price.meter),
      description: price.description ?? '',
      model: price.model,
      ...termsOf(price),
    })),
    minimum: plan.minimum ?? '',
    discounts: (plan.discounts ?? []).map(({ percent, amount, meter }) => ({
      kind: percent === undefined ? 'amount' : 'percent',
      value: percent ?? amount ?? '',
      meter: meter ?? '',
    })),
  };
}

function termsOf(price: Price): Partial<PriceDraft> {
  if (price.model === 'per_unit') return { unitPrice: price.unitPrice, included: price.included ?? '' };
  if (price.model === 'package') return { unitPrice: price.unitPrice, size: price.size };
  if (price.model === 'flat') return { amount: price.amount };
  return { tiers: price.tiers.map(({ upTo, unitPrice, flatFee }) => ({ upTo: upTo ?? '', unitPrice, flatFee: flatFee ?? '' })) };
}

/** What a stored plan says, without what the server adds to it. */
export function definitionPart({ name, currency, prices, minimum, discounts }: Plan): PlanDefinition {
  return {
    name,
    currency,
    prices,
    ...(minimum === undefined ? {} : { minimum }),
    ...(discounts === undefined ? {} : { discounts }),
  };
}

export function definitionOf({ name, currency, prices, minimum, discounts }: PlanDraft): PlanDefinition {
  return {
    name: name.trim(),
    currency: currency.trim().toUpperCase(),
    prices: prices.map(priceOf),
    ...(minimum.trim() === '' ? {} : { minimum: minimum.trim() }),
    ...(discounts.length === 0 ? {} : { discounts: discounts.map(discountOf) }),
  };
}

function priceOf({ meter, description, model, unitPrice, included, size, amount, tiers }: PriceDraft): Price {
  const about = description.trim() === '' ? {} : { description: description.trim() };
  if (model === 'flat') return { ...(meter.trim() === '' ? {} : { meter: meter.trim() }), ...about, model, amount: amount.trim() };
  const base = { meter: meter.trim(), ...about };
  if (model === 'per_unit')
    return { ...base, model, unitPrice: unitPrice.trim(), ...(included.trim() === '' ? {} : { included: included.trim() }) };
  if (model === 'package') return { ...base, model, size: size.trim(), unitPrice: unitPrice.trim() };
  return {
    ...base,
    model,
    tiers: tiers.map((tier, index) => ({
      upTo: index === tiers.length - 1 ? null : tier.upTo.trim(),
      unitPrice: tier.unitPrice.trim(),
      ...(tier.flatFee.trim() === '' ? {} : { flatFee: tier.flatFee.trim() }),
    })),
  };
}

function discountOf({ kind, value, meter }: DiscountDraft): Discount {
  const about = meter.trim() === '' ? {} : { meter: meter.trim() };
  return kind === 'percent' ? { percent: value.trim(), ...about } : { amount: value.trim(), ...about };
}

/** A new tier goes below the one at `after`, or before the last, which keeps the open end. */
export function addTier(tiers: readonly TierDraft[], after = tiers.length - 2): TierDraft[] {
  if (tiers.length === 0) return [{ ...EMPTY_TIER }];
  const at = Math.min(after + 1, tiers.length - 1);
  return [...tiers.slice(0, at), { ...EMPTY_TIER }, ...tiers.slice(at)];
}

/** The last tier stays: it has the open end, and something has to. */
export function removeTier(tiers: readonly TierDraft[], at: number): TierDraft[] {
  return tiers.length < 2 ? [...tiers] : tiers.filter((_, index) => index !== at);
}

/** Ids are part of addresses: lower case, digits and dashes. */
export function idOf(name: string): string {
  return name
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
}
