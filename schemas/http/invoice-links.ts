/** Signed links to one invoice. */
import { Type } from 'typebox';
import { Instant, List, nullable, Page, strictObject } from './common.ts';

/** A tax year and a day: who needs an invoice for longer keeps the PDF. */
export const LINK_DAYS_MAX = 366;
export const LINK_DAYS = 30;

export const InvoiceLinkInput = Type.Union([
  Type.Null(),
  strictObject({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: LINK_DAYS_MAX, default: LINK_DAYS })) }),
]);
export type InvoiceLinkInput = Type.Static<typeof InvoiceLinkInput>;

export const InvoiceLink = Type.Object({
  id: Type.String(),
  url: nullable(
    Type.String({ description: 'For admins, while it works. The token stands behind the #, which browsers send to no server.' }),
  ),
  createdAt: Instant,
  createdBy: Type.String(),
  expiresAt: Instant,
  revokedAt: nullable(Instant),
  revokedBy: nullable(Type.String()),
  opened: Type.Integer({ description: 'How often the invoice was read by it; what follows within a minute is the same time.' }),
  lastOpenedAt: nullable(Instant),
});
export type InvoiceLink = Type.Static<typeof InvoiceLink>;

export const InvoiceLinkList = List(InvoiceLink);
export const InvoiceLinksQuery = strictObject(Page);
