/** `/v1/imports`: files in, and what became of them. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { Import, ImportList, ImportListQuery, ImportQuery } from '../../schemas/http/imports.ts';
import type { ReadingLimits } from '../../schemas/http/imports.ts';
import { UploadAnswer } from '../../schemas/http/dry-runs.ts';
import { acceptUpload, type AcceptOptions } from '../accept.ts';
import type { Admission } from '../admission.ts';
import { dropRest } from '../drop-rest.ts';
import { dryRun, type RateAdded } from '../dry-run/dry-run.ts';
import { listImports, readImport } from '../import-view.ts';
import type { Leases } from '../leases.ts';
import type { Publisher } from '../publisher.ts';
import { isFinal, waitForImport } from '../wait.ts';
import { openUpload, registerUploads } from './uploads.ts';

/** A caller who waits longer than this gets 202 and asks again: proxies close idle connections at some point. */
const WAIT_MS_MAX = 30 * 60_000;

const Id = Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) });
const uploadSchema = { tags: ['imports'], querystring: ImportQuery, response: { 200: UploadAnswer, 202: Import } };

export interface IngestOptions {
  platform: Platform;
  publisher: Publisher;
  leases: Leases;
  admit: Admission;
  uploadBytesMax: number;
  readingLimits: ReadingLimits | undefined;
  rateAdded: RateAdded;
}

export async function importRoutes(app: HttpServer, options: IngestOptions): Promise<void> {
  const { postgres } = options.platform;

  await app.register((uploads: HttpServer) => uploadRoutes(uploads, options));

  app.get(
    '/v1/imports',
    {
      schema: {
        tags: ['imports'],
        operationId: 'listImports',
        summary: 'History, newest first',
        querystring: ImportListQuery,
        response: { 200: ImportList },
      },
    },
    async (request) => {
      const { limit = 100, cursor, status } = request.query;
      if (cursor !== undefined && !/^\d{1,18}$/.test(cursor))
        throw new ProblemError('invalid_request', 'The cursor is not one of ours; take it from nextCursor.');
      const items = await listImports(postgres, {
        limit: limit + 1,
        ...(cursor === undefined ? {} : { before: cursor }),
        ...(status === undefined ? {} : { status }),
      });
      const page = items.slice(0, limit);
      return { items: page, nextCursor: items.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );

  app.get(
    '/v1/imports/:id',
    { schema: { tags: ['imports'], operationId: 'getImport', summary: 'One import', params: Id, response: { 200: Import } } },
    (request) => requireImport(postgres, request.params.id),
  );
}

/** A scope of its own: here any body is a stream. */
async function uploadRoutes(uploads: HttpServer, options: IngestOptions): Promise<void> {
  const { platform, publisher, leases, admit, uploadBytesMax, readingLimits } = options;
  await registerUploads(uploads, uploadBytesMax);
  uploads.addHook('onRequest', async (request) => {
    try {
      await admit(Number(request.headers['content-length'] ?? 0));
    } catch (error) {
      dropRest(request.raw);
      throw error;
    }
  });
  const handler = async (request: FastifyRequest<{ Querystring: Type.Static<typeof ImportQuery> }>, reply: FastifyReply) => {
    const upload = await openUpload(request);
    const key = request.headers['idempotency-key'];
    const { name, wait, dryRun: isDryRun = false, ...reading } = request.query;
    const accepting: AcceptOptions = {
      name: name ?? upload.fileName ?? 'upload.csv',
      createdBy: callerOf(request).name,
      idempotencyKey: typeof key === 'string' && key !== '' ? key : undefined,
      reading: { ...reading, limits: readingLimits },
      bytesMax: uploadBytesMax,
    };
    const dropping = (error: unknown): never => {
      dropRest(upload.stream);
      throw error;
    };
    if (isDryRun) {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const given = AbortSignal.any([gone.signal, request.server.closing]);
      return reply.send(await dryRun(options, upload, accepting, given).catch(dropping));
    }
    const id = await acceptUpload(platform, leases, upload, accepting).catch(dropping);
    publisher.wake();
    // A server that closes waits for all answers: this one says how far the import is.
    const patience = AbortSignal.any([AbortSignal.timeout(WAIT_MS_MAX), request.server.closing]);
    const view = wait ? await waitForImport(platform.postgres, id, patience) : await requireImport(platform.postgres, id);
    return reply
      .code(wait && isFinal(view) ? 200 : 202)
      .header('location', `/v1/imports/${id}`)
      .send(view);
  };
  uploads.post('/v1/imports', { schema: { ...uploadSchema, operationId: 'createImport', summary: 'Import a file' } }, handler);
  uploads.put('/v1/imports', { schema: { ...uploadSchema, operationId: 'putImport', summary: 'Import a file (curl -T)' } }, handler);
}

async function requireImport(postgres: Postgres, id: string): Promise<Import> {
  const found = await readImport(postgres, id);
  if (!found) throw new ProblemError('not_found', `There is no import ${id}.`);
  return found;
}
