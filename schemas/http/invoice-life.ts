/** Stored invoices: lists, the trace of an amount, and what is done to an invoice. */
import { Type } from 'typebox';
import { decimalPattern, DecimalString, Instant, List, nullable, Page, PATTERNS, strictObject } from './common.ts';
import { AdjustmentCause, CreditNote, Invoice } from './invoices.ts';

export const Month = Type.String({ pattern: PATTERNS.month, examples: ['2026-10'] });

export const InvoiceListQuery = strictObject({
  ...Page,
  customer: Type.Optional(Type.String({ maxLength: 300 })),
  status: Type.Optional(Type.Union([Type.Literal('draft'), Type.Literal('final'), Type.Literal('void')])),
  period: Type.Optional(Month),
});
export const InvoiceSummary = Type.Object({
  ...Type.Pick(Invoice, ['number', 'customer', 'customerName', 'plan', 'currency', 'period', 'asOf', 'subtotal', 'total']).properties,
  id: Type.String(),
  status: Type.Union([Type.Literal('draft'), Type.Literal('final'), Type.Literal('void')]),
  month: Type.String(),
  contentHash: nullable(Type.String()),
  finalizedAt: nullable(Instant),
});
export type InvoiceSummary = Type.Static<typeof InvoiceSummary>;
export const InvoiceList = List(InvoiceSummary);

const { customer, status, period } = InvoiceListQuery.properties;
/** Which documents are added up: those of a list with the same filter. */
export const InvoiceTotalsQuery = strictObject({ customer, status, period });
const DocumentTotal = Type.Object({
  kind: Type.Union([Type.Literal('invoice'), Type.Literal('credit_note')]),
  status: Type.Union([Type.Literal('draft'), Type.Literal('final'), Type.Literal('void')]),
  currency: Type.String(),
  documents: Type.Integer(),
  total: DecimalString,
});
export type DocumentTotal = Type.Static<typeof DocumentTotal>;
export const InvoiceTotals = Type.Object({ items: Type.Array(DocumentTotal, { description: 'By currency, kind and status.' }) });

export const InvoiceQuery = strictObject({
  hours: Type.Optional(Type.Boolean({ default: true, description: 'Without them the lines alone: a hundredth of the size.' })),
});

const Running = Type.Object({ quantity: DecimalString, amount: DecimalString });
/** A day or an hour of a line: its own is the difference between the running figures before and after it. */
export const TracedPart = Type.Object({
  start: Instant,
  end: Instant,
  quantity: DecimalString,
  events: Type.Integer(),
  amount: DecimalString,
  from: Running,
  to: Running,
});
export type TracedPart = Type.Static<typeof TracedPart>;
export const TracedDays = Type.Object({ items: Type.Array(Type.Object({ day: Type.String(), ...TracedPart.properties })), total: Running });
export const TracedHours = Type.Object({ items: Type.Array(TracedPart), total: Running });
export const TracedHoursQuery = strictObject({
  day: Type.Optional(Type.String({ pattern: PATTERNS.day, description: "A day of the customer's zone; all without it." })),
});

const Report = { importId: Type.String(), fileName: nullable(Type.String()), line: Type.Integer() };
/** What has become of a record since the moment that its invoice stands for. */
const LaterChange = Type.Object({
  kind: Type.Enum(['undone', 'replaced', 'passed_on'], {
    description:
      'undone: taken back with its import. replaced: another version was decided for. passed_on: its import was undone, another file reports the same event, and it is still billed.',
  }),
  /** The import that was undone, or the conflict that was decided. */
  importId: nullable(Type.String()),
  conflictId: nullable(Type.String()),
  by: nullable(Type.String()),
  at: nullable(Instant),
  /** Who reports the event now, of one that was passed on. */
  report: nullable(Type.Object(Report)),
});

/** As it stood when its invoice was rated; of a final one, whatever has become of it since. */
export const TracedRecord = Type.Object({
  key: Type.String(),
  id: Type.String(),
  time: Instant,
  quantity: DecimalString,
  contribution: DecimalString,
  properties: Type.Record(Type.String(), Type.Unknown()),
  ...Report,
  since: nullable(LaterChange),
});
export type TracedRecord = Type.Static<typeof TracedRecord>;
export const TracedRecords = Type.Object({
  ...List(TracedRecord).properties,
  /** What the contributions of the hour come to, on all pages. */
  hour: Running,
});
export type TracedRecords = Type.Static<typeof TracedRecords>;

