/**
 * Every Postgres table, once. `npm run migrations:generate` turns changes here into SQL under migrations/.
 */
import { sql } from 'drizzle-orm';
import { bigserial, boolean, index, integer, jsonb, numeric, pgTable, primaryKey, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { ImportErrorGroup, Mapping, StoredDialect } from '../http/imports.ts';
import { content, count, instant, key, position } from './columns.ts';

// ---- Imports -----------------------------------------------------------------------------------------------------

export const imports = pgTable(
  'imports',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    name: text('name').notNull(),
    /** received → publishing → settling → complete; failed from any of them; undoing → undone from all but received. */
    status: text('status').notNull(),
    identity: text('identity'),
    /** `Idempotency-Key`, scoped to the caller. */
    keyScope: text('key_scope'),
    idempotencyKey: text('idempotency_key'),
    /** SHA-256 of the file (inside of the .gz, where there is one) in its own encoding; null until the upload is whole. */
    sha256: text('sha256'),
    /** Bytes as uploaded, and of the text in UTF-8. Equal unless compressed or in another encoding. */
    bytes: count('bytes').notNull().default(0),
    contentBytes: count('content_bytes').notNull().default(0),
    compressed: boolean('compressed').notNull().default(false),
    mapping: jsonb('mapping').$type<Mapping>(),
    dialect: jsonb('dialect').$type<StoredDialect>(),
    header: jsonb('header').$type<string[]>(),
    rowsRead: count('rows_read').notNull().default(0),
    rowsRejected: count('rows_rejected').notNull().default(0),
    rowsNew: count('rows_new'),
    rowsKnown: count('rows_known'),
    rowsConflict: count('rows_conflict'),
    /** Events of the file. Grows while publishing, final from settling on. */
    eventsPublished: count('events_published').notNull().default(0),
    /** Rows whose events the log has acknowledged: where a successor of the publisher goes on. */
    rowsPublished: count('rows_published').notNull().default(0),
    bytesRead: count('bytes_read').notNull().default(0),
    suspectedDoubles: count('suspected_doubles'),
    /** Of whom it has brought usage: how many, and those with most events. Null until they are counted, after it is complete. */
    customers: jsonb('customers').$type<{ count: number; first: string[] }>(),
    errors: jsonb('errors').$type<ImportErrorGroup[]>().notNull().default([]),
    failure: jsonb('failure').$type<{ code: string; message: string }>(),
    createdAt: instant('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
    publishingAt: instant('publishing_at'),
    completedAt: instant('completed_at'),
    /** The replica that may publish it, and until when unless renewed. */
    leaseOwner: text('lease_owner'),
    leaseUntil: instant('lease_until'),
    /** `file`; `stream`, CSV or NDJSON by its dialect; `events`, one of those that a process collects its small calls in; `dry_run`, which is no import. */
    form: text('form').notNull().default('file'),
    /** Of what is no file: the last one that was let append to it. Whoever has an earlier number is fenced. */
    session: integer('session').notNull().default(0),
    /** Of what is no file: physical lines that are in the file store, and of these the ones that are published. */
    linesReceived: count('lines_received').notNull().default(0),
    linesRead: count('lines_read').notNull().default(0),
    /** Bytes of rejected.csv as far as published. */
    rejectedBytes: count('rejected_bytes').notNull().default(0),
    /** When its last lines came: the present that they are read in, by a successor too. */
    receivedAt: instant('received_at'),
    /** Offset after its last event, by partition of the present log; null where nothing of it was published there yet. */
    publishedTo: count('published_to').array(),
    undoneBy: text('undone_by'),
    undoneAt: instant('undone_at'),
    /** Incarnation of the log whose every partition has the control message. */
    undoSentTo: text('undo_sent_to'),
  },
  (table) => [
    uniqueIndex('imports_idempotency_key').on(table.keyScope, table.idempotencyKey),
    index('imports_unfinished')
      .on(table.status)
      .where(sql`status IN ('received', 'publishing', 'settling', 'undoing')`),
  ],
);

/** What became of an import's events, per partition; each row is written by the one consumer that holds the partition. */
export const importPartitions = pgTable(
  'import_partitions',
  {
    importId: count('import_id').notNull(),
    partition: smallint('partition').notNull(),
    /** Where the import's events begin here. */
    epoch: integer('epoch'),
    firstOffset: count('first_offset'),
    /** Offset after the import's last event here; null until publishing has ended. */
    endOffset: count('end_offset'),
    accepted: count('accepted').notNull().default(0),
    duplicate: count('duplicate').notNull().default(0),
    conflict: count('conflict').notNull().default(0),
    dead: count('dead').notNull().default(0),
    /** Deliveries of something already counted above. In no sum. */
    redelivered: count('redelivered').notNull().default(0),
    /** Events that came after the import's undo. In no sum either. */
    voided: count('voided').notNull().default(0),
    /** Offset after the control message that records has handled here. */
    undoEpoch: integer('undo_epoch'),
    undoOffset: count('undo_offset'),
  },
  (table) => [primaryKey({ columns: [table.importId, table.partition] })],
);

/** Which earlier import already had this import's duplicates. */
export const importKnownFrom = pgTable(
  'import_known_from',
  { importId: count('import_id').notNull(), fromImportId: count('from_import_id').notNull(), events: count('events').notNull() },
  (table) => [primaryKey({ columns: [table.importId, table.fromImportId] })],
);

export const profiles = pgTable('profiles', {
  name: text('name').primaryKey(),
  mapping: jsonb('mapping').$type<Mapping>().notNull(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

// ---- Usage -------------------------------------------------------------------------------------------------------

/** The raw rows: every accepted event, once. */
export const usageRecords = pgTable('usage_records', { ...content, ...position }, (table) => [
  uniqueIndex('usage_records_identity').on(table.customer, table.id),
  index('usage_records_time').on(table.time, table.epoch, table.partition, table.offset, table.idx),
  index('usage_records_customer_time').on(table.customer, table.time, table.epoch, table.partition, table.offset, table.idx),
  // Rows of an import lie together, in the order they came: a summary per 128 KB finds them at next to no cost.
  index('usage_records_import').using('brin', table.importId).with({ pages_per_range: 16, autosummarize: true }),
  index('usage_records_position').using('brin', table.offset, table.epoch).with({ pages_per_range: 16, autosummarize: true }),
]);

/** Other lines that reported an accepted event with equal content. */
export const witnesses = pgTable(
  'witnesses',
  {
    customer: key('customer').notNull(),
    id: key('id').notNull(),
    importId: count('import_id').notNull(),
    line: count('line').notNull(),
    meter: key('meter').notNull(),
    ...position,
  },
  (table) => [
    primaryKey({ columns: [table.customer, table.id, table.importId, table.line, table.meter] }),
    index('witnesses_import').using('brin', table.importId).with({ pages_per_range: 16, autosummarize: true }),
  ],
);

/** Messages that are no event of ours. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    deadLetterId: bigserial('dead_letter_id', { mode: 'number' }).primaryKey(),
    ...position,
    code: text('code').notNull(),
    message: text('message').notNull(),
    payload: text('payload').notNull(),
    /** The import, line and meter that it names in spite of all, as far as it does. */
    importId: count('import_id'),
    line: count('line'),
    meter: key('meter'),
    /** Is one of its import's `dead`: of all deliveries of an event one at the most. */
    isCounted: boolean('is_counted').notNull().default(false),
    createdAt: instant('created_at').notNull().defaultNow(),
    /** It is on the topic of dead letters; null also where there is none. */
    publishedAt: instant('published_at'),
    /** When and where it went into the log again. */
    replayedAt: instant('replayed_at'),
    replayedEpoch: integer('replayed_epoch'),
    replayedPartition: smallint('replayed_partition'),
    replayedOffset: count('replayed_offset'),
  },
  (table) => [
    uniqueIndex('dead_letters_position').on(table.epoch, table.partition, table.offset, table.idx),
    uniqueIndex('dead_letters_counted')
      .on(table.importId, table.line, table.meter)
      .where(sql`is_counted`),
    index('dead_letters_unpublished')
      .on(table.deadLetterId)
      .where(sql`published_at IS NULL`),
  ],
);

// ---- Billing -------------------------------------------------------------------------------------------------------

export const customers = pgTable(
  'customers',
  {
    id: key('id').primaryKey(),
    name: text('name'),
    currency: text('currency'),
    timeZone: text('time_zone'),
    /** Percent, decimal. */
    taxRate: numeric('tax_rate'),
    invoiceDetails: jsonb('invoice_details').$type<Record<string, string>>(),
    firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
    /** Null: seen in usage, not set up yet. */
    updatedAt: instant('updated_at'),
  },
  (table) => [
    index('customers_unassigned')
      .on(table.id)
      .where(sql`updated_at IS NULL`),
  ],
);

export const meters = pgTable('meters', {
  key: key('key').primaryKey(),
  name: text('name'),
  unit: text('unit'),
  aggregation: text('aggregation').notNull().default('sum'),
  property: text('property'),
  firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
  updatedAt: instant('updated_at'),
});
