/** The shapes of the HTTP API, as types only: nothing of the schemas' library may reach the browser. */
export type { Problem } from '../../../schemas/http/common.ts';
export type { Conflict, Resolution } from '../../../schemas/http/conflicts.ts';
export type { Customer, CustomerInput } from '../../../schemas/http/customers.ts';
export type { DryRun } from '../../../schemas/http/dry-runs.ts';
export type { Effect } from '../../../schemas/http/effect.ts';
export type { DeadLetter } from '../../../schemas/http/dead-letters.ts';
export type {
  Dialect,
  Import,
  ImportErrorGroup,
  ImportStatus,
  Inspection,
  Mapping,
  Measure,
  Profile,
  Suggestion,
} from '../../../schemas/http/imports.ts';
export type { Invoice, InvoiceHour, InvoiceLine, InvoiceTier } from '../../../schemas/http/invoices.ts';
export type { Live, Pipeline, Rebuild, Session } from '../../../schemas/http/operations.ts';
export type { KeptPlan, Plan, PlanDefinition, Price, Tier } from '../../../schemas/http/plans.ts';
export type { Reconciliation, ReconciliationCell, ReconciliationRun } from '../../../schemas/http/reconciliation.ts';
export type { Top, TopItem } from '../../../schemas/http/top.ts';
export type { Source, Usage, UsageBucket, UsageRecord } from '../../../schemas/http/usage.ts';

export interface List<T> {
  items: T[];
  nextCursor: string | null;
}

/** First and last event time, or null while there is no usage. */
export type Extent = { from: string; to: string } | null;
