/** What makes a plan sound. Faults are values that point at the field; nothing here throws, also for a plan that no JSON schema has seen. */
import type { Discount, PlanDefinition, Price, Tier } from '../schemas/http/plans.ts';
import { decimalFault } from './decimal-fault.ts';
import { compareDecimals } from './decimal.ts';
import type { FieldError } from './errors.ts';
import { isCurrency } from './money.ts';

/** All faults of a plan, in the order of its fields; none for a sound one. */
export function checkPlan(plan: PlanDefinition): FieldError[] {
  const errors: FieldError[] = [];
  if (!isCurrency(plan.currency)) {
    errors.push({ path: 'currency', code: 'unknown_currency', message: `${plan.currency} is not an active ISO 4217 currency such as USD` });
  }
  const firstPriceOf = new Map<string, number>();
  for (const [n, price] of plan.prices.entries()) {
    errors.push(...checkMeter(price, n, firstPriceOf), ...checkPrice(price, `prices/${n}`));
  }
  errors.push(...checkDecimals({ minimum: plan.minimum }, ''));
  for (const [n, discount] of (plan.discounts ?? []).entries()) errors.push(...checkDiscount(discount, `discounts/${n}`, firstPriceOf));
  return errors;
}

/** Notes the meter's first price in `firstPriceOf`. */
function checkMeter({ meter }: Price, n: number, firstPriceOf: Map<string, number>): FieldError[] {
  if (meter === undefined) return [];
  const first = firstPriceOf.get(meter);
  if (first === undefined) {
    firstPriceOf.set(meter, n);
    return [];
  }
  const message = `${meter} already has a price at prices/${first}; a plan prices a meter once`;
  return [{ path: `prices/${n}/meter`, code: 'duplicate_meter', message }];
}

function checkPrice(price: Price, path: string): FieldError[] {
  switch (price.model) {
    case 'per_unit':
      return checkDecimals({ unitPrice: price.unitPrice, included: price.included }, path);
    case 'graduated':
    case 'volume':
      return checkTiers(price.tiers, `${path}/tiers`);
    case 'package':
      return [...checkSize(price.size, `${path}/size`), ...checkDecimals({ unitPrice: price.unitPrice }, path)];
    case 'flat':
      return checkDecimals({ amount: price.amount }, path);
  }
}

function checkTiers(tiers: readonly Tier[], path: string): FieldError[] {
  if (tiers.length === 0) return [{ path, code: 'tiers_missing', message: 'at least one tier is needed, the last one with upTo null' }];
  const errors: FieldError[] = [];
  let reached = '0';
  for (const [n, { upTo, unitPrice, flatFee }] of tiers.entries()) {
    const isLast = n === tiers.length - 1;
    const at = `${path}/${n}/upTo`;
    if (upTo === null && !isLast) {
      errors.push({ path: at, code: 'tier_open', message: 'only the last tier may have upTo null: what follows would never be reached' });
    }
    const faults = upTo === null ? [] : checkDecimals({ upTo }, `${path}/${n}`);
    if (upTo !== null && faults.length === 0) {
      faults.push(...checkLimit({ upTo, reached, isLast }, at));
      reached = upTo;
    }
    errors.push(...faults, ...checkDecimals({ unitPrice, flatFee }, `${path}/${n}`));
  }
  return errors;
}

/** A tier begins where the one before ends, so that there can be no gap; it overlaps what lies before it unless it ends higher. */
function checkLimit({ upTo, reached, isLast }: { upTo: string; reached: string; isLast: boolean }, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (compareDecimals(upTo, reached) <= 0) {
    errors.push({ path, code: 'tier_not_increasing', message: `upTo ${upTo} must be greater than ${reached}, where this tier begins` });
  }
  if (isLast) {
    errors.push({ path, code: 'last_tier_bounded', message: `the last tier must have upTo null, or usage above ${upTo} has no price` });
  }
  return errors;
}

function checkSize(size: string, path: string): FieldError[] {
  const fault = decimalFault(size);
  if (fault !== undefined) return [{ path, ...fault }];
  if (compareDecimals(size, '0') > 0) return [];
  return [{ path, code: 'size_not_positive', message: 'a package must have a size above 0' }];
}

function checkDiscount(discount: Discount, path: string, prices: ReadonlyMap<string, number>): FieldError[] {
  const { percent, amount, meter } = discount;
  const errors = checkDecimals({ percent, amount }, path);
  if ((percent === undefined) === (amount === undefined)) {
    errors.push({ path, code: 'discount_ambiguous', message: 'a discount has either a percent or an amount' });
  }
  if (percent !== undefined && decimalFault(percent) === undefined && compareDecimals(percent, '100') > 0) {
    errors.push({ path: `${path}/percent`, code: 'percent_over_100', message: `${percent} % is more than the whole` });
  }
  if (meter !== undefined && !prices.has(meter)) {
    const message = `${meter} has no price in this plan, so there is nothing to take the discount from`;
    errors.push({ path: `${path}/meter`, code: 'discount_unpriced', message });
  }
  return errors;
}

/** Of the fields that are there, each must be a decimal number of 0 or more. */
function checkDecimals(fields: Readonly<Record<string, string | undefined>>, path: string): FieldError[] {
  return Object.entries(fields).flatMap(([name, text]) => {
    const fault = text === undefined ? undefined : decimalFault(text);
    return fault === undefined ? [] : [{ path: path === '' ? name : `${path}/${name}`, ...fault }];
  });
}
