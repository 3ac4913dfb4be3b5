/** `/v1/credit-notes`: credit notes as JSON, CSV and PDF. They are made with their invoice. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
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
import { encodeOpaque, toPage } from '../cursor.ts';
import { fileNameOf } from '../export/file-name.ts';
import { listCreditNotes } from '../queries/credit-notes.ts';
import { readNumberCursor } from './number-cursor.ts';

const tags = ['invoices'];
const params = Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) });

export function registerCreditNotes(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/credit-notes', {
    schema: {
      operationId: 'listCreditNotes',
      summary: 'Credit notes, newest first; customer, status and period are those of their invoices',
      tags,
      querystring: InvoiceListQuery,
      response: { 200: CreditNoteList },
    },
    handler: async ({ query: { customer, status, period, cursor, limit = 100 } }) => {
      const filter = { customer, status, month: period };
      const notes = await listCreditNotes(postgres, filter, { before: readNumberCursor('credit-note', cursor), rows: limit + 1 });
      return toPage(
        notes,
        limit,
        (note) => note,
        (note) => encodeOpaque('credit-note', [note.id]),
      );
    },
  });

  server.get('/v1/credit-notes/:id', {
    schema: {
      operationId: 'getCreditNote',
      summary: 'A credit note, with what it takes back entry by entry',
      tags,
      params,
      querystring: CreditNoteQuery,
      response: { 200: CreditNoteDocument },
    },
    handler: async ({ params: { id }, query: { hours = true } }) => {
      const { document, parties } = await readCreditNote(postgres, id, { hours });
      return { ...document, parties: { seller: parties.seller, customerDetails: parties.invoiceDetails } };
    },
  });

  server.get('/v1/credit-notes/:id.csv', {
    schema: {
      operationId: 'getCreditNoteCsv',
      summary: 'A credit note as CSV: a row for all of it, per entry (default), or per hour',
      tags,
      produces: ['text/csv'],
      params,
      querystring: CreditNoteCsvQuery,
      response: { 200: Type.String() },
    },
    handler: async ({ params: { id }, query: { shape = 'lines' } }, reply) => {
      const { document } = await readCreditNote(postgres, id, { hours: shape === 'hours' });
      return sendCreditNoteCsv(reply, document, { name: fileNameOf(document.number), shape });
    },
  });

  server.get('/v1/credit-notes/:id.pdf', {
    schema: {
      operationId: 'getCreditNotePdf',
      summary: 'A credit note as PDF',
      description: 'The same bytes each time, until its invoice is voided and the note with it.',
      tags,
      produces: ['application/pdf'],
      params,
      querystring: CreditNotePdfQuery,
      response: { 200: Type.String() },
    },
    handler: async ({ params: { id }, query: { hours = false } }, reply) => sendPdf(reply, await readCreditNote(postgres, id, { hours })),
  });
}

function sendPdf(reply: FastifyReply, { document, parties }: IssuedCreditNote): FastifyReply {
  return reply
    .header('content-type', 'application/pdf')
    .header('content-disposition', `inline; filename="${fileNameOf(document.number)}.pdf"`)
    .send(writeCreditNotePdf(document, parties));
}
