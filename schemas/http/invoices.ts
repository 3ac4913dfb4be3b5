/** `/v1/invoices`: quantity × price, hour by hour. */
import { Type } from 'typebox';
import { DecimalString, Instant, nullable, PATTERNS, strictObject } from './common.ts';
import { Seller } from './settings.ts';

export const PreviewInput = strictObject({
  customer: Type.String({ minLength: 1, maxLength: 300 }),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  period: Type.Optional(Type.String({ pattern: PATTERNS.month, examples: ['2026-10'] })),
});
export type PreviewInput = Type.Static<typeof PreviewInput>;

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

/** Why something is due again, or no more. Events count below 0 where they went. */
export const AdjustmentCause = Type.Object({
  kind: Type.Enum(['late', 'undone', 'replaced', 'void', 'credit_note'], {
    description:
      'late: events that came after. undone: taken back with their import. replaced: a decision put another version in their place. void, credit_note: the document that had billed them, or took them back.',
  }),
  id: Type.String({ description: 'Of the import (late, undone), conflict (replaced), invoice or credit note.' }),
  name: nullable(Type.String({ description: 'Name of the file, or number of the document.' })),
  events: Type.Integer(),
  quantity: DecimalString,
});
export type AdjustmentCause = Type.Static<typeof AdjustmentCause>;

/** What became due for an earlier period since it was billed, as its own plan and tax make it. */
export const InvoiceAdjustment = Type.Object({
  n: Type.Integer(),
  invoice: Type.Object({ id: Type.String(), number: nullable(Type.String()) }, { description: 'The one that billed the period.' }),
  period: Period,
  key: Type.String({ description: 'The line, discount, minimum or tax of that period.' }),
  kind: Type.Enum(['usage', 'fee', 'discount', 'minimum', 'tax']),
  meter: nullable(Type.String()),
  quantity: DecimalString,
  amount: DecimalString,
  hours: Type.Array(Type.Object({ start: Instant, end: Instant, quantity: DecimalString, amount: DecimalString })),
  causes: Type.Array(AdjustmentCause, {
    description:
      'Largest first, a hundred at most. Each with its events in the hours above; their quantities come to the quantity where the meter is a sum. Empty where a fee, discount, minimum or tax follows from the lines of the same period.',
  }),
});
export type InvoiceAdjustment = Type.Static<typeof InvoiceAdjustment>;

/** Of an invoice that is or was final, as far as it concerns its payment. */
export const InvoiceSettlement = Type.Object({
  /** Credits that totals below zero have left, and this invoice uses up. */
  applied: Type.Array(Type.Object({ invoice: Type.String(), number: nullable(Type.String()), amount: DecimalString })),
  /** What remains to be paid: the total without them, never below 0. */
  payable: DecimalString,
  /** What a total below 0 leaves to the next invoices. */
  carried: DecimalString,
});
export type InvoiceSettlement = Type.Static<typeof InvoiceSettlement>;

export const CreditNote = Type.Object({
  id: Type.String(),
  number: Type.String(),
  invoice: Type.String(),
  reason: Type.String(),
  /** What is taken back of which line; below 0. Lines that are not there are untouched. */
  lines: Type.Array(Type.Object({ n: Type.Integer(), key: Type.String(), quantity: Type.Optional(DecimalString), amount: DecimalString })),
  /** Discounts, minimums and adjustments, where all of the invoice is taken back. */
  other: DecimalString,
  tax: DecimalString,
  total: DecimalString,
  createdAt: Instant,
});
export type CreditNote = Type.Static<typeof CreditNote>;
export const CreditNoteContent = Type.Pick(CreditNote, ['lines', 'other', 'tax', 'total']);
export type CreditNoteContent = Type.Static<typeof CreditNoteContent>;

/** Who bills and who is billed: frozen with a final invoice, as the settings are now for a draft. */
export const Parties = Type.Object({
  seller: Seller,
  customerDetails: Type.Record(Type.String(), Type.String(), { description: 'What the customer has in `invoiceDetails`.' }),
});
export type Parties = Type.Static<typeof Parties>;

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
  /** Of a stored invoice; a preview has none of these. */
  month: Type.Optional(Type.String({ examples: ['2026-10'] })),
  parties: Type.Optional(Parties),
  settlement: Type.Optional(InvoiceSettlement),
  creditNotes: Type.Optional(Type.Array(CreditNote)),
  /** SHA-256 of all that a final invoice says and was rated by. */
  contentHash: Type.Optional(nullable(Type.String())),
  finalizedAt: Type.Optional(nullable(Instant)),
  voided: Type.Optional(
    nullable(
      Type.Object(
        { at: Instant, by: nullable(Type.String()), reason: nullable(Type.String()) },
        { description: 'By whom and why is for staff alone.' },
      ),
    ),
  ),
});
export type Invoice = Type.Static<typeof Invoice>;
