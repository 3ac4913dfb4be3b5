/** The embedded event log. */
import { integer, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { bytes, count } from './columns.ts';

export const logPartitions = pgTable('log_partitions', {
  partition: smallint('partition').primaryKey(),
  incarnation: text('incarnation').notNull(),
  startOffset: count('start_offset').notNull().default(0),
  nextOffset: count('next_offset').notNull().default(0),
});

/**
 * One row per append. The payload is the events, joined by newlines (JSON holds none), as UTF-8, compressed with zstd; what an older version
 * has appended is not compressed. `payload_bytes`: of the text.
 */
export const logBatches = pgTable(
  'log_batches',
  {
    partition: smallint('partition').notNull(),
    firstOffset: count('first_offset').notNull(),
    nextOffset: count('next_offset').notNull(),
    payload: bytes('payload').notNull(),
    payloadBytes: integer('payload_bytes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.partition, table.firstOffset] })],
);
