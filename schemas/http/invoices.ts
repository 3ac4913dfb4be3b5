/** `/v1/invoices`: quantity × price, hour by hour. */
import { Type } from 'typebox';
import { DecimalString, Instant, nullable, strictObject } from './common.ts';

export const PreviewInput = strictObject({
  customer: Type.String({ minLength: 1, maxLength: 256 }),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  period: Type.Optional(Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$', examples: ['2026-10'] })),
});
export type PreviewInput = Type.Static<typeof PreviewInput>;

export const PreviewCsvQuery = strictObject({
  ...PreviewInput.properties,
  shape: Type.Optional(Type.Union([Type.Literal('invoices'), Type.Literal('lines'), Type.Literal('hours')])),
});

export const InvoiceTier = Type.Object({
  from: DecimalString,
  to: nullable(DecimalString),
  quantity: DecimalString,
  unitPrice: DecimalString,
  flatFee: Type.Optional(DecimalString),
  amount: DecimalString,
});
export type InvoiceTier = Type.Static<typeof InvoiceTier>;

export const InvoiceHour = Type.Object({
  start: Instant,
  end: Instant,
  quantity: DecimalString,
  events: Type.Integer(),
  /** How much this hour changed the line: the difference of the rounded running totals beside it. */
  amount: DecimalString,
  runningAmount: DecimalString,
});
export type InvoiceHour = Type.Static<typeof InvoiceHour>;

export const InvoiceLine = Type.Object({
  n: Type.Integer(),
  meter: Type.String(),
  description: Type.String(),
  quantity: DecimalString,
  unit: Type.String(),
  /** `unpriced`: used, but the plan has no price for it; the amount is 0 and says so. */
  pricing: Type.Union([Type.Literal('per_unit'), Type.Literal('graduated'), Type.Literal('unpriced')]),
  tiers: Type.Array(InvoiceTier),
  /** Before rounding. */
  exactAmount: DecimalString,
  amount: DecimalString,
  hours: Type.Array(InvoiceHour),
});
export type InvoiceLine = Type.Static<typeof InvoiceLine>;

export const Invoice = Type.Object({
  id: nullable(Type.String()),
  number: nullable(Type.String()),
  status: Type.Union([Type.Literal('preview'), Type.Literal('draft'), Type.Literal('final'), Type.Literal('void')]),
  customer: Type.String(),
  customerName: Type.String(),
  plan: nullable(Type.String()),
  currency: Type.String(),
  period: Type.Object({ from: Instant, to: Instant, timeZone: Type.String() }),
  asOf: Instant,
  lines: Type.Array(InvoiceLine),
  subtotal: DecimalString,
  tax: Type.Array(Type.Object({ name: Type.String(), rate: DecimalString, base: DecimalString, amount: DecimalString })),
  total: DecimalString,
});
export type Invoice = Type.Static<typeof Invoice>;
