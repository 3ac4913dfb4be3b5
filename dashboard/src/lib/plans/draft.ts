/** A plan while it is being edited. Prices stay text: what is typed is what is sent, and the server judges it. */
import type { Plan, PlanDefinition, Price } from '../types.ts';

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

export interface PlanDraft {
  name: string;
  currency: string;
  prices: PriceDraft[];
  /** What is not edited here goes back as it came: a plan is replaced as a whole. */
  kept?: Pick<PlanDefinition, 'minimum' | 'discounts'>;
}

const LAST_TIER: TierDraft = { upTo: '', unitPrice: '', flatFee: '' };

export function emptyPrice(meter = ''): PriceDraft {
  return { meter, description: '', model: 'per_unit', unitPrice: '', included: '', size: '', amount: '', tiers: [{ ...LAST_TIER }] };
}

export function draftOf(plan: Plan | undefined): PlanDraft {
  if (plan === undefined) return { name: '', currency: 'USD', prices: [emptyPrice()] };
  return {
    name: plan.name,
    currency: plan.currency,
    prices: plan.prices.map((price) => ({
      ...emptyPrice(price.meter),
      description: price.description ?? '',
      model: price.model,
      ...termsOf(price),
    })),
    kept: {
      ...(plan.minimum === undefined ? {} : { minimum: plan.minimum }),
      ...(plan.discounts === undefined ? {} : { discounts: plan.discounts }),
    },
  };
}

function termsOf(price: Price): Partial<PriceDraft> {
  if (price.model === 'per_unit') return { unitPrice: price.unitPrice, included: price.included ?? '' };
  if (price.model === 'package') return { unitPrice: price.unitPrice, size: price.size };
  if (price.model === 'flat') return { amount: price.amount };
  return { tiers: price.tiers.map(({ upTo, unitPrice, flatFee }) => ({ upTo: upTo ?? '', unitPrice, flatFee: flatFee ?? '' })) };
}

export function definitionOf({ name, currency, prices, kept }: PlanDraft): PlanDefinition {
  return { name: name.trim(), currency: currency.trim().toUpperCase(), prices: prices.map(priceOf), ...kept };
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

/** A new tier goes before the last, which keeps the open end. */
export function addTier(tiers: TierDraft[]): TierDraft[] {
  return [...tiers.slice(0, -1), { ...LAST_TIER }, ...(tiers.at(-1) === undefined ? [{ ...LAST_TIER }] : tiers.slice(-1))];
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
