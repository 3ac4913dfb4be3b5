/** The shapes of the HTTP API, as types only: nothing of the schemas' library may reach the browser. */
export type { AuditEntry, Session } from '../../../schemas/http/access.ts';
export type { ApiKey, CreatedApiKey } from '../../../schemas/http/api-keys.ts';
export type { InvoiceLink } from '../../../schemas/http/invoice-links.ts';
export type { BrowserSession, InvitedUser, OpenIdProblem, PasswordLink, SignInWays, User, UserLink } from '../../../schemas/http/users.ts';
export type { BillingRun, BillingRunPreview, RunConcern } from '../../../schemas/http/billing-runs.ts';
export type { Problem } from '../../../schemas/http/common.ts';
export type { Conflict, Resolution } from '../../../schemas/http/conflicts.ts';
export type { CreditNoteDocument, CreditNoteEntry, CreditNoteSummary } from '../../../schemas/http/credit-notes.ts';
export type {
  Customer,
  CustomerInput,
  CustomerList,
  Meter,
  MeterInput,
  MeterUse,
  PlanAssignment,
  UnassignedCustomers,
} from '../../../schemas/http/customers.ts';
export type { DeadLetter } from '../../../schemas/http/dead-letters.ts';
export type { DryRun } from '../../../schemas/http/dry-runs.ts';
export type { Effect } from '../../../schemas/http/effect.ts';
export type { ImportCustomer } from '../../../schemas/http/import-customers.ts';
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
export type {
  CreditEntry,
  CreditNoteInput,
  DocumentTotal,
  InvoiceSummary,
  Recomputed,
  TracedRecord,
  TracedRecords,
} from '../../../schemas/http/invoice-life.ts';
export type {
  AdjustmentCause,
  CreditNote,
  CreditNoteContent,
  Invoice,
  InvoiceAdjustment,
  InvoiceHour,
  InvoiceLine,
  InvoiceTier,
  Parties,
} from '../../../schemas/http/invoices.ts';
export type { About, Health, Live, Pipeline, PipelineRates, PipelineStores, Rebuild } from '../../../schemas/http/operations.ts';
export type {
  Discount,
  KeptPlan,
  ListedPlan,
  Plan,
  PlanDefinition,
  PlanEffect,
  PlanPreview,
  PlanWarning,
  Price,
  Tier,
} from '../../../schemas/http/plans.ts';
export type {
  Reconciliation,
  ReconciliationCell,
  ReconciliationGrid,
  ReconciliationMissing,
  ReconciliationRun,
} from '../../../schemas/http/reconciliation.ts';
export type { Settings, SettingsInput } from '../../../schemas/http/settings.ts';
export type { Top, TopItem } from '../../../schemas/http/top.ts';
export type { MeterExtents, Source, Usage, UsageBucket, UsageRecord } from '../../../schemas/http/usage.ts';

export interface List<T> {
  items: T[];
  nextCursor: string | null;
}

/** First and last event time, or null while there is no usage. */
export type Extent = { from: string; to: string } | null;
