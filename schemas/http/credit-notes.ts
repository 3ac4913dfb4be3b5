/** `/v1/credit-notes`: a credit note as a document of its own. */
import { Type } from 'typebox';
import { DecimalString, Instant, List, nullable, strictObject } from './common.ts';
import { CreditNote, InvoiceAdjustment, InvoiceLine, Parties } from './invoices.ts';

const Hour = InvoiceAdjustment.properties.hours.items;
const Period = InvoiceAdjustment.properties.period;

export const CreditNoteEntry = Type.Object({
  n: Type.Integer({ description: 'Its place on the credit note.' }),
  line: nullable(Type.Integer({ description: 'The line of the invoice that it takes back.' })),
  kind: InvoiceAdjustment.properties.kind,
  key: Type.String(),
  meter: nullable(Type.String()),
  description: Type.String(),
  unit: InvoiceLine.properties.unit,
  /** Of the invoice, or the earlier one that the invoice adjusted for. */
  period: Period,
  quantity: DecimalString,
  amount: DecimalString,
  /** Where usage is taken back whole. */
  hours: Type.Array(Hour),
});
export type CreditNoteEntry = Type.Static<typeof CreditNoteEntry>;

/** All amounts are below 0, or what makes up for something that is. They add up: entries to the total, net, other and tax too. */
export const CreditNoteDocument = Type.Object({
  ...CreditNote.properties,
  /** That of its invoice: with a void invoice its credit notes are void. */
  status: Type.Union([Type.Literal('final'), Type.Literal('void')]),
  voided: nullable(
    Type.Object(
      { at: Instant, by: nullable(Type.String()), reason: nullable(Type.String()) },
      { description: 'By whom and why is for staff alone.' },
    ),
  ),
  invoiceNumber: Type.String(),
  invoiceDate: Instant,
  customer: Type.String(),
  customerName: Type.String(),
  currency: Type.String(),
  /** Of the invoice. */
  period: Period,
  parties: Type.Optional(Parties),
  entries: Type.Array(CreditNoteEntry),
});
export type CreditNoteDocument = Type.Static<typeof CreditNoteDocument>;

const shape = Type.Optional(Type.Union([Type.Literal('credit-notes'), Type.Literal('lines'), Type.Literal('hours')]));
export const CreditNoteQuery = strictObject({ hours: Type.Optional(Type.Boolean({ default: true })) });
export const CreditNoteCsvQuery = strictObject({ shape });
export const CreditNotePdfQuery = strictObject({
  hours: Type.Optional(Type.Boolean({ default: false, description: 'Every hour that it takes back in an appendix.' })),
});

/** A credit note in a list: whose, of which invoice, and how much. */
export const CreditNoteSummary = Type.Object({
  ...Type.Pick(CreditNoteDocument, ['id', 'number', 'status', 'invoice', 'invoiceNumber', 'customer', 'customerName', 'currency'])
    .properties,
  ...Type.Pick(CreditNoteDocument, ['reason', 'total', 'createdAt']).properties,
  /** Of its invoice. */
  month: Type.String({ examples: ['2026-10'] }),
});
export type CreditNoteSummary = Type.Static<typeof CreditNoteSummary>;
export const CreditNoteList = List(CreditNoteSummary);
