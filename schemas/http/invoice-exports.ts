/** Queries of the exports of `/v1/invoices`. */
import { Type } from 'typebox';
import { strictObject } from './common.ts';
import { InvoiceListQuery } from './invoice-life.ts';
import { PreviewInput } from './invoices.ts';

const shape = Type.Optional(Type.Union([Type.Literal('invoices'), Type.Literal('lines'), Type.Literal('hours')]));
const hours = Type.Optional(Type.Boolean({ default: false, description: 'Every hour in an appendix.' }));
const { customer, status, period } = InvoiceListQuery.properties;

export const PreviewCsvQuery = strictObject({ ...PreviewInput.properties, shape });
export const PreviewPdfQuery = strictObject({ ...PreviewInput.properties, hours });
export const InvoiceCsvQuery = strictObject({ shape });
export const InvoicePdfQuery = strictObject({ hours });
export const InvoiceExportQuery = strictObject({ customer, status, period, shape });
