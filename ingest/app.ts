/** The ingest role: its routes, and the publisher behind them. */
import { Type } from 'typebox';
import { callerOf } from '../platform/http/authenticate.ts';
import type { HttpServer } from '../platform/http/http-server.ts';
import type { Platform } from '../platform/platform.ts';
import { adoptImports } from './import-store.ts';
import { startPublisher, type Publisher } from './publisher.ts';
import { importFileRoutes } from './routes/files.ts';
import { importRoutes } from './routes/imports.ts';
import { inspectRoutes } from './routes/inspect.ts';
import { profileRoutes } from './routes/profiles.ts';
import { undoRoutes } from './routes/undo.ts';
import { loadSampleData } from './sample-data.ts';

/** Starts publishing what is accepted, what a predecessor has left first. */
export async function startIngest(platform: Platform): Promise<Publisher> {
  if (platform.alone) await adoptImports(platform);
  return startPublisher(platform);
}

export function ingestRoutes(platform: Platform, publisher: Publisher, uploadBytesMax: number) {
  return async (app: HttpServer): Promise<void> => {
    await importRoutes(app, { platform, publisher, uploadBytesMax });
    await importFileRoutes(app, platform);
    await undoRoutes(app, platform.postgres, publisher);
    await inspectRoutes(app, platform);
    await profileRoutes(app, platform.postgres);
    app.post(
      '/v1/sample-data',
      {
        schema: {
          tags: ['imports'],
          operationId: 'loadSampleData',
          summary: 'Load the sample data',
          response: { 202: Type.Object({ imports: Type.Array(Type.String()) }) },
        },
      },
      async (request, reply) => {
        const imports = await loadSampleData(platform, callerOf(request).name, uploadBytesMax);
        publisher.wake();
        return reply.code(202).send({ imports });
      },
    );
  };
}
