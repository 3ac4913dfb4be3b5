/** What belongs to an import beside itself: progress as it happens, the original. */
import { Type } from 'typebox';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { startEventStream } from '../../platform/http/event-stream.ts';
import type { Platform } from '../../platform/platform.ts';
import { attachment } from '../attachment.ts';
import { openPart, requireImport } from '../import-parts.ts';
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
      const { id } = await requireImport(platform, request.params.id);
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
      const found = await requireImport(platform, request.params.id);
      return reply.headers(attachment(found.name)).send(await openPart(platform, found, 'original'));
    },
  );
}
