/** `/v1/imports`: files in, and what became of them. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { Import, ImportList, ImportListQuery, ImportQuery } from '../../schemas/http/imports.ts';
import { acceptUpload, type AcceptOptions } from '../accept.ts';
import { listImports, readImport } from '../import-view.ts';
import type { Publisher } from '../publisher.ts';
import { isFinal, waitForImport } from '../wait.ts';
import { openUpload, registerUploads } from './uploads.ts';

/** A caller who waits longer than this gets 202 and asks again: proxies close idle connections at some point. */
const WAIT_MS_MAX = 30 * 60_000;

const Id = Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) });
const uploadSchema = { tags: ['imports'], querystring: ImportQuery, response: { 200: Import, 202: Import } };

export interface IngestOptions {
  platform: Platform;
  publisher: Publisher;
  uploadBytesMax: number;
}

export async function importRoutes(app: HttpServer, { platform, publisher, uploadBytesMax }: IngestOptions): Promise<void> {
  const { postgres } = platform;

  await app.register(async (uploads: HttpServer) => {
    await registerUploads(uploads, uploadBytesMax);
    const handler = async (request: FastifyRequest<{ Querystring: Type.Static<typeof ImportQuery> }>, reply: FastifyReply) => {
      const upload = await openUpload(request);
      const key = request.headers['idempotency-key'];
      const { name, wait, ...reading } = request.query;
      const options: AcceptOptions = {
        name: name ?? upload.fileName ?? 'upload.csv',
        createdBy: callerOf(request).name,
        idempotencyKey: typeof key === 'string' && key !== '' ? key : undefined,
        reading,
        bytesMax: uploadBytesMax,
      };
      const id = await acceptUpload(platform, upload, options);
      publisher.wake();
      const view = wait ? await waitForImport(postgres, id, WAIT_MS_MAX) : await requireImport(id);
      return reply
        .code(wait && isFinal(view) ? 200 : 202)
        .header('location', `/v1/imports/${id}`)
        .send(view);
    };
    uploads.post('/v1/imports', { schema: { ...uploadSchema, operationId: 'createImport', summary: 'Import a file' } }, handler);
    uploads.put('/v1/imports', { schema: { ...uploadSchema, operationId: 'putImport', summary: 'Import a file (curl -T)' } }, handler);
  });

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
    (request) => requireImport(request.params.id),
  );

  async function requireImport(id: string): Promise<Import> {
    const found = await readImport(postgres, id);
    if (!found) throw new ProblemError('not_found', `There is no import ${id}.`);
    return found;
  }
}
