/** Invoices as CSV and PDF: previews, stored ones, and many at once. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import {
  InvoiceCsvQuery,
  InvoiceExportQuery,
  InvoicePdfQuery,
  PreviewCsvQuery,
  PreviewPdfQuery,
} from '../../schemas/http/invoice-exports.ts';
import { exportInvoices } from '../billing/export-invoices.ts';
import { readParties } from '../billing/invoice-parties.ts';
import { previewInvoice } from '../billing/preview.ts';
import { readInvoice } from '../billing/read-invoice.ts';
import { fileNameOf } from '../export/file-name.ts';
import { sendInvoicesCsv } from '../export/invoice-csv.ts';
import { writeInvoicePdf } from '../export/invoice-pdf.ts';
import { InvoiceParams } from './stored-invoices.ts';

const tags = ['invoices'];
const csv = { tags, produces: ['text/csv'], response: { 200: Type.String() } };
const pdf = { tags, produces: ['application/pdf'], response: { 200: Type.String() } };

export function registerInvoiceExports(server: HttpServer, platform: Platform): void {
  server.get('/v1/invoices/preview.csv', {
    schema: {
      ...csv,
      operationId: 'previewInvoiceCsv',
      summary: 'A preview as CSV: a row per invoice, per line (default) or per hour',
      querystring: PreviewCsvQuery,
    },
    handler: async ({ query: { shape = 'lines', ...input } }, reply) =>
      sendInvoicesCsv(reply, [await previewInvoice(platform, input)], { name: 'invoice', shape }),
  });

  server.get('/v1/invoices/preview.pdf', {
    schema: { ...pdf, operationId: 'previewInvoicePdf', summary: 'A preview as PDF, marked as one', querystring: PreviewPdfQuery },
    handler: async ({ query: { hours = false, ...input } }, reply) =>
      sendPdf(platform, reply, await previewInvoice(platform, input), hours),
  });

  server.get('/v1/invoices/export.csv', {
    schema: {
      ...csv,
      operationId: 'exportInvoices',
      summary: 'Stored invoices as one CSV, streamed, newest first',
      description: 'The amounts of the rows of an invoice come to its total in every shape. Drafts are rated as they are reached.',
      querystring: InvoiceExportQuery,
    },
    handler: async ({ query: { shape = 'lines', customer, status, period } }, reply) => {
      const filter = { customer, status, month: period };
      return sendInvoicesCsv(reply, exportInvoices(platform, filter, { hours: shape === 'hours' }), { name: 'invoices', shape });
    },
  });

  server.get('/v1/invoices/:id.csv', {
    schema: { ...csv, operationId: 'getInvoiceCsv', summary: 'An invoice as CSV', params: InvoiceParams, querystring: InvoiceCsvQuery },
    handler: async ({ params: { id }, query: { shape = 'lines' } }, reply) => {
      const invoice = await readInvoice(platform, id, { hours: shape === 'hours' });
      return sendInvoicesCsv(reply, [invoice], { name: fileName(invoice), shape });
    },
  });

  server.get('/v1/invoices/:id.pdf', {
    schema: {
      ...pdf,
      operationId: 'getInvoicePdf',
      summary: 'An invoice as PDF',
      description: 'A final invoice gives the same bytes each time.',
      params: InvoiceParams,
      querystring: InvoicePdfQuery,
    },
    handler: async ({ params: { id }, query: { hours = false } }, reply) =>
      sendPdf(platform, reply, await readInvoice(platform, id, { hours: true }), hours),
  });
}

/** The hours are read in any case: the charts are made of them. */
async function sendPdf(platform: Platform, reply: FastifyReply, invoice: Invoice, hours: boolean): Promise<FastifyReply> {
  const parties = await readParties(platform, invoice);
  return reply
    .header('content-type', 'application/pdf')
    .header('content-disposition', `inline; filename="${fileName(invoice)}.pdf"`)
    .send(writeInvoicePdf(invoice, { ...parties, hours }));
}

function fileName({ id, number }: Invoice): string {
  return fileNameOf(number ?? `invoice${id === null ? '' : `-${id}`}`);
}
