/** `/v1/billing-runs`: drafts for all customers of a month. */
import { Type } from 'typebox';
import { Instant, List, nullable, strictObject } from './common.ts';
import { Month } from './invoice-life.ts';

export const BillingRunInput = strictObject({
  period: Month,
  customers: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { minItems: 1, maxItems: 10_000, description: 'All without it.' }),
  ),
});
export type BillingRunInput = Type.Static<typeof BillingRunInput>;

export const BillingRun = Type.Object({
  id: Type.String(),
  period: Type.String(),
  customers: nullable(Type.Array(Type.String())),
  state: Type.Union(
    [Type.Literal('requested'), Type.Literal('running'), Type.Literal('waiting'), Type.Literal('done'), Type.Literal('failed')],
    {
      description:
        'waiting: a store is away, and the run goes on by itself when it is back. failed: it does not go on; drafts made so far stand, and another run of the month replaces them.',
    },
  ),
  failure: nullable(
    Type.Object({ code: Type.String(), message: Type.String() }, { description: 'Why the run is waiting or failed as a whole.' }),
  ),
  progress: Type.Object({
    /** Customers; null until they are counted. */
    total: nullable(Type.Integer()),
    done: Type.Integer(),
    drafts: Type.Integer(),
    /** Of the drafts, those that were not there before, and those that were and say something else now; the rest says the same. */
    created: Type.Integer(),
    changed: Type.Integer(),
    /** Customers with a final invoice for the month already. */
    untouched: Type.Integer(),
    /** Customers with nothing to bill. */
    empty: Type.Integer(),
    failed: Type.Integer(),
  }),
  /** Customers without a draft, and why: the first hundred. */
  failures: Type.Array(Type.Object({ customer: Type.String(), code: Type.String(), message: Type.String() })),
  requestedAt: Instant,
  requestedBy: Type.String(),
  startedAt: nullable(Instant),
  finishedAt: nullable(Instant),
});
export type BillingRun = Type.Static<typeof BillingRun>;
export const BillingRunList = List(BillingRun);

/** Why a customer needs a look before its month is run. Of the first two nothing is charged, or not all; of the third there is no draft. */
export const RunConcern = Type.Object({
  customer: Type.String(),
  name: Type.String(),
  /** Whether anybody has set the customer up. */
  isSetUp: Type.Boolean(),
  kind: Type.Enum(['no_plan', 'unpriced_meter', 'currency_mismatch'], {
    description:
      'no_plan: used something in a part of the month in which no plan holds. unpriced_meter: used meters that its plans have no price for. currency_mismatch: a plan is in another currency than the customer.',
  }),
  /** Meters without a price; the currency of the plan. */
  what: Type.Array(Type.String()),
});
export type RunConcern = Type.Static<typeof RunConcern>;

/** What a run would meet, without carrying it out: no amounts. */
export const BillingRunPreview = Type.Object({
  period: Type.String(),
  customers: Type.Object({
    total: Type.Integer(),
    /** With a final invoice for the month: the run leaves them alone. */
    untouched: Type.Integer(),
    /** Of the others, those with usage in the month, and those without. */
    withUsage: Type.Integer(),
    withoutUsage: Type.Integer(),
  }),
  /** Drafts of the month that stand now, and would be worked out again. */
  drafts: Type.Integer(),
  /** When the month is over in the zones of all customers; null when it is over already. */
  overAt: nullable(Instant),
  /** How many there are, and the first two hundred of them, by customer. */
  concerned: Type.Integer(),
  concerns: Type.Array(RunConcern),
});
export type BillingRunPreview = Type.Static<typeof BillingRunPreview>;
