/** What makes a plan sound beyond its JSON schema. */
import type { PlanDefinition, Tier } from '../schemas/http/plans.ts';
import { compareDecimals } from './decimal.ts';
import type { FieldError } from './errors.ts';
import { isCurrency } from './money.ts';

/** All faults of a plan that has passed its JSON schema, in the order of its fields; none for a sound one. */
export function checkPlan(plan: PlanDefinition): FieldError[] {
  const errors: FieldError[] = [];
  if (!isCurrency(plan.currency)) {
    errors.push({ path: 'currency', code: 'unknown_currency', message: `${plan.currency} is not an active ISO 4217 currency` });
  }
  const firstPriceOf = new Map<string, number>();
  for (const [n, price] of plan.prices.entries()) {
    const first = firstPriceOf.get(price.meter);
    if (first === undefined) firstPriceOf.set(price.meter, n);
    else
      errors.push({
        path: `prices/${n}/meter`,
        code: 'duplicate_meter',
        message: `${price.meter} already has a price at prices/${first}; a plan prices a meter once`,
      });
    if (price.model === 'graduated') errors.push(...checkTiers(price.tiers, `prices/${n}/tiers`));
  }
  return errors;
}

function checkTiers(tiers: readonly Tier[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  let reached = '0';
  for (const [n, { upTo }] of tiers.entries()) {
    const isLast = n === tiers.length - 1;
    const at = `${path}/${n}/upTo`;
    if (upTo === null) {
      if (!isLast)
        errors.push({ path: at, code: 'tier_open', message: 'only the last tier may have upTo null: what follows would never be reached' });
      continue;
    }
    if (compareDecimals(upTo, reached) <= 0) {
      errors.push({
        path: at,
        code: 'tier_not_increasing',
        message: `upTo ${upTo} must be greater than ${reached}, where this tier begins`,
      });
    }
    if (isLast)
      errors.push({
        path: at,
        code: 'last_tier_bounded',
        message: `the last tier must have upTo null, or usage above ${upTo} has no price`,
      });
    reached = upTo;
  }
  return errors;
}
