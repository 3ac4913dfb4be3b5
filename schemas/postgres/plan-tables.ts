/**
 * Plans, who is on which from when, and the settings.
 */
import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import type { PlanDefinition } from '../http/plans.ts';
import type { Numbering, Seller } from '../http/settings.ts';
import { instant, key } from './columns.ts';

/** The plans that customers can be on, each at its newest version. */
export const plans = pgTable('plans', {
  id: text('id').primaryKey(),
  currency: text('currency').notNull(),
  version: integer('version').notNull(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

/** Every definition a plan has had. Never changed and never removed: invoices name them. */
export const planVersions = pgTable(
  'plan_versions',
  {
    planId: text('plan_id').notNull(),
    version: integer('version').notNull(),
    definition: jsonb('definition').$type<PlanDefinition>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.planId, table.version] })],
);

/** From which local day (`2026-10-15`) a customer is on which plan. Null: from the beginning, which only the first can be. */
export const customerPlans = pgTable(
  'customer_plans',
  {
    customerId: key('customer_id').notNull(),
    /** From 0, in the order of the days. */
    n: smallint('n').notNull(),
    planId: text('plan_id').notNull(),
    fromDate: text('from_date'),
  },
  (table) => [primaryKey({ columns: [table.customerId, table.n] }), index('customer_plans_plan').on(table.planId, table.customerId)],
);

/** One row, from the first change on. */
export const settings = pgTable(
  'settings',
  {
    id: smallint('id').primaryKey().default(1),
    seller: jsonb('seller').$type<Seller>().notNull(),
    numbering: jsonb('numbering').$type<Numbering>().notNull(),
    /** Of customers that have none of their own. */
    planId: text('plan_id'),
    currency: text('currency').notNull(),
    timeZone: text('time_zone').notNull(),
    rounding: text('rounding').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [check('settings_one_row', sql`${table.id} = 1`)],
);
