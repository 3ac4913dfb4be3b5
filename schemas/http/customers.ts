/** `/v1/customers` and `/v1/meters`: naming what usage has shown. */
import { Type } from 'typebox';
import { DecimalString, Instant, List, nullable, strictObject } from './common.ts';

export const CustomerInput = strictObject({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
  timeZone: Type.Optional(Type.String({ maxLength: 64, examples: ['Europe/Berlin'] })),
  plan: Type.Optional(nullable(Type.String({ maxLength: 200 }))),
  taxRate: Type.Optional(Type.String({ pattern: '^\\d{1,3}(\\.\\d{1,6})?$', description: 'Percent.' })),
  invoiceDetails: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type CustomerInput = Type.Static<typeof CustomerInput>;

/** From the start of the local day `from` on; null: from the beginning. */
export const PlanAssignment = strictObject({
  plan: Type.String({ maxLength: 200 }),
  from: nullable(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', examples: ['2026-10-15'] })),
});
export type PlanAssignment = Type.Static<typeof PlanAssignment>;

export const Customer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  currency: Type.String(),
  timeZone: Type.String(),
  plan: nullable(Type.String()),
  taxRate: DecimalString,
  invoiceDetails: Type.Record(Type.String(), Type.String()),
  /** `unassigned`: seen in usage, not set up yet. */
  status: Type.Union([Type.Literal('assigned'), Type.Literal('unassigned')]),
  firstSeenAt: Instant,
});
export type Customer = Type.Static<typeof Customer>;
export const CustomerList = List(Customer);

export const AGGREGATIONS = ['sum', 'count', 'max', 'unique', 'latest'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

export const MeterInput = strictObject({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  unit: Type.Optional(Type.String({ maxLength: 50 })),
  /** Others of billing.md follow; what cannot be rated yet is refused, not billed wrongly. */
  aggregation: Type.Optional(Type.Union([Type.Literal('sum'), Type.Literal('count')])),
});
export type MeterInput = Type.Static<typeof MeterInput>;

export const Meter = Type.Object({
  key: Type.String(),
  name: Type.String(),
  unit: Type.String(),
  aggregation: Type.Enum(AGGREGATIONS),
  firstSeenAt: Instant,
});
export type Meter = Type.Static<typeof Meter>;
export const MeterList = List(Meter);
