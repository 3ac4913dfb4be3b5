/**
 * Tables of the jobs that watch over the stores: reconciliation and the rebuild of ClickHouse.
 */
import { sql } from 'drizzle-orm';
import { bigserial, index, integer, numeric, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { count, instant, key } from './columns.ts';

/** Up to which offset the incremental reconciliation has compared both stores. No row: never, a full run comes first. */
export const reconciliationProgress = pgTable(
  'reconciliation_progress',
  {
    epoch: integer('epoch').notNull(),
    partition: smallint('partition').notNull(),
    checkedOffset: count('checked_offset').notNull(),
    /** When the run that got here has ended, and the moment up to which usage was in what it compared. */
    checkedAt: instant('checked_at').notNull(),
    upTo: instant('up_to').notNull(),
  },
  (table) => [primaryKey({ columns: [table.epoch, table.partition] })],
);

/** Hours in which the stores differ, or in which that cannot be told yet. An hour that agrees has no row. */
export const reconciliationCells = pgTable(
  'reconciliation_cells',
  {
    customer: key('customer').notNull(),
    meter: key('meter').notNull(),
    hour: instant('hour').notNull(),
    /** `differs`, or `open` while an undo or a decision about a conflict is under way. */
    state: text('state').notNull(),
    postgresQuantity: numeric('postgres_quantity').notNull(),
    postgresEvents: count('postgres_events').notNull(),
    clickhouseQuantity: numeric('clickhouse_quantity').notNull(),
    clickhouseEvents: count('clickhouse_events').notNull(),
    checkedAt: instant('checked_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.customer, table.hour, table.meter] })],
);

/** Runs over everything, or over a customer or a time, that somebody asked for. */
export const reconciliationRuns = pgTable(
  'reconciliation_runs',
  {
    runId: bigserial('run_id', { mode: 'number' }).primaryKey(),
    customer: key('customer'),
    from: instant('from_time'),
    to: instant('to_time'),
    /** requested → running → done. One found running at start is run again. */
    state: text('state').notNull().default('requested'),
    requestedAt: instant('requested_at').notNull().defaultNow(),
    requestedBy: text('requested_by').notNull(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    index('reconciliation_runs_open')
      .on(table.runId)
      .where(sql`state <> 'done'`),
  ],
);

/** Rebuilds of ClickHouse from the rows here. */
export const clickhouseRebuilds = pgTable(
  'clickhouse_rebuilds',
  {
    rebuildId: bigserial('rebuild_id', { mode: 'number' }).primaryKey(),
    /** requested → copying → done, or failed. One found copying at start begins anew. */
    state: text('state').notNull().default('requested'),
    requestedAt: instant('requested_at').notNull().defaultNow(),
    requestedBy: text('requested_by').notNull(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    rowsCopied: count('rows_copied').notNull().default(0),
    failure: text('failure'),
  },
  (table) => [
    index('clickhouse_rebuilds_open')
      .on(table.rebuildId)
      .where(sql`state IN ('requested', 'copying')`),
  ],
);
