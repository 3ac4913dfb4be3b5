/** `/v1/imports/{id}/suspected-doubles`: what may have been reported twice, by two files. */
import { STAFF } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { staffScopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { SuspectedDoubleList, SuspectedDoublesQuery } from '../../schemas/http/suspected-doubles.ts';
import { invalidCursor } from '../cursor.ts';
import { findStoredImport } from '../queries/imports.ts';
import { decodeDoublesPlace, listDoubles } from '../queries/suspected-doubles.ts';

export function registerSuspectedDoubles(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/imports/:id/suspected-doubles', {
    config: { access: STAFF },
    schema: {
      operationId: 'listSuspectedDoubles',
      summary: 'Events that equal one of another import in customer, meter, time and quantity, under another id',
      description:
        'For a person to judge: they are billed. Only where ids were made from the row or the file, for a given id says which events are the same. As it is now, not as it was counted. A page may have fewer items than asked for, and go on.',
      tags: ['imports'],
      params: NumberParams,
      querystring: SuspectedDoublesQuery,
      response: { 200: SuspectedDoubleList },
    },
    handler: async (request) => {
      const { id } = request.params;
      const { cursor, limit = 100 } = request.query;
      const after = cursor === undefined ? undefined : decodeDoublesPlace(cursor);
      if (cursor !== undefined && after === undefined) throw invalidCursor();
      const found = await findStoredImport(postgres, id);
      if (found === undefined) throw new ProblemError('not_found', `There is no import ${id}.`);
      if (found.identity !== 'row' && found.identity !== 'file') return { items: [], nextCursor: null };
      return listDoubles(postgres, staffScopeOf(callerOf(request)), id, { after, limit });
    },
  });
}
