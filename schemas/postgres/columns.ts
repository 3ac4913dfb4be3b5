/**
 * The columns that several tables share.
 *
 * Keys are `COLLATE "C"`: byte order is what ClickHouse and the keyset cursors use too, and it doubles the insert rate.
 */
import { bigint, customType, integer, numeric, smallint, text, timestamp } from 'drizzle-orm/pg-core';

export const key = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });
export const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 6, mode: 'string' });
export const count = (name: string) => bigint(name, { mode: 'number' });

/** (epoch, partition, offset, index): where an event stands in the log, for ever. */
export const position = {
  epoch: integer('epoch').notNull(),
  partition: smallint('partition').notNull(),
  offset: count('offset').notNull(),
  idx: integer('idx').notNull(),
};

export const content = {
  customer: key('customer').notNull(),
  id: key('id').notNull(),
  meter: key('meter').notNull(),
  time: instant('time').notNull(),
  quantity: numeric('quantity').notNull(),
  properties: text('properties').notNull(),
  importId: count('import_id').notNull(),
  line: count('line').notNull(),
};
