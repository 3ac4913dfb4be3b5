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
