/** `/v1/imports`: files in, and what became of them. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Type } from 'typebox';
import type { UploadLimits } from '../../config-limits.ts';
import { importScopeOf } from '../../platform/access/import-scope.ts';
import { SENDERS, STAFF_AND_SENDERS } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { holdRight } from '../../platform/http/rights.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { Import, ImportList, ImportListQuery, ImportQuery } from '../../schemas/http/imports.ts';
import type { ReadingLimits } from '../../schemas/http/imports.ts';
import { UploadAnswer, type DryRun } from '../../schemas/http/dry-runs.ts';
import { acceptUpload, type AcceptOptions } from '../accept.ts';
import type { Admission } from '../admission.ts';
import { dryRun, type RateAdded } from '../dry-run/dry-run.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import { requireImport } from '../import-parts.ts';
import { listImports } from '../import-view.ts';
import type { Leases } from '../leases.ts';
import type { Publisher } from '../publisher.ts';
import type { UploadSlots } from '../upload-slots.ts';
import { isFinal, waitForImport } from '../wait.ts';
import { givenFileName, registerUploads, withUpload, type NamedUpload } from './uploads.ts';

/** A caller who waits longer than this gets 202 and asks again: proxies close idle connections at some point. */
const WAIT_MS_MAX = 30 * 60_000;

const DESCRIPTION = `The file is the body, or the first file of a form; packed by gzip or not. Nothing is published unless all of it has arrived and can be read.

A file that is too large is refused with \`file_too_large\` (413), a .gz that unpacks to too much with that or \`decompression_bomb\` (422). Where as many uploads as can be are
arriving, the next one is refused before its body, \`too_many_uploads\` (503, \`Retry-After\`). One that comes too slowly is given up, \`upload_too_slow\` (408), and the connection closed.`;
const uploadSchema = {
  tags: ['imports'],
  description: DESCRIPTION,
  querystring: ImportQuery,
  response: { 200: UploadAnswer, 202: Import },
};

export interface IngestOptions {
  platform: Platform;
  publisher: Publisher;
  leases: Leases;
  admit: Admission;
  slots: UploadSlots;
  uploadLimits: UploadLimits;
  readingLimits: ReadingLimits | undefined;
  rateAdded: RateAdded;
}

export async function importRoutes(app: HttpServer, options: IngestOptions): Promise<void> {
  const { postgres } = options.platform;

  await app.register((uploads: HttpServer) => uploadRoutes(uploads, options));

  app.get(
    '/v1/imports',
    {
      config: { access: STAFF_AND_SENDERS },
      schema: {
        tags: ['imports'],
        operationId: 'listImports',
        summary: 'History, newest first',
        querystring: ImportListQuery,
        response: { 200: ImportList },
      },
    },
    async (request) => {
      const { limit = 100, cursor, status, name } = request.query;
      if (cursor !== undefined && !/^\d{1,18}$/.test(cursor))
        throw new ProblemError('invalid_request', 'The cursor is not one of ours; take it from nextCursor.');
      const items = await listImports(postgres, importScopeOf(callerOf(request)), {
        limit: limit + 1,
        ...(cursor === undefined ? {} : { before: cursor }),
        ...(status === undefined ? {} : { status }),
        ...(name === undefined ? {} : { name }),
      });
      const page = items.slice(0, limit);
      return { items: page, nextCursor: items.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );

  app.get(
    '/v1/imports/:id',
    {
      config: { access: STAFF_AND_SENDERS },
      schema: { tags: ['imports'], operationId: 'getImport', summary: 'One import', params: NumberParams, response: { 200: Import } },
    },
    (request) => requireImport(postgres, importScopeOf(callerOf(request)), request.params.id),
  );
}

type UploadCall = FastifyRequest<{ Querystring: Type.Static<typeof ImportQuery> }>;

/** A scope of its own: here any body is a stream. */
async function uploadRoutes(uploads: HttpServer, options: IngestOptions): Promise<void> {
  const { platform, publisher, admit, slots, uploadLimits } = options;
  await registerUploads(uploads, { admit, slots, fileBytesMax: uploadLimits.bytesMax });
  const handler = async (request: UploadCall, reply: FastifyReply) => {
    const taken = { request, reply, limits: uploadLimits, clock: platform.clock };
    const done = await slots.during(request.raw, () => withUpload(taken, (upload) => takeIn(upload, options, { request, reply })));
    if ('report' in done) return reply.send(done.report);
    const { id } = done;
    publisher.wake();
    const { wait } = request.query;
    const view = wait ? await waitFor(platform, request, id) : await requireImport(platform.postgres, importScopeOf(callerOf(request)), id);
    return reply
      .code(wait && isFinal(view) ? 200 : 202)
      .header('location', `/v1/imports/${id}`)
      .send(view);
  };
  uploads.post(
    '/v1/imports',
    { config: { access: SENDERS }, schema: { ...uploadSchema, operationId: 'createImport', summary: 'Import a file' } },
    handler,
  );
  uploads.put(
    '/v1/imports',
    { config: { access: SENDERS }, schema: { ...uploadSchema, operationId: 'putImport', summary: 'Import a file (curl -T)' } },
    handler,
  );
}

/** Throws where the caller may not be told any more; the import goes on. */
async function waitFor({ postgres }: Platform, request: FastifyRequest, id: string): Promise<Import> {
  const { ended, release } = holdRight(request);
  // A server that closes waits for all answers: this one says how far the import is.
  const patience = AbortSignal.any([AbortSignal.timeout(WAIT_MS_MAX), request.server.closing, ended]);
  try {
    const view = await waitForImport(postgres, importScopeOf(callerOf(request)), id, patience);
    ended.throwIfAborted();
    return view;
  } finally {
    release();
  }
}

const rateNothing: RateAdded = async () => ({ money: [], invoices: [], isComplete: false });

/** The id of the import, accepted; of a dry run its report. */
async function takeIn(
  upload: NamedUpload,
  options: IngestOptions,
  { request, reply }: { request: UploadCall; reply: FastifyReply },
): Promise<{ id: string } | { report: DryRun }> {
  const { platform, leases, uploadLimits, readingLimits } = options;
  const { name, wait: _wait, dryRun: isDryRun = false, ...reading } = request.query;
  const accepting: AcceptOptions = {
    name: name ?? givenFileName(upload) ?? 'upload.csv',
    createdBy: callerOf(request).name,
    idempotencyKey: idempotencyKeyOf(request),
    reading: { ...reading, limits: readingLimits },
    limits: uploadLimits,
  };
  if (!isDryRun) return { id: await acceptUpload(platform, leases, upload, accepting) };
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const given = AbortSignal.any([gone.signal, request.server.closing]);
  // What usage costs, and whose invoices it would change, is not for a key that only sends it.
  const caller = callerOf(request);
  const stores = { ...options, scope: importScopeOf(caller), rateAdded: caller.role === 'ingest' ? rateNothing : options.rateAdded };
  return { report: await dryRun(stores, upload, accepting, given) };
}
