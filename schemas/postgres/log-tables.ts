/** Where consumers are in the log, what of it they leave out, and what of it is in ClickHouse. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, pgTable, primaryKey, serial, smallint, text } from 'drizzle-orm/pg-core';
import { count, instant } from './columns.ts';

/** Positions that rollups must leave out: all that was not accepted. Append-only, one row per batch that has any. */
export const logMarks = pgTable(
  'log_marks',
  {
    epoch: integer('epoch').notNull(),
    partition: smallint('partition').notNull(),
    firstOffset: count('first_offset').notNull(),
    nextOffset: count('next_offset').notNull(),
    offsets: bigint('offsets', { mode: 'number' }).array().notNull(),
    indexes: integer('indexes').array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.epoch, table.partition, table.firstOffset] })],
);

/** One row per incarnation of the log that was ever consumed. */
export const logEpochs = pgTable('log_epochs', {
  epoch: serial('epoch').primaryKey(),
  incarnation: text('incarnation').notNull().unique(),
  startedAt: instant('started_at').notNull().defaultNow(),
});

/** How far each consumer (`records`, `rollups`) is, per partition. The row lock is the fence against a second owner. */
export const consumerOffsets = pgTable(
  'consumer_offsets',
  {
    consumer: text('consumer').notNull(),
    epoch: integer('epoch').notNull(),
    partition: smallint('partition').notNull(),
    nextOffset: count('next_offset').notNull().default(0),
    /** The last events consumed, and their hash: by them the log is known again, see platform/event-log/tail.ts. */
    tailOffset: count('tail_offset'),
    tailHash: text('tail_hash'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.consumer, table.epoch, table.partition] }),
    // Both are written together. An offset that somebody has set back would have events decided a second time.
    check('consumer_offsets_behind_tail', sql`tail_offset IS NULL OR next_offset > tail_offset`),
  ],
);

/**
 * What is done to ClickHouse: written PENDING before, DONE after. One row = one insert = one month of a contiguous range; a control
 * message is a range of its own, which may also delete.
 */
export const rollupRanges = pgTable(
  'rollup_ranges',
  {
    epoch: integer('epoch').notNull(),
    partition: smallint('partition').notNull(),
    firstOffset: count('first_offset').notNull(),
    nextOffset: count('next_offset').notNull(),
    /** YYYYMM, the ClickHouse partition. */
    month: integer('month').notNull(),
    /** First index of a control message's rows; 0 for a range of events. */
    firstIndex: integer('first_index').notNull().default(0),
    rows: integer('rows').notNull(),
    /** Rows deleted. */
    voided: integer('voided').notNull().default(0),
    /** Suffix of the insert's token; raised only after a read-back has found nothing. */
    attempt: smallint('attempt').notNull().default(0),
    state: text('state').notNull().default('PENDING'),
    /** A rebuild has put another table in place meanwhile: whether the rows are in that one has to be looked up. */
    exchanged: boolean('exchanged').notNull().default(false),
    createdAt: instant('created_at').notNull().defaultNow(),
    doneAt: instant('done_at'),
  },
  (table) => [
    primaryKey({ columns: [table.epoch, table.partition, table.firstOffset, table.month, table.firstIndex] }),
    index('rollup_ranges_pending')
      .on(table.epoch, table.partition)
      .where(sql`state = 'PENDING'`),
  ],
);
