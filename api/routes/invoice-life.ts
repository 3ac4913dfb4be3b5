/** What is done to an invoice: finalize, void, credit, recompute; and what is left of it: credits of customers, the audit log. */
import { Type } from 'typebox';
import { createTurns } from '../../platform/clickhouse/turns.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Page, strictObject } from '../../schemas/http/common.ts';
import { CustomerId } from '../../schemas/http/customers.ts';
import {
  AuditList,
  CreditNoteHeaders,
  CreditNoteInput,
  CreditNotePreviewInput,
  Credits,
  FinalizeInput,
  Recomputed,
  VoidInput,
} from '../../schemas/http/invoice-life.ts';
import { CreditNote, CreditNoteContent, Invoice } from '../../schemas/http/invoices.ts';
import { createCreditNote, previewCreditNote } from '../billing/credit.ts';
import { finalizeInvoice } from '../billing/finalize.ts';
import { readNamedInvoice } from '../billing/invoice-parties.ts';
import { recomputeInvoice } from '../billing/recompute.ts';
import { voidInvoice } from '../billing/void.ts';
import { encodeOpaque, toPage } from '../cursor.ts';
import { listAudit } from '../queries/audit.ts';
import { listCredits } from '../queries/credits.ts';
import { readNumberCursor } from './number-cursor.ts';
import { InvoiceParams } from './stored-invoices.ts';

const tags = ['invoices'];

/** Each holds a connection and asks for a second one while it does: more at once could use up the pool and wait for each other. */
const FINALIZED_AT_ONCE = 2;
/** Of a script that finalizes a whole month without waiting for answers. */
const WAITING_MAX = 1_000;

export function registerInvoiceLife(server: HttpServer, platform: Platform): void {
  const turns = createTurns({ name: 'finalizing', atOnce: FINALIZED_AT_ONCE, waitingMax: WAITING_MAX });

  server.post('/v1/invoices/:id/finalize', {
    schema: {
      operationId: 'finalizeInvoice',
      summary: 'Make a draft final',
      description:
        'Freezes it under a number without gaps. May be repeated. 409 `behind`, `import_running` or `reconciliation_red` while its usage is not settled, `period_not_over` unless forced.',
      tags,
      params: InvoiceParams,
      body: FinalizeInput,
      response: { 200: Invoice },
    },
    handler: async (request) => {
      const { id } = request.params;
      await turns.take(() => finalizeInvoice(platform, { id, by: callerOf(request).name, force: request.body?.force }));
      return readNamedInvoice(platform, id, { hours: false });
    },
  });

  server.post('/v1/invoices/:id/void', {
    schema: {
      operationId: 'voidInvoice',
      summary: 'Take a final invoice back',
      tags,
      params: InvoiceParams,
      body: VoidInput,
      response: { 200: Invoice },
    },
    handler: async (request) => {
      const { id } = request.params;
      await voidInvoice(platform, { id, by: callerOf(request).name, reason: request.body.reason });
      return readNamedInvoice(platform, id, { hours: false });
    },
  });

  server.post('/v1/invoices/:id/recompute', {
    schema: {
      operationId: 'recomputeInvoice',
      summary: 'Whether an invoice still follows from its rows and terms, or what differs',
      tags,
      params: InvoiceParams,
      response: { 200: Recomputed },
    },
    handler: async ({ params: { id } }) => recomputeInvoice(platform, id),
  });

  registerCrediting(server, platform);
  registerCreditPreview(server, platform);
  registerLedgers(server, platform);
}

function registerCrediting(server: HttpServer, platform: Platform): void {
  server.post('/v1/invoices/:id/credit-notes', {
    schema: {
      operationId: 'createCreditNote',
      summary: 'Take back lines of a final invoice, or all that is left of it',
      description:
        'Send an `Idempotency-Key`, so that a call whose answer was lost can be repeated: the same key with the same body answers 200 with the note of the first call, with another body 422 `idempotency_key_reused`. Without a key each call is another note.',
      tags,
      params: InvoiceParams,
      headers: CreditNoteHeaders,
      body: CreditNoteInput,
      response: { 200: CreditNote, 201: CreditNote },
    },
    handler: async (request, reply) => {
      const { params, body: input, headers } = request;
      const idempotencyKey = headers['idempotency-key'];
      const { note, isNew } = await createCreditNote(platform, { id: params.id, input, by: callerOf(request).name, idempotencyKey });
      return reply
        .status(isNew ? 201 : 200)
        .header('location', `/v1/credit-notes/${note.id}`)
        .send(note);
    },
  });
}

function registerCreditPreview(server: HttpServer, { postgres }: Platform): void {
  server.post('/v1/invoices/:id/credit-notes/preview', {
    schema: {
      operationId: 'previewCreditNote',
      summary: 'What a credit note would come to, not stored',
      description: 'The amounts that it would have, tax included, or the refusal that it would meet.',
      tags,
      params: InvoiceParams,
      body: CreditNotePreviewInput,
      response: { 200: CreditNoteContent },
    },
    handler: async ({ params: { id }, body }) => previewCreditNote(postgres, id, body),
  });
}

function registerLedgers(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/customers/:id/credits', {
    schema: {
      operationId: 'listCredits',
      summary: 'What negative totals have left to a customer, and which invoices used it up',
      tags: ['customers'],
      params: Type.Object({ id: CustomerId }),
      response: { 200: Credits },
    },
    handler: async ({ params: { id } }) => listCredits(postgres, id),
  });

  server.get('/v1/audit', {
    schema: {
      operationId: 'listAudit',
      summary: 'Who did what, when and why; newest first',
      tags: ['operations'],
      querystring: strictObject({ ...Page, subject: Type.Optional(Type.String({ maxLength: 300, examples: ['invoice/12'] })) }),
      response: { 200: AuditList },
    },
    handler: async ({ query: { subject, cursor, limit = 100 } }) => {
      const entries = await listAudit(postgres, { subject, before: readNumberCursor('audit', cursor), rows: limit + 1 });
      return toPage(
        entries,
        limit,
        (entry) => entry,
        (entry) => encodeOpaque('audit', [entry.id]),
      );
    },
  });
}
