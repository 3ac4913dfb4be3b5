/** `/v1/imports/{id}/effect`: what an import did, or what its undo would do, down to the money. */
import { Type } from 'typebox';
import { DecimalString, Instant, nullable, strictObject } from './common.ts';

export const EffectQuery = strictObject({ of: Type.Optional(Type.Literal('undo')) });

export const Effect = Type.Object({
  /** Rows of the file, and events, that are billed because of the import, or would no longer be. */
  rows: Type.Integer(),
  events: Type.Integer(),
  /** The first thousand; `isNew`: no other import has usage of them. */
  customers: Type.Array(Type.Object({ id: Type.String(), isNew: Type.Boolean(), events: Type.Integer() })),
  /** Hours of UTC that it reaches; null where there are none. */
  hours: nullable(Type.Object({ from: Instant, to: Instant, count: Type.Integer() })),
  quantities: Type.Array(Type.Object({ meter: Type.String(), quantity: DecimalString, events: Type.Integer() })),
  /** Totals of the touched months, tax included, without and with it (of an undo the other way round). The first fifty customers. */
  money: Type.Array(Type.Object({ customer: Type.String(), currency: Type.String(), before: DecimalString, after: DecimalString })),
  /** Stored invoices of those customers and months. The change of a final one becomes an adjustment on the next. */
  invoices: Type.Array(
    Type.Object({
      id: Type.String(),
      number: nullable(Type.String()),
      customer: Type.String(),
      month: Type.String(),
      status: Type.String(),
      change: DecimalString,
    }),
  ),
  /** False where there are more customers than were rated. */
  isComplete: Type.Boolean(),
});
export type Effect = Type.Static<typeof Effect>;
