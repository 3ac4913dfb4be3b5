/** `/v1/invoices/preview`: what a customer's invoice would be now. */
import { Type } from 'typebox';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Invoice, PreviewCsvQuery, PreviewInput } from '../../schemas/http/invoices.ts';
import { previewInvoice } from '../billing/preview.ts';
import { sendCsv } from '../export/csv.ts';
import { INVOICE_COLUMNS, invoicePages } from '../export/invoice-csv.ts';

const tags = ['invoices'];

export function registerInvoices(server: HttpServer, platform: Platform): void {
  server.post('/v1/invoices/preview', {
    schema: {
      operationId: 'previewInvoice',
      summary: 'An invoice, not stored',
      description: "For `period` (a month of the customer's time zone), for `from` and `to`, or for the current month.",
      tags,
      body: PreviewInput,
      response: { 200: Invoice },
    },
    handler: async ({ body }) => previewInvoice(platform, body),
  });

  server.get('/v1/invoices/preview.csv', {
    schema: {
      operationId: 'previewInvoiceCsv',
      summary: 'The same as CSV: a row per invoice, per line (default) or per hour',
      tags,
      querystring: PreviewCsvQuery,
      produces: ['text/csv'],
      response: { 200: Type.String() },
    },
    handler: async ({ query: { shape = 'lines', ...input } }, reply) => {
      const invoice = await previewInvoice(platform, input);
      return sendCsv(reply, { fileName: `invoice-${shape}.csv`, columns: INVOICE_COLUMNS[shape], pages: invoicePages(invoice, shape) });
    },
  });
}
