/** `/v1/clickhouse/rebuild`: the aggregates anew from the raw rows, while everything runs. */
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Rebuild } from '../../schemas/http/operations.ts';
import { requestRebuild } from '../queries/rebuilds.ts';

export function registerRebuild(server: HttpServer, { postgres }: Platform): void {
  server.post('/v1/clickhouse/rebuild', {
    schema: {
      operationId: 'rebuildClickHouse',
      summary: 'Rebuild ClickHouse from Postgres; nothing stops meanwhile. GET /v1/pipeline shows how far it is',
      tags: ['operations'],
      response: { 202: Rebuild },
    },
    handler: async (request, reply) => reply.status(202).send(await requestRebuild(postgres, callerOf(request).name)),
  });
}
