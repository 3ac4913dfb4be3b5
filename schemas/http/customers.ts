/** `/v1/customers` and `/v1/meters`: naming what usage has shown. */
import { Type } from 'typebox';
import { CUSTOMER_LENGTH_MAX } from '../usage-event.ts';
import { decimalPattern, DecimalString, Instant, List, nullable, Page, PATTERNS, strictObject } from './common.ts';

export const CustomerId = Type.String({ minLength: 1, maxLength: CUSTOMER_LENGTH_MAX });

/** From the start of the local day `from` on; null: from the beginning. */
export const PlanAssignment = strictObject({
  plan: Type.String({ maxLength: 200 }),
  from: nullable(Type.String({ pattern: PATTERNS.day, examples: ['2026-10-15'] })),
});
export type PlanAssignment = Type.Static<typeof PlanAssignment>;

export const CustomerInput = strictObject({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  currency: Type.Optional(Type.String({ pattern: PATTERNS.currency })),
  timeZone: Type.Optional(Type.String({ maxLength: 64, examples: ['Europe/Berlin'] })),
  plan: Type.Optional(
    nullable(Type.String({ maxLength: 200, description: 'The one plan, from the beginning; null: none. In place of `plans`.' })),
  ),
  plans: Type.Optional(Type.Array(PlanAssignment, { maxItems: 100, description: 'In the order of their days.' })),
  taxRate: Type.Optional(Type.String({ pattern: decimalPattern(3, 6), description: 'Percent.' })),
  invoiceDetails: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type CustomerInput = Type.Static<typeof CustomerInput>;

export const Customer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  currency: Type.String(),
  timeZone: Type.String(),
  /** The one that holds today. */
  plan: nullable(Type.String()),
  plans: Type.Array(PlanAssignment),
  taxRate: DecimalString,
  invoiceDetails: Type.Record(Type.String(), Type.String()),
  /** `unassigned`: seen in usage, not set up yet. */
  status: Type.Union([Type.Literal('assigned'), Type.Literal('unassigned')]),
  firstSeenAt: Instant,
});
export type Customer = Type.Static<typeof Customer>;

export const CustomersQuery = strictObject({
  ...Page,
  search: Type.Optional(Type.String({ maxLength: CUSTOMER_LENGTH_MAX, description: 'Part of the id or the name, in any case.' })),
  status: Type.Optional(Customer.properties.status),
  plan: Type.Optional(Type.String({ maxLength: 200, description: 'Who is, was or will be on it.' })),
  order: Type.Optional(
    Type.Union([Type.Literal('id'), Type.Literal('unassigned')], {
      description: '`unassigned`: those first, then the others, each by id.',
    }),
  ),
});
export const CustomerList = Type.Object({
  ...List(Customer).properties,
  counts: Type.Object(
    { all: Type.Integer(), unassigned: Type.Integer() },
    { description: 'On all pages, of those that `search` and `plan` leave.' },
  ),
});
export type CustomerList = Type.Static<typeof CustomerList>;

export const UnassignedCustomers = Type.Object({
  count: Type.Integer({ description: 'Seen in usage, not set up yet; a thousand at most.' }),
  isMore: Type.Boolean({ description: 'There are more than that.' }),
});
export type UnassignedCustomers = Type.Static<typeof UnassignedCustomers>;

export const AGGREGATIONS = ['sum', 'count', 'max', 'unique', 'latest'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

export const MeterInput = strictObject({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  unit: Type.Optional(Type.String({ maxLength: 50 })),
  aggregation: Type.Optional(Type.Enum(AGGREGATIONS)),
  property: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 256, description: 'What `unique` counts the values of.' }))),
});
export type MeterInput = Type.Static<typeof MeterInput>;

export const Meter = Type.Object({
  key: Type.String(),
  name: Type.String(),
  unit: Type.String(),
  aggregation: Type.Enum(AGGREGATIONS),
  property: nullable(Type.String()),
  firstSeenAt: Instant,
});
export type Meter = Type.Static<typeof Meter>;
export const MeterList = List(Meter);

export const MeterUse = Type.Object({
  plans: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
    description: 'That have a price for it; a hundred at most.',
  }),
  drafts: Type.Object(
    {
      count: Type.Integer(),
      newest: Type.Array(Type.Object({ id: Type.String(), customer: Type.String(), customerName: Type.String(), month: Type.String() })),
    },
    { description: 'That bill it. They follow a change of the meter.' },
  ),
  finalInvoices: Type.Integer({ description: 'That bill it. They keep the meter as it was.' }),
});
export type MeterUse = Type.Static<typeof MeterUse>;
