/** `/v1/imports/{id}/effect`: what an import did, or what its undo would do. */
import { Type } from 'typebox';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Effect, EffectQuery } from '../../schemas/http/effect.ts';
import { readEffect } from '../billing/effect.ts';

export function registerEffect(server: HttpServer, platform: Platform): void {
  server.get('/v1/imports/:id/effect', {
    schema: {
      operationId: 'getImportEffect',
      summary: 'What an import did, or what its undo would do, to usage and invoices',
      description: 'With `of=undo`, events that another import reported too do not count: they stay.',
      tags: ['imports'],
      params: Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) }),
      querystring: EffectQuery,
      response: { 200: Effect },
    },
    handler: async ({ params: { id }, query }) => readEffect(platform, { importId: id, ofUndo: query.of === 'undo' }),
  });
}
