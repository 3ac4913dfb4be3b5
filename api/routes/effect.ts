/** `/v1/imports/{id}/effect`: what an import did, or what its undo would do. */
import { STAFF } from '../../platform/access/roles.ts';
import { staffScopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { Effect, EffectQuery } from '../../schemas/http/effect.ts';
import { readEffect } from '../billing/effect.ts';

export function registerEffect(server: HttpServer, platform: Platform): void {
  server.get('/v1/imports/:id/effect', {
    config: { access: STAFF },
    schema: {
      operationId: 'getImportEffect',
      summary: 'What an import did, or what its undo would do, to usage and invoices',
      description: 'With `of=undo`, events that another import reported too do not count: they stay.',
      tags: ['imports'],
      params: NumberParams,
      querystring: EffectQuery,
      response: { 200: Effect },
    },
    handler: async (request) => {
      const { params, query } = request;
      return readEffect(platform, staffScopeOf(callerOf(request)), { importId: params.id, ofUndo: query.of === 'undo' });
    },
  });
}
