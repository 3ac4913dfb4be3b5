/** `/v1/clickhouse/rebuild`: the aggregates anew from the raw rows, while everything runs. */
import { writeAudit } from '../../platform/access/audit.ts';
import { ADMIN } from '../../platform/access/roles.ts';
import { actorOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Rebuild } from '../../schemas/http/operations.ts';
import { requestRebuild } from '../queries/rebuilds.ts';

export function registerRebuild(server: HttpServer, { postgres, clock }: Platform): void {
  server.post('/v1/clickhouse/rebuild', {
    config: { access: ADMIN },
    schema: {
      operationId: 'rebuildClickHouse',
      summary: 'Rebuild ClickHouse from Postgres; nothing stops meanwhile. GET /v1/pipeline shows how far it is',
      tags: ['operations'],
      response: { 202: Rebuild },
    },
    handler: async (request, reply) => {
      const by = actorOf(request);
      const rebuild = await postgres.transaction(async (transaction) => {
        const { rebuild: asked, isNew } = await requestRebuild(transaction, by.name);
        if (isNew) await writeAudit(transaction, { at: clock.now(), by, what: 'rebuild.requested', subject: `rebuild/${asked.id}` });
        return asked;
      });
      return reply.status(202).send(rebuild);
    },
  });
}
