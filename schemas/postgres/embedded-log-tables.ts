/** The embedded event log. */
import { pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { count } from './columns.ts';

export const logPartitions = pgTable('log_partitions', {
  partition: smallint('partition').primaryKey(),
  incarnation: text('incarnation').notNull(),
  startOffset: count('start_offset').notNull().default(0),
  nextOffset: count('next_offset').notNull().default(0),
});

/** One row per append. The payload is the events, joined by newlines (JSON holds none). */
export const logBatches = pgTable(
  'log_batches',
  {
    partition: smallint('partition').notNull(),
    firstOffset: count('first_offset').notNull(),
    nextOffset: count('next_offset').notNull(),
    payload: text('payload').notNull(),
  },
  (table) => [primaryKey({ columns: [table.partition, table.firstOffset] })],
);
