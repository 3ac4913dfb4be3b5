/** What belongs to an import beside itself: progress as it happens, the original. */
import { callerOf } from '../../platform/http/authenticate.ts';
import { importScopeOf } from '../../platform/access/import-scope.ts';
import { STAFF_AND_SENDERS } from '../../platform/access/roles.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { startEventStream } from '../../platform/http/event-stream.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { attachment } from '../attachment.ts';
import { openPart, requireImport } from '../import-parts.ts';
import { followImport } from '../wait.ts';

/** Progress is sent at most this often. */
const PROGRESS_INTERVAL_MS = 250;

export async function importFileRoutes(app: HttpServer, platform: Platform): Promise<void> {
  app.get(
    '/v1/imports/:id/progress',
    {
      exposeHeadRoute: false,
      config: { access: STAFF_AND_SENDERS },
      schema: {
        tags: ['imports'],
        operationId: 'followImport',
        summary: 'Progress as server-sent events',
        description:
          'Each message is the import as it is. The stream ends with its final state, and with an event `ended`, whose data is a problem, when the session or key ends.',
        params: NumberParams,
      },
    },
    async (request, reply) => {
      const scope = importScopeOf(callerOf(request));
      const { id } = await requireImport(platform.postgres, scope, request.params.id);
      const stream = startEventStream(request, reply);
      const pace = { intervalMs: PROGRESS_INTERVAL_MS, signal: stream.signal };
      for await (const view of followImport(platform.postgres, scope, id, pace)) stream.send(view);
      stream.end();
      return reply;
    },
  );

  app.get(
    '/v1/imports/:id/file',
    {
      config: { access: STAFF_AND_SENDERS },
      schema: { tags: ['imports'], operationId: 'getImportFile', summary: 'The original file', params: NumberParams },
    },
    async (request, reply) => {
      const found = await requireImport(platform.postgres, importScopeOf(callerOf(request)), request.params.id);
      return reply.headers(attachment(found.name)).send(await openPart(platform, found, 'original'));
    },
  );
}
