/** What a new version of a plan would do to drafts. Final invoices keep the version they were rated by. */
import { ProblemError } from '../../core/errors.ts';
import { formatMinor } from '../../core/money.ts';
import type { PlanDefinition, PlanEffect } from '../../schemas/http/plans.ts';
import { countPlanUse, draftsOnPlan, type FollowingDraft } from '../queries/follows-change.ts';
import { readSettings } from '../queries/settings.ts';
import { rateDraft } from './draft.ts';
import type { BillingStores } from './due.ts';
import { rateUsageOf, segmentsOf } from './rate.ts';
import type { BillingTerms } from './terms.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';

/** Each is read from both stores and rated twice: some tens of milliseconds, a second for all of them. */
const RATED_DRAFTS_MAX = 20;

export async function planEffect(
  stores: BillingStores,
  scope: EveryCustomer,
  plan: string,
  definition: PlanDefinition,
): Promise<PlanEffect> {
  const { defaults } = await readSettings(stores.postgres);
  const part = { plan, unassigned: defaults.plan === plan };
  const { customers, drafts, finals } = await countPlanUse(stores.postgres, scope, part);
  const rated: PlanEffect['drafts']['rated'] = [];
  for (const draft of await draftsOnPlan(stores.postgres, scope, part, RATED_DRAFTS_MAX))
    rated.push(await rateTwice(stores, scope, draft, { plan, definition }));
  return { customers, drafts: { count: drafts, rated }, finalInvoices: finals };
}

async function rateTwice(
  stores: BillingStores,
  scope: EveryCustomer,
  { id, customer, customerName, month, currency }: FollowingDraft,
  change: { plan: string; definition: PlanDefinition },
): Promise<PlanEffect['drafts']['rated'][number]> {
  const draft = { id, customer, customerName, month };
  try {
    const { rating } = await rateDraft(stores, scope, { customer, month });
    const { input, rated, asOf } = rating;
    const terms = changed(rating.terms, change);
    const { period, usage, adjustments = [] } = input;
    const after = rateUsageOf({ terms, period, segments: segmentsOf(terms, period), usage, asOf, adjustments }).rated;
    return {
      ...draft,
      currency: input.currency,
      before: formatMinor(rated.total, input.currency),
      after: formatMinor(after.total, input.currency),
      failure: null,
    };
  } catch (error) {
    // What a customer's own data makes impossible says so in its place, as in a billing run.
    if (error instanceof ProblemError) return { ...draft, currency, before: null, after: null, failure: error.message };
    throw error;
  }
}

function changed(terms: BillingTerms, { plan, definition }: { plan: string; definition: PlanDefinition }): BillingTerms {
  return {
    ...terms,
    plans: terms.plans.map(({ plan: known, from }) => ({
      plan: known.id === plan ? { id: plan, version: known.version + 1, ...definition } : known,
      from,
    })),
  };
}
