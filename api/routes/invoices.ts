/** `/v1/invoices/preview`: what a customer's invoice would be now. */
import { READERS } from '../../platform/access/roles.ts';
import { scopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Invoice, PreviewInput } from '../../schemas/http/invoices.ts';
import { previewInvoice } from '../billing/preview.ts';

export function registerInvoices(server: HttpServer, platform: Platform): void {
  server.post('/v1/invoices/preview', {
    config: { access: READERS },
    schema: {
      operationId: 'previewInvoice',
      summary: 'An invoice, not stored',
      description: "For `period` (a month of the customer's time zone), for `from` and `to`, or for the current month.",
      tags: ['invoices'],
      body: PreviewInput,
      response: { 200: Invoice },
    },
    handler: async (request) => previewInvoice(platform, scopeOf(callerOf(request)), request.body),
  });
}
