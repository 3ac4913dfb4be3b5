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
  /** Of a package price: the unit price is that of a package, and was charged for every one of `packages` started. */
  packageSize: Type.Optional(DecimalString),
  packages: Type.Optional(DecimalString),
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

/** So many seconds of so many, daylight saving included. */
const Share = Type.Object({ seconds: DecimalString, of: DecimalString });

export const InvoiceLine = Type.Object({
  n: Type.Integer(),
  key: Type.String({ description: 'Names the line within its period, however often it is rated; `n` is its place on this invoice.' }),
  /** A fee has no hours. */
  kind: Type.Union([Type.Literal('usage'), Type.Literal('fee')]),
  meter: Type.String({ description: 'Empty for a fixed fee that belongs to no meter.' }),
  description: Type.String(),
  quantity: DecimalString,
  unit: Type.String(),
  /** `covered`: a fixed fee pays for it. `unpriced`: used, but the plan has no price for it. The amount of both is 0, and says so. */
  pricing: Type.Enum(['per_unit', 'graduated', 'volume', 'package', 'flat', 'covered', 'unpriced']),
  /** The part of the period that was rated for this line. */
  from: Instant,
  to: Instant,
  /** Of a fee for a part of the period. */
  share: Type.Optional(Share),
  tiers: Type.Array(InvoiceTier),
  /** Before rounding; of a share, cut off after 36 fraction digits. */
  exactAmount: DecimalString,
  amount: DecimalString,
  hours: Type.Array(InvoiceHour),
});
export type InvoiceLine = Type.Static<typeof InvoiceLine>;

/** The discount as the plan has it, what it was taken from, and what it changed: negative where it took something away. */
export const InvoiceDiscount = Type.Object({
  key: Type.String(),
  meter: nullable(Type.String()),
  percent: nullable(DecimalString),
  offered: nullable(Type.String({ description: 'The amount of a discount that is no percentage.' })),
  from: Instant,
  to: Instant,
  base: DecimalString,
  amount: DecimalString,
});
export type InvoiceDiscount = Type.Static<typeof InvoiceDiscount>;

/** What tops a segment up to its (share of the) minimum. */
export const InvoiceMinimum = Type.Object({
  key: Type.String(),
  from: Instant,
  to: Instant,
  share: Type.Optional(Share),
  minimum: DecimalString,
  base: DecimalString,
  amount: DecimalString,
});
export type InvoiceMinimum = Type.Static<typeof InvoiceMinimum>;

const Period = Type.Object({ from: Instant, to: Instant, timeZone: Type.String() });

/** What became due for an earlier period since it was billed, as its own plan and tax make it. */
export const InvoiceAdjustment = Type.Object({
  n: Type.Integer(),
  period: Period,
  key: Type.String({ description: 'The line, discount, minimum or tax of that period.' }),
  kind: Type.Enum(['usage', 'fee', 'discount', 'minimum', 'tax']),
  meter: nullable(Type.String()),
  quantity: DecimalString,
  amount: DecimalString,
  hours: Type.Array(Type.Object({ start: Instant, end: Instant, quantity: DecimalString, amount: DecimalString })),
});
export type InvoiceAdjustment = Type.Static<typeof InvoiceAdjustment>;

export const Invoice = Type.Object({
  id: nullable(Type.String()),
  number: nullable(Type.String()),
  status: Type.Union([Type.Literal('preview'), Type.Literal('draft'), Type.Literal('final'), Type.Literal('void')]),
  customer: Type.String(),
  customerName: Type.String(),
  /** The last one, where the plan changes within the period. */
  plan: nullable(Type.String()),
  currency: Type.String(),
  period: Period,
  /** The parts of the period that were rated each on its own. */
  segments: Type.Array(Type.Object({ from: Instant, to: Instant, plan: nullable(Type.String()) })),
  asOf: Instant,
  lines: Type.Array(InvoiceLine),
  /** The sum of the lines. With discounts, minimums, tax and adjustments it makes the total. */
  subtotal: DecimalString,
  discounts: Type.Array(InvoiceDiscount),
  minimums: Type.Array(InvoiceMinimum),
  tax: Type.Array(Type.Object({ name: Type.String(), rate: DecimalString, base: DecimalString, amount: DecimalString })),
  adjustments: Type.Array(InvoiceAdjustment),
  total: DecimalString,
});
export type Invoice = Type.Static<typeof Invoice>;
