/** Invoices as CSV and PDF: previews, stored ones, and many at once. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { INVOICE_READERS, READERS, STAFF } from '../../platform/access/roles.ts';
import { type Scope, scopeOf, staffScopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
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

const tags = ['invoices'];
const csv = { tags, produces: ['text/csv'], response: { 200: Type.String() } };
const pdf = { tags, produces: ['application/pdf'], response: { 200: Type.String() } };

export function registerInvoiceExports(server: HttpServer, platform: Platform): void {
  server.get('/v1/invoices/preview.csv', {
    config: { access: READERS },
    schema: {
      ...csv,
      operationId: 'previewInvoiceCsv',
      summary: 'A preview as CSV: a row per invoice, per line (default) or per hour',
      querystring: PreviewCsvQuery,
    },
    handler: async (request, reply) => {
      const { shape = 'lines', ...input } = request.query;
      return sendInvoicesCsv(reply, [await previewInvoice(platform, scopeOf(callerOf(request)), input)], { name: 'invoice', shape });
    },
  });

  server.get('/v1/invoices/preview.pdf', {
    config: { access: READERS },
    schema: { ...pdf, operationId: 'previewInvoicePdf', summary: 'A preview as PDF, marked as one', querystring: PreviewPdfQuery },
    handler: async (request, reply) => {
      const scope = scopeOf(callerOf(request));
      const { hours = false, ...input } = request.query;
      return sendPdf(reply, { platform, scope }, await previewInvoice(platform, scope, input), hours);
    },
  });

  server.get('/v1/invoices/export.csv', {
    config: { access: STAFF },
    schema: {
      ...csv,
      operationId: 'exportInvoices',
      summary: 'Stored invoices as one CSV, streamed, newest first',
      description: 'The amounts of the rows of an invoice come to its total in every shape. Drafts are rated as they are reached.',
      querystring: InvoiceExportQuery,
    },
    handler: async (request, reply) => {
      const { shape = 'lines', customer, status, period } = request.query;
      const filter = { customer, status, month: period };
      const invoices = exportInvoices(platform, staffScopeOf(callerOf(request)), filter, { hours: shape === 'hours' });
      return sendInvoicesCsv(reply, invoices, { name: 'invoices', shape });
    },
  });

  server.get('/v1/invoices/:id.csv', {
    config: { access: INVOICE_READERS },
    schema: { ...csv, operationId: 'getInvoiceCsv', summary: 'An invoice as CSV', params: NumberParams, querystring: InvoiceCsvQuery },
    handler: async (request, reply) => {
      const { shape = 'lines' } = request.query;
      const invoice = await readInvoice(platform, scopeOf(callerOf(request)), request.params.id, { hours: shape === 'hours' });
      return sendInvoicesCsv(reply, [invoice], { name: fileName(invoice), shape });
    },
  });

  server.get('/v1/invoices/:id.pdf', {
    config: { access: INVOICE_READERS },
    schema: {
      ...pdf,
      operationId: 'getInvoicePdf',
      summary: 'An invoice as PDF',
      description: 'A final invoice gives the same bytes each time.',
      params: NumberParams,
      querystring: InvoicePdfQuery,
    },
    handler: async (request, reply) => {
      const scope = scopeOf(callerOf(request));
      const { hours = false } = request.query;
      return sendPdf(reply, { platform, scope }, await readInvoice(platform, scope, request.params.id, { hours: true }), hours);
    },
  });
}

/** The hours are read in any case: the charts are made of them. */
async function sendPdf(
  reply: FastifyReply,
  { platform, scope }: { platform: Platform; scope: Scope },
  invoice: Invoice,
  hours: boolean,
): Promise<FastifyReply> {
  const parties = await readParties(platform, scope, invoice);
  return reply
    .header('content-type', 'application/pdf')
    .header('content-disposition', `inline; filename="${fileName(invoice)}.pdf"`)
    .send(writeInvoicePdf(invoice, { ...parties, hours }));
}

function fileName({ id, number }: Invoice): string {
  return fileNameOf(number ?? `invoice${id === null ? '' : `-${id}`}`);
}
