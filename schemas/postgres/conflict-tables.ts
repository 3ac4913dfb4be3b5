/** Versions of an event that disagree with the accepted one, and what a person decided about them. */
import { sql } from 'drizzle-orm';
import { bigserial, boolean, index, integer, pgTable, primaryKey, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { content, count, instant, position } from './columns.ts';

/** Events whose identity is taken by other content. Kept whole, billed never, for a person to decide. */
export const conflicts = pgTable(
  'conflicts',
  {
    conflictId: bigserial('conflict_id', { mode: 'number' }).primaryKey(),
    ...content,
    ...position,
    /**
     * open → resolved: decided against. reopened: what it was decided against for is gone; it waits for a person, and no undo brings it
     * up by itself. Changed by the records consumer alone, at a place of the log.
     */
    status: text('status').notNull().default('open'),
    /** An undo has left its event without any accepted version. Stays when one is accepted later: it says where to look, not what is. */
    stranded: boolean('stranded').notNull().default(false),
    createdAt: instant('created_at').notNull().defaultNow(),
    /** What a person decided about this very conflict: `this`, until it is carried out, or `first`. */
    keep: text('keep'),
    /** Who decided, and when; also where it fell with another one's decision. */
    resolvedBy: text('resolved_by'),
    resolvedAt: instant('resolved_at'),
    /** Incarnation of the log that has the decision's control message. */
    sentTo: text('sent_to'),
  },
  (table) => [
    uniqueIndex('conflicts_delivery').on(table.customer, table.id, table.importId, table.line, table.meter),
    index('conflicts_import').on(table.importId),
    index('conflicts_stranded')
      .on(table.importId)
      .where(sql`stranded`),
    index('conflicts_undecided')
      .on(table.conflictId)
      .where(sql`status <> 'resolved' AND keep IS NULL`),
    index('conflicts_under_way')
      .on(table.resolvedAt)
      .where(sql`keep = 'this' OR (keep = 'first' AND status <> 'resolved')`),
  ],
);

/** Conflicts decided for: their version is the accepted one, so they are none any more. What is left is who decided, and when. */
export const keptVersions = pgTable(
  'kept_versions',
  {
    conflictId: count('conflict_id').primaryKey(),
    ...content,
    createdAt: instant('created_at').notNull(),
    resolvedBy: text('resolved_by').notNull(),
    resolvedAt: instant('resolved_at').notNull(),
  },
  (table) => [
    uniqueIndex('kept_versions_delivery').on(table.customer, table.id, table.importId, table.line, table.meter),
    index('kept_versions_import').on(table.importId),
  ],
);

/**
 * Versions that were accepted until a decision put another one in their place. Append-only: what becomes of their lines later (in
 * conflict, kept after all, undone) is told elsewhere; here stands until when these positions were billed.
 */
export const replacedVersions = pgTable(
  'replaced_versions',
  {
    ...content,
    ...position,
    /** The conflict that was decided for, by whom and when, and where its control message stands. */
    conflictId: count('conflict_id').notNull(),
    resolvedBy: text('resolved_by').notNull(),
    resolvedAt: instant('resolved_at').notNull(),
    controlEpoch: integer('control_epoch').notNull(),
    controlPartition: smallint('control_partition').notNull(),
    controlOffset: count('control_offset').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.epoch, table.partition, table.offset, table.idx] }),
    index('replaced_versions_customer_time').on(table.customer, table.time, table.epoch, table.partition, table.offset, table.idx),
  ],
);
