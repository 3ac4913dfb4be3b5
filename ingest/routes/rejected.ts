/** The rejected lines of an import, with their reasons and as they came. */
import { Readable } from 'node:stream';
import { callerOf } from '../../platform/http/authenticate.ts';
import { type ImportScope, importScopeOf } from '../../platform/access/import-scope.ts';
import { STAFF_AND_SENDERS } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import type { Import } from '../../schemas/http/imports.ts';
import { attachment } from '../attachment.ts';
import { openPart, requireImport } from '../import-parts.ts';
import { rejectedLines } from '../stream/rejected-lines.ts';

export async function rejectedRoutes(app: HttpServer, platform: Platform): Promise<void> {
  app.get(
    '/v1/imports/:id/rejected.csv',
    {
      config: { access: STAFF_AND_SENDERS },
      schema: { tags: ['imports'], operationId: 'getRejectedRows', summary: 'The rejected lines with their reasons', params: NumberParams },
    },
    async (request, reply) => {
      const found = await requireRead(platform.postgres, importScopeOf(callerOf(request)), request.params.id);
      return reply
        .headers({ ...attachment(`rejected-${found.name.replace(/\.gz$/i, '')}`), 'content-type': 'text/csv; charset=utf-8' })
        .send(await openPart(platform, found, 'rejected'));
    },
  );

  app.get(
    '/v1/imports/:id/rejected.ndjson',
    {
      config: { access: STAFF_AND_SENDERS },
      schema: {
        tags: ['imports'],
        operationId: 'getRejectedLines',
        summary: 'The rejected lines of a stream of NDJSON, as they came',
        description: 'Mended, they can be streamed as they are. Their reasons stand in rejected.csv.',
        params: NumberParams,
      },
    },
    async (request, reply) => {
      const found = await requireRead(platform.postgres, importScopeOf(callerOf(request)), request.params.id);
      if (found.format !== 'ndjson') {
        const detail = `Import ${found.id} is CSV. What was rejected of it is at /v1/imports/${found.id}/rejected.csv, and can be mended and sent again.`;
        throw new ProblemError('not_found', detail);
      }
      const lines = rejectedLines((await openPart(platform, found, 'rejected')) as AsyncIterable<Buffer>);
      return reply
        .headers({ ...attachment(`rejected-${found.name}`), 'content-type': 'application/x-ndjson' })
        .send(Readable.from(lines, { objectMode: false }));
    },
  );
}

async function requireRead(postgres: Postgres, scope: ImportScope, id: string): Promise<Import> {
  const found = await requireImport(postgres, scope, id);
  if (found.status === 'received' || (found.status === 'publishing' && found.form === 'file'))
    throw new ProblemError('conflict', `Import ${found.id} is still being read. Ask again once its status is settling or complete.`);
  return found;
}
