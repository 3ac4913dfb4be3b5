/** `/v1/imports/{id}/customers`: whose usage a file has brought, and which invoices bill it. */
import { Type } from 'typebox';
import { DecimalString, Instant, List, nullable, Page, strictObject } from './common.ts';
import { AGGREGATIONS } from './customers.ts';

export const ImportCustomersQuery = strictObject({
  ...Page,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
});

const ImportCustomer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  events: Type.Integer(),
  /** Of the first and of the last of its events. */
  from: Instant,
  to: Instant,
  quantities: Type.Array(
    Type.Object({
      meter: Type.String(),
      aggregation: Type.Enum(AGGREGATIONS),
      /** Null where only all events of the customer tell it: of `unique` and `latest`. */
      quantity: nullable(DecimalString),
      events: Type.Integer(),
    }),
  ),
  /** Drafts and final invoices whose period has events of this import. */
  invoices: Type.Array(
    Type.Object({
      id: Type.String(),
      number: nullable(Type.String()),
      status: Type.Union([Type.Literal('draft'), Type.Literal('final')]),
      month: Type.String(),
      /** Of this import, in the period. */
      events: Type.Integer(),
      /** Of these, those that it bills; the others came after it was final, and fall due on a later invoice. */
      billed: Type.Integer(),
    }),
  ),
});
export type ImportCustomer = Type.Static<typeof ImportCustomer>;
export const ImportCustomers = List(ImportCustomer);
