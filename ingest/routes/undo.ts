/** `/v1/imports/{id}/undo`: an import taken back. */
import { Type } from 'typebox';
import { importScopeOf } from '../../platform/access/import-scope.ts';
import { ADMIN } from '../../platform/access/roles.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams, strictObject } from '../../schemas/http/common.ts';
import { Import } from '../../schemas/http/imports.ts';
import { readImport } from '../import-view.ts';
import type { Publisher } from '../publisher.ts';
import { requestUndo } from '../undo.ts';

export async function undoRoutes(app: HttpServer, platform: Platform, publisher: Publisher): Promise<void> {
  app.post(
    '/v1/imports/:id/undo',
    {
      config: { access: ADMIN },
      schema: {
        tags: ['imports'],
        operationId: 'undoImport',
        summary: 'Undo an import',
        description:
          'Takes back what the import added. An event that another import reported too stays, and is from then on that import’s. May be repeated; follow the status from `undoing` to `undone`.',
        params: NumberParams,
        querystring: strictObject({
          adjust: Type.Optional(Type.Boolean({ description: 'Also where final invoices use its rows: the next ones then adjust for it.' })),
        }),
        response: { 202: Import },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { adjust = false } = request.query;
      await requestUndo(platform, id, actorOf(request), { adjust });
      publisher.wake();
      const view = await readImport(platform.postgres, importScopeOf(callerOf(request)), id);
      if (!view) throw new Error(`import ${id} is gone`);
      return reply.code(202).header('location', `/v1/imports/${id}`).send(view);
    },
  );
}
