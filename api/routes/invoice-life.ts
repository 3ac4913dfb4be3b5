/** What is done to an invoice: finalize, void, credit, recompute; and what is left of it to a customer: credits. */
import { Type } from 'typebox';
import { ADMIN, READERS, STAFF } from '../../platform/access/roles.ts';
import { createTurns } from '../../platform/clickhouse/turns.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import { scopeOf, staffScopeOf } from '../../platform/access/scope.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { CustomerId } from '../../schemas/http/customers.ts';
import {
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
import { listCredits } from '../queries/credits.ts';

const tags = ['invoices'];

/** Each holds a connection and asks for a second one while it does: more at once could use up the pool and wait for each other. */
const FINALIZED_AT_ONCE = 2;
/** Of a script that finalizes a whole month without waiting for answers. */
const WAITING_MAX = 1_000;

export function registerInvoiceLife(server: HttpServer, platform: Platform): void {
  const turns = createTurns({ name: 'finalizing', atOnce: FINALIZED_AT_ONCE, waitingMax: WAITING_MAX });

  server.post('/v1/invoices/:id/finalize', {
    config: { access: ADMIN },
    schema: {
      operationId: 'finalizeInvoice',
      summary: 'Make a draft final',
      description:
        'Freezes it under a number without gaps. May be repeated. 409 `behind`, `import_running` or `reconciliation_red` while its usage is not settled, `period_not_over` unless forced.',
      tags,
      params: NumberParams,
      body: FinalizeInput,
      response: { 200: Invoice },
    },
    handler: async (request) => {
      const { id } = request.params;
      const scope = staffScopeOf(callerOf(request));
      await turns.take(() => finalizeInvoice(platform, { scope, id, by: actorOf(request), force: request.body?.force }));
      return readNamedInvoice(platform, scope, id, { hours: false });
    },
  });

  server.post('/v1/invoices/:id/void', {
    config: { access: ADMIN },
    schema: {
      operationId: 'voidInvoice',
      summary: 'Take a final invoice back',
      tags,
      params: NumberParams,
      body: VoidInput,
      response: { 200: Invoice },
    },
    handler: async (request) => {
      const { id } = request.params;
      const scope = staffScopeOf(callerOf(request));
      await voidInvoice(platform, scope, { id, by: actorOf(request), reason: request.body.reason });
      return readNamedInvoice(platform, scope, id, { hours: false });
    },
  });

  server.post('/v1/invoices/:id/recompute', {
    config: { access: STAFF },
    schema: {
      operationId: 'recomputeInvoice',
      summary: 'Whether an invoice still follows from its rows and terms, or what differs',
      tags,
      params: NumberParams,
      response: { 200: Recomputed },
    },
    handler: async (request) => recomputeInvoice(platform, staffScopeOf(callerOf(request)), request.params.id),
  });

  registerCrediting(server, platform);
  registerCreditPreview(server, platform);
  registerLedgers(server, platform);
}

function registerCrediting(server: HttpServer, platform: Platform): void {
  server.post('/v1/invoices/:id/credit-notes', {
    config: { access: ADMIN },
    schema: {
      operationId: 'createCreditNote',
      summary: 'Take back lines of a final invoice, or all that is left of it',
      description:
        'Send an `Idempotency-Key`, so that a call whose answer was lost can be repeated: the same key with the same body answers 200 with the note of the first call, with another body 422 `idempotency_key_reused`. Without a key each call is another note.',
      tags,
      params: NumberParams,
      headers: CreditNoteHeaders,
      body: CreditNoteInput,
      response: { 200: CreditNote, 201: CreditNote },
    },
    handler: async (request, reply) => {
      const { params, body: input, headers } = request;
      const idempotencyKey = headers['idempotency-key'];
      const { note, isNew } = await createCreditNote(platform, {
        scope: staffScopeOf(callerOf(request)),
        id: params.id,
        input,
        by: actorOf(request),
        idempotencyKey,
      });
      return reply
        .status(isNew ? 201 : 200)
        .header('location', `/v1/credit-notes/${note.id}`)
        .send(note);
    },
  });
}

function registerCreditPreview(server: HttpServer, { postgres }: Platform): void {
  server.post('/v1/invoices/:id/credit-notes/preview', {
    config: { access: STAFF },
    schema: {
      operationId: 'previewCreditNote',
      summary: 'What a credit note would come to, not stored',
      description: 'The amounts that it would have, tax included, or the refusal that it would meet.',
      tags,
      params: NumberParams,
      body: CreditNotePreviewInput,
      response: { 200: CreditNoteContent },
    },
    handler: async (request) => previewCreditNote(postgres, staffScopeOf(callerOf(request)), request.params.id, request.body),
  });
}

function registerLedgers(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/customers/:id/credits', {
    config: { access: READERS },
    schema: {
      operationId: 'listCredits',
      summary: 'What negative totals have left to a customer, and which invoices used it up',
      tags: ['customers'],
      params: Type.Object({ id: CustomerId }),
      response: { 200: Credits },
    },
    handler: async (request) => listCredits(postgres, scopeOf(callerOf(request)), request.params.id),
  });
}
