/**
 * What a customer is billed by: plans with the days from which they hold, tax, currency, zone, rounding and meters. As it is now, for
 * drafts and previews; or as a final invoice has kept it, for what is due of its period. Plain JSON, so that it can be kept as it is.
 */
import type { Rounding } from '../../core/money.ts';
import type { SnapshotPlan } from '../../core/rated-invoice.ts';
import type { PlanChange } from '../../core/segment.ts';
import type { Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Aggregation } from '../../schemas/http/customers.ts';
import { findCustomers, unseenCustomers } from '../queries/customers.ts';
import { findMeters } from '../queries/meters.ts';
import { findPlans } from '../queries/plans.ts';
import { readSettings } from '../queries/settings.ts';

/** A plan as it was at one time; (id, version) names it for ever. */
export type PlanVersion = SnapshotPlan & { version: number };

export interface BilledMeter {
  key: string;
  name: string;
  unit: string;
  aggregation: Aggregation;
  /** What `unique` counts the values of. */
  property: string | null;
}

export interface BillingTerms {
  customer: { id: string; name: string; invoiceDetails: Record<string, string> };
  currency: string;
  timeZone: string;
  /** Percent, a decimal string. */
  taxRate: string;
  rounding: Rounding;
  plans: PlanChange<PlanVersion>[];
  /** Definitions that hold whatever has become of them. A meter that is missing here is read as it is now. */
  meters: BilledMeter[];
}

/**
 * The terms of today by customer id. Those not set up yet have the defaults of the settings; customers nobody has heard of are missing,
 * or, with `unseen`, have them too.
 */
export async function readTerms(
  postgres: Queryable,
  scope: Scope,
  customerIds: readonly string[],
  now: Date,
  { unseen = false }: { unseen?: boolean } = {},
): Promise<Map<string, BillingTerms>> {
  // In turn: a transaction has one connection, and pg gives up queueing statements for it.
  const settings = await readSettings(postgres);
  const customers = await findCustomers(postgres, scope, customerIds, now);
  if (unseen) {
    const seen = new Set(customers.map(({ id }) => id));
    const missing = customerIds.filter((id) => !seen.has(id));
    customers.push(...(await unseenCustomers(postgres, missing, now)));
  }
  const planIds = customers.flatMap(({ plans }) => plans.map(({ plan }) => plan));
  const planById = new Map((await findPlans(postgres, [...new Set(planIds)])).map((plan) => [plan.id, plan]));
  return new Map(
    customers.map(({ id, name, invoiceDetails, currency, timeZone, taxRate, plans }) => {
      const changes = plans.map(({ plan: planId, from }) => {
        const plan = planById.get(planId);
        if (plan === undefined) throw new Error(`customer ${id} is on plan ${planId}, which does not exist`);
        return { plan, from };
      });
      const { rounding } = settings.billing;
      return [id, { customer: { id, name, invoiceDetails }, currency, timeZone, taxRate, rounding, plans: changes, meters: [] }];
    }),
  );
}

/** The definitions of these meters: the terms' own, else those of today. In the order of the keys given. */
export async function readMeters(postgres: Queryable, terms: BillingTerms, keys: readonly string[]): Promise<BilledMeter[]> {
  const kept = new Map(terms.meters.map((meter) => [meter.key, meter]));
  const missing = keys.filter((key) => !kept.has(key));
  for (const { key, name, unit, aggregation, property } of await findMeters(postgres, missing)) {
    kept.set(key, { key, name, unit, aggregation, property });
  }
  return keys.flatMap((key) => kept.get(key) ?? []);
}
