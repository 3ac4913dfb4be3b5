/** What was taken back: the rows themselves, and what ClickHouse has to leave out or take in because of it. */
import { bigint, bigserial, boolean, index, integer, pgTable, primaryKey, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { content, count, instant, key, position } from './columns.ts';

/** Where a control message stands in the log. */
const control = {
  epoch: integer('epoch').notNull(),
  partition: smallint('partition').notNull(),
  controlOffset: count('control_offset').notNull(),
};

/** Events of undone imports: accepted ones, conflicts, and those that came after the undo. Billed no more, kept whole. */
export const voidedEvents = pgTable(
  'voided_events',
  {
    voidId: bigserial('void_id', { mode: 'number' }).primaryKey(),
    ...content,
    ...position,
    undoneImportId: count('undone_import_id').notNull(),
    /**
     * The position it was accepted under, where it was: its own, unless an heir has taken that over, whose own this row then has. Null for
     * a conflict, and for what came after the undo.
     */
    acceptedEpoch: integer('accepted_epoch'),
    acceptedPartition: smallint('accepted_partition'),
    acceptedOffset: count('accepted_offset'),
    acceptedIdx: integer('accepted_idx'),
    /** An heir has taken its event over, which stands on. Null where it was never accepted. */
    passedOn: boolean('passed_on'),
    /** The control message that took it back; null for what came after the undo. */
    controlEpoch: integer('control_epoch'),
    controlPartition: smallint('control_partition'),
    controlOffset: count('control_offset'),
    voidedAt: instant('voided_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('voided_events_time').on(table.time, table.epoch, table.partition, table.offset, table.idx),
    // What stood at an earlier place of the log is read from here, in the order of `usage_records_customer_time`.
    index('voided_events_accepted').on(
      table.customer,
      table.time,
      table.acceptedEpoch,
      table.acceptedPartition,
      table.acceptedOffset,
      table.acceptedIdx,
    ),
    index('voided_events_import').using('brin', table.importId).with({ pages_per_range: 16, autosummarize: true }),
  ],
);

/** Positions that a control message takes out of ClickHouse. Append-only; one row is one statement there: one month, one log partition. */
export const voids = pgTable(
  'voids',
  {
    ...control,
    chunk: integer('chunk').notNull(),
    /** YYYYMM, the ClickHouse partition. */
    month: integer('month').notNull(),
    positionEpoch: integer('position_epoch').notNull(),
    positionPartition: smallint('position_partition').notNull(),
    offsets: bigint('offsets', { mode: 'number' }).array().notNull(),
    indexes: integer('indexes').array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.epoch, table.partition, table.controlOffset, table.chunk] })],
);

/** Rows that a control message puts into ClickHouse, at its own offset. Append-only: what becomes of them later is another message's. */
export const revivals = pgTable(
  'revivals',
  {
    ...control,
    idx: integer('idx').notNull(),
    month: integer('month').notNull(),
    customer: key('customer').notNull(),
    meter: key('meter').notNull(),
    time: instant('time').notNull(),
    quantity: text('quantity').notNull(),
  },
  (table) => [primaryKey({ columns: [table.epoch, table.partition, table.controlOffset, table.idx] })],
);
