/** Invoices and what becomes of them. A final one is never changed but for its status: what it says lies in `snapshot` and its charges. */
import { sql } from 'drizzle-orm';
import { bigint, bigserial, index, integer, jsonb, numeric, pgTable, primaryKey, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { count, instant, key } from './columns.ts';

/** Where the customer's usage stood: all of earlier epochs, and of this one what lies below the offset. */
const asOfPosition = {
  asOfEpoch: integer('as_of_epoch'),
  asOfPartition: smallint('as_of_partition'),
  asOfOffset: count('as_of_offset'),
};

/** What a document charges for; amounts in minor units of the invoice's currency. */
const charge = {
  periodFrom: instant('period_from').notNull(),
  periodTo: instant('period_to').notNull(),
  timeZone: text('time_zone').notNull(),
  key: text('key').notNull(),
  kind: text('kind').notNull(),
  meter: key('meter'),
  quantity: numeric('quantity').notNull(),
  amount: numeric('amount').notNull(),
  /** `[start ms, end ms, quantity, events, amount in minor units]` by hour: core/packed-hours.ts. */
  hours: jsonb('hours').notNull().default([]),
};

export const invoices = pgTable(
  'invoices',
  {
    invoiceId: bigserial('invoice_id', { mode: 'number' }).primaryKey(),
    /** Given when it becomes final, never before, and kept when it is voided. */
    number: text('number').unique(),
    /** draft → final → void. Only drafts are replaced or deleted. */
    status: text('status').notNull().default('draft'),
    customer: key('customer').notNull(),
    currency: text('currency').notNull(),
    timeZone: text('time_zone').notNull(),
    /** The month it was asked for as, `2026-10`; from and to are that month in the customer's zone. */
    month: text('month').notNull(),
    periodFrom: instant('period_from').notNull(),
    periodTo: instant('period_to').notNull(),
    asOf: instant('as_of').notNull(),
    ...asOfPosition,
    /** The invoice as text, without hours. Of a draft as it was last rated; of a final one frozen. */
    snapshot: jsonb('snapshot').notNull(),
    /** What a final one was rated by: customer, plans, meters, tax, rounding, seller. And what its trace has to know of that moment. */
    terms: jsonb('terms'),
    /** SHA-256 over snapshot, terms and charges in canonical form. */
    contentHash: text('content_hash'),
    createdAt: instant('created_at').notNull().defaultNow(),
    finalizedAt: instant('finalized_at'),
    finalizedBy: text('finalized_by'),
    voidedAt: instant('voided_at'),
    voidedBy: text('voided_by'),
    voidReason: text('void_reason'),
  },
  (table) => [
    uniqueIndex('invoices_open')
      .on(table.customer, table.month)
      .where(sql`status <> 'void'`),
    index('invoices_customer_period').on(table.customer, table.periodFrom),
    index('invoices_month').on(table.month, table.invoiceId),
  ],
);

/** The entries of final invoices: for their own period, and as adjustments for earlier ones. */
export const invoiceCharges = pgTable(
  'invoice_charges',
  { invoiceId: count('invoice_id').notNull(), n: integer('n').notNull(), ...charge },
  (table) => [primaryKey({ columns: [table.invoiceId, table.n] })],
);

export const creditNotes = pgTable(
  'credit_notes',
  {
    creditNoteId: bigserial('credit_note_id', { mode: 'number' }).primaryKey(),
    number: text('number').notNull().unique(),
    invoiceId: count('invoice_id').notNull(),
    reason: text('reason').notNull(),
    /** As shown: `{ lines, tax, total }`. */
    content: jsonb('content').notNull(),
    createdAt: instant('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    /** `Idempotency-Key`, scoped to the caller, and SHA-256 of what it was sent with; null without one. */
    keyScope: text('key_scope'),
    idempotencyKey: text('idempotency_key'),
    requestHash: text('request_hash'),
  },
  (table) => [
    index('credit_notes_invoice').on(table.invoiceId),
    uniqueIndex('credit_notes_idempotency_key').on(table.keyScope, table.idempotencyKey),
  ],
);

/** The same entries, negative, as far as a credit note takes them back. */
export const creditNoteCharges = pgTable(
  'credit_note_charges',
  { creditNoteId: count('credit_note_id').notNull(), n: integer('n').notNull(), ...charge },
  (table) => [primaryKey({ columns: [table.creditNoteId, table.n] })],
);

/**
 * Periods of which nothing was due when the customer's last invoice became final, and the usage this was so for: as long as that is the
 * same, nothing is due now, and the period need not be rated again. No row: it has to be.
 */
export const settledPeriods = pgTable(
  'settled_periods',
  {
    customer: key('customer').notNull(),
    periodFrom: instant('period_from').notNull(),
    periodTo: instant('period_to').notNull(),
    /** Number of events and the sum of their hashes. */
    fingerprint: text('fingerprint').notNull(),
  },
  (table) => [primaryKey({ columns: [table.customer, table.periodFrom, table.periodTo] })],
);

/** The next number of each series. Its row stays locked until the document that took a number is committed: no gaps. */
export const invoiceNumbers = pgTable('invoice_numbers', {
  series: text('series').primaryKey(),
  next: bigint('next', { mode: 'number' }).notNull().default(1),
});

/** What totals below zero left over, and who used it up. Append-only; what is left of a credit is the sum of its rows. */
export const customerCredits = pgTable(
  'customer_credits',
  {
    entryId: bigserial('entry_id', { mode: 'number' }).primaryKey(),
    customer: key('customer').notNull(),
    currency: text('currency').notNull(),
    /** The invoice whose total was below zero. */
    invoiceId: count('invoice_id').notNull(),
    /** The invoice that used it; null where it came up, or was taken back. */
    usedBy: count('used_by'),
    /** Minor units: positive when it comes up or is given back, negative when it is used or taken back. */
    amount: numeric('amount').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [index('customer_credits_customer').on(table.customer, table.entryId)],
);

export const billingRuns = pgTable(
  'billing_runs',
  {
    runId: bigserial('run_id', { mode: 'number' }).primaryKey(),
    month: text('month').notNull(),
    /** Null: all customers. In byte order. */
    customers: text('customers').array(),
    /**
     * requested → running → done, or failed; waiting while a store is away. One found running whose process is gone goes on after `done_to`.
     */
    state: text('state').notNull().default('requested'),
    /** Customers to go through, as counted at the start, and how many it has been through. */
    total: count('total'),
    done: count('done').notNull().default(0),
    /** The last customer of the last range that is committed. */
    doneTo: key('done_to').notNull().default(''),
    drafts: count('drafts').notNull().default(0),
    /** Of them, those that were not there before, and those that say something else now. */
    created: count('created').notNull().default(0),
    changed: count('changed').notNull().default(0),
    /** Customers that have an invoice already, and those with nothing to bill. */
    untouched: count('untouched').notNull().default(0),
    empty: count('empty').notNull().default(0),
    failed: count('failed').notNull().default(0),
    /** The first of them: `[{ customer, code, message }]`. */
    failures: jsonb('failures').notNull().default([]),
    /** `{ code, message }`: why it is waiting or failed. */
    failure: jsonb('failure'),
    requestedAt: instant('requested_at').notNull().defaultNow(),
    requestedBy: text('requested_by').notNull(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    index('billing_runs_open')
      .on(table.runId)
      .where(sql`state NOT IN ('done', 'failed')`),
  ],
);
