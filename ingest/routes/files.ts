/** What belongs to an import beside itself: progress as it happens, the original, the rejected lines. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import type { FilePart } from '../../platform/file-store/file-store.ts';
import { FileMissingError } from '../../platform/file-store/file-store.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { startEventStream } from '../../platform/http/event-stream.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Import } from '../../schemas/http/imports.ts';
import { readImport } from '../import-view.ts';
import { followImport } from '../wait.ts';

/** Progress is sent at most this often. */
const PROGRESS_INTERVAL_MS = 250;

const Id = Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) });

export async function importFileRoutes(app: HttpServer, platform: Platform): Promise<void> {
  app.get(
    '/v1/imports/:id/progress',
    {
      exposeHeadRoute: false,
      schema: { tags: ['imports'], operationId: 'followImport', summary: 'Progress as server-sent events', params: Id },
    },
    async (request, reply) => {
      const { id } = await requireImport(request.params.id);
      const stream = startEventStream(request, reply);
      for await (const view of followImport(platform.postgres, id, PROGRESS_INTERVAL_MS, stream.signal)) stream.send(view);
      stream.end();
      return reply;
    },
  );

  app.get(
    '/v1/imports/:id/file',
    { schema: { tags: ['imports'], operationId: 'getImportFile', summary: 'The original file', params: Id } },
    async (request, reply) => {
      const found = await requireImport(request.params.id);
      return reply.headers(attachment(found.name)).send(await open(found, 'original'));
    },
  );

  app.get(
    '/v1/imports/:id/rejected.csv',
    { schema: { tags: ['imports'], operationId: 'getRejectedRows', summary: 'The rejected lines with their reasons', params: Id } },
    async (request, reply) => {
      const found = await requireImport(request.params.id);
      if (found.status === 'received' || found.status === 'publishing') {
        throw new ProblemError('conflict', `Import ${found.id} is still being read. Ask again once its status is settling or complete.`);
      }
      return reply
        .headers({ ...attachment(`rejected-${found.name.replace(/\.gz$/i, '')}`), 'content-type': 'text/csv; charset=utf-8' })
        .send(await open(found, 'rejected'));
    },
  );

  async function requireImport(id: string): Promise<Import> {
    const found = await readImport(platform.postgres, id);
    if (!found) throw new ProblemError('not_found', `There is no import ${id}.`);
    return found;
  }

  async function open({ id, name }: Import, part: FilePart) {
    try {
      return await platform.files.read(id, part);
    } catch (error) {
      if (error instanceof FileMissingError)
        throw new ProblemError(
          'source_gone',
          `${part === 'rejected' ? 'The rejected lines' : 'The file'} of import ${id} (${name}) are not kept.`,
          { cause: error },
        );
      throw error;
    }
  }
}

/** RFC 6266, with the UTF-8 form of RFC 8187 for names beyond ASCII. */
function attachment(name: string): Record<string, string> {
  const plain = name.replace(/[^\x20-\x7e]|["\\%/]/g, '_');
  // What a URI lets stand and RFC 8187 does not: the apostrophe ends the language before the name.
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  return {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
  };
}