/** The days of an adjustment: an hour names how much is due of it, which no number of events goes with. */
const AdjustedPart = Type.Omit(TracedPart, ['events']);
const Adjusted = {
  total: Running,
  withoutHours: Type.Object(Running.properties, {
    description:
      'The part of the total that is in no hour: what a credit note took back without naming hours falls due again without them.',
  }),
};
export const AdjustedDays = Type.Object({
  items: Type.Array(Type.Object({ day: Type.String(), ...AdjustedPart.properties })),
  ...Adjusted,
});
export const AdjustedHours = Type.Object({ items: Type.Array(AdjustedPart), ...Adjusted });

const LeftOut = Type.Object({ events: Type.Integer(), quantity: DecimalString });
/** What a line was made of, for who wants to check it by hand. That of a final invoice stays the same for ever, but for `since`. */
export const Explanation = Type.Object({
  inputs: Type.Object({
    meter: Type.String(),
    aggregation: nullable(Type.String()),
    property: nullable(Type.String({ description: 'Whose values are counted.' })),
    quantity: DecimalString,
    events: Type.Integer(),
    from: Instant,
    to: Instant,
    pricing: Type.String(),
    /** With its version: what it said then holds for this line for ever. */
    plan: nullable(Type.Object({ id: Type.String(), version: Type.Integer() })),
    asOf: Instant,
  }),
  /** Its exact results add up to `exactAmount`. */
  formula: Type.Array(Type.Object({ text: Type.String(), exact: DecimalString })),
  exactAmount: DecimalString,
  rounding: Type.Object({ mode: Type.String(), currency: Type.String(), digits: Type.Integer() }),
  amount: DecimalString,
  /**
   * Reports of the same meter and time that the line leaves out, as they stood at `asOf`, and why: taken back with their import, at odds
   * with the accepted version, or reported more than once.
   */
  leftOut: Type.Object({ voided: LeftOut, conflict: LeftOut, duplicate: LeftOut }),
  since: Type.Array(AdjustmentCause, {
    description: 'What has changed of the same meter and time since `asOf`. Of a final invoice, a later one adjusts for it.',
  }),
});
export type Explanation = Type.Static<typeof Explanation>;

const reason = Type.String({ pattern: PATTERNS.visible, maxLength: 2_000, description: 'In words; kept in the audit log.' });
export const FinalizeInput = Type.Union([
  strictObject({ force: Type.Optional(strictObject({ reason }, 'Although the period is not over; kept in the audit log.')) }),
  Type.Null(),
]);
export const VoidInput = strictObject({ reason });
const credited = {
  full: Type.Optional(Type.Literal(true)),
  lines: Type.Optional(
    Type.Array(
      strictObject(
        {
          n: Type.Integer({ minimum: 1 }),
          quantity: Type.Optional(Type.String({ pattern: decimalPattern(20, 18) })),
          amount: Type.String({ pattern: decimalPattern(20, 4) }),
        },
        'How much of a line is taken back, without tax.',
      ),
      { minItems: 1, maxItems: 1000 },
    ),
  ),
};
export const CreditNoteInput = strictObject({ reason, ...credited });
export const CreditNotePreviewInput = strictObject(credited);
export const CreditNoteHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: 'Of one credit note of this caller, for ever; a UUID for instance.' }),
  ),
});
export type CreditNoteInput = Type.Static<typeof CreditNoteInput>;
export { CreditNote };

const Difference = Type.Object({
  /** `charge`: what the rows and terms make of the entry now, less what the invoice says. */
  key: Type.String(),
  kind: Type.String(),
  meter: nullable(Type.String()),
  quantity: DecimalString,
  amount: DecimalString,
  hours: Type.Array(Type.Object({ start: Instant, end: Instant, quantity: DecimalString, amount: DecimalString })),
});
export const Recomputed = Type.Object({
  /** Whether the invoice still follows from its rows and terms, and is what its hash stands for. */
  follows: Type.Boolean(),
  hash: Type.Object({ stored: Type.String(), computed: Type.String(), agrees: Type.Boolean() }),
  asOf: Instant,
  total: Type.Object({ stored: DecimalString, computed: DecimalString }),
  differences: Type.Array(Difference),
});
export type Recomputed = Type.Static<typeof Recomputed>;

export const CreditEntry = Type.Object({
  id: Type.String(),
  currency: Type.String(),
  /** The invoice whose total was below zero, and the one that used it up; null where it came up or was taken back. */
  invoice: Type.String(),
  usedBy: nullable(Type.String()),
  amount: DecimalString,
  at: Instant,
});
export type CreditEntry = Type.Static<typeof CreditEntry>;
export const Credits = Type.Object({
  items: Type.Array(CreditEntry),
  balances: Type.Array(Type.Object({ currency: Type.String(), amount: DecimalString })),
});
