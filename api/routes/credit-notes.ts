/** `/v1/credit-notes`: credit notes as JSON, CSV and PDF. They are made with their invoice. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { INVOICE_READERS, READERS } from '../../platform/access/roles.ts';
import { scopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import {
  CreditNoteCsvQuery,
  CreditNoteDocument,
  CreditNoteList,
  CreditNotePdfQuery,
  CreditNoteQuery,
} from '../../schemas/http/credit-notes.ts';
import { InvoiceListQuery } from '../../schemas/http/invoice-life.ts';
import { readCreditNote, type IssuedCreditNote } from '../billing/read-credit-note.ts';
import { sendCreditNoteCsv } from '../export/credit-note-csv.ts';
import { writeCreditNotePdf } from '../export/credit-note-pdf.ts';
import { fileNameOf } from '../export/file-name.ts';
import { listCreditNotes } from '../queries/credit-notes.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['invoices'];

export function registerCreditNotes(server: HttpServer, platform: Platform): void {
  const { postgres } = platform;
  registerFiles(server, platform);
  server.get('/v1/credit-notes', {
    config: { access: READERS },
    schema: {
      operationId: 'listCreditNotes',
      summary: 'Credit notes, newest first; customer, status and period are those of their invoices',
      tags,
      querystring: InvoiceListQuery,
      response: { 200: CreditNoteList },
    },
    handler: (request) => {
      const scope = scopeOf(callerOf(request));
      const { customer, status, period, ...page } = request.query;
      return pageByNumber('credit-note', page, (at) => listCreditNotes(postgres, scope, { customer, status, month: period }, at));
    },
  });

  server.get('/v1/credit-notes/:id', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'getCreditNote',
      summary: 'A credit note, with what it takes back entry by entry',
      tags,
      params: NumberParams,
      querystring: CreditNoteQuery,
      response: { 200: CreditNoteDocument },
    },
    handler: async (request) => {
      const { params, query } = request;
      const { hours = true } = query;
      const { document, parties } = await readCreditNote(postgres, scopeOf(callerOf(request)), params.id, { hours });
      return { ...document, parties: { seller: parties.seller, customerDetails: parties.invoiceDetails } };
    },
  });
}

function registerFiles(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/credit-notes/:id.csv', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'getCreditNoteCsv',
      summary: 'A credit note as CSV: a row for all of it, per entry (default), or per hour',
      tags,
      produces: ['text/csv'],
      params: NumberParams,
      querystring: CreditNoteCsvQuery,
      response: { 200: Type.String() },
    },
    handler: async (request, reply) => {
      const { shape = 'lines' } = request.query;
      const { document } = await readCreditNote(postgres, scopeOf(callerOf(request)), request.params.id, { hours: shape === 'hours' });
      return sendCreditNoteCsv(reply, document, { name: fileNameOf(document.number), shape });
    },
  });

  server.get('/v1/credit-notes/:id.pdf', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'getCreditNotePdf',
      summary: 'A credit note as PDF',
      description: 'The same bytes each time, until its invoice is voided and the note with it.',
      tags,
      produces: ['application/pdf'],
      params: NumberParams,
      querystring: CreditNotePdfQuery,
      response: { 200: Type.String() },
    },
    handler: async (request, reply) => {
      const { hours = false } = request.query;
      return sendPdf(reply, await readCreditNote(postgres, scopeOf(callerOf(request)), request.params.id, { hours }));
    },
  });
}

function sendPdf(reply: FastifyReply, { document, parties }: IssuedCreditNote): FastifyReply {
  return reply
    .header('content-type', 'application/pdf')
    .header('content-disposition', `inline; filename="${fileNameOf(document.number)}.pdf"`)
    .send(writeCreditNotePdf(document, parties));
}
