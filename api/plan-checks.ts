/** What a plan is refused for, whether it is to be kept or only looked at. */
import { ProblemError } from '../core/errors.ts';
import { checkPlan } from '../core/plan.ts';
import type { EveryCustomer } from '../platform/access/scope.ts';
import type { Queryable } from '../platform/postgres/postgres.ts';
import type { PlanDefinition } from '../schemas/http/plans.ts';
import { customersOnPlan } from './queries/plans.ts';
import { readSettings } from './queries/settings.ts';

/** Throws `invalid_plan` with all faults, each at its path. */
export function requireSoundPlan(plan: PlanDefinition): void {
  const errors = checkPlan(plan);
  if (errors.length > 0)
    throw new ProblemError(
      'invalid_plan',
      `The plan has ${errors.length === 1 ? 'a fault' : `${errors.length} faults`}: ${errors[0]?.message ?? ''}.`,
      { errors },
    );
}

/** Throws `currency_mismatch` where whoever is billed by the plan is billed in another currency. `FOR SHARE` needs a transaction. */
export async function requireCurrencyOfCustomers(
  postgres: Queryable,
  scope: EveryCustomer,
  { id, currency }: { id: string; currency: string },
  lock: '' | 'FOR SHARE' = '',
): Promise<void> {
  const refuse = (message: string): never => {
    throw new ProblemError('currency_mismatch', `${message}.`, { errors: [{ path: 'currency', code: 'currency_mismatch', message }] });
  };
  const others = await customersOnPlan(postgres, scope, id, { inOtherCurrencyThan: currency });
  if (others.length > 0) refuse(`Customers on this plan are billed in another currency than ${currency}: ${others.join(', ')}`);
  const { defaults } = await readSettings(postgres, lock);
  if (defaults.plan === id && defaults.currency !== currency)
    refuse(`This is the default plan, and the default currency is ${defaults.currency}`);
}
