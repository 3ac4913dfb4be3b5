/** The ingest role: its routes, and the publisher behind them. */
import { Type } from 'typebox';
import { STREAMS_MAX, UPLOAD_LIMITS, type UploadLimits } from '../config-limits.ts';
import { ADMIN } from '../platform/access/roles.ts';
import { actorOf } from '../platform/http/authenticate.ts';
import type { HttpServer } from '../platform/http/http-server.ts';
import type { Platform } from '../platform/platform.ts';
import { withQueryTimeout } from '../platform/postgres/with-timeout.ts';
import type { ReadingLimits } from '../schemas/http/imports.ts';
import { createAdmission } from './admission.ts';
import type { RateAdded } from './dry-run/dry-run.ts';
import { Leases } from './leases.ts';
import { adoptImports } from './lost-uploads.ts';
import { startPublisher, type Publisher } from './publisher.ts';
import { RESOLUTIONS_CHANNEL } from './resolutions.ts';
import { eventRoutes } from './routes/events.ts';
import { importFileRoutes } from './routes/files.ts';
import { rejectedRoutes } from './routes/rejected.ts';
import { importRoutes } from './routes/imports.ts';
import { inspectRoutes } from './routes/inspect.ts';
import { profileRoutes } from './routes/profiles.ts';
import { streamRoutes } from './routes/stream.ts';
import { undoRoutes } from './routes/undo.ts';
import { loadSampleData } from './sample-data.ts';
import { UploadSlots } from './upload-slots.ts';

export interface IngestSettings {
  /** The usual limits where it says nothing; so for the others. */
  uploadLimits?: UploadLimits;
  /** Streams that may be open in this process at a time. */
  streamsMax?: number;
  /** How large the pieces of a file may be. */
  readingLimits?: ReadingLimits;
  /** How long a silent replica keeps the imports that it receives or publishes. */
  leaseSeconds: number;
}

/** Every statement of this role is about one import or a page of them. A replica that waits for ever would keep its leases for ever. */
const QUERY_MS_MAX = 20_000;

/** Starts publishing what is accepted, what a predecessor has left first. */
export async function startIngest(platform: Platform, { leaseSeconds }: Pick<IngestSettings, 'leaseSeconds'>): Promise<Publisher> {
  if (platform.alone) await adoptImports(platform);
  const publisher = startPublisher(impatient(platform), { leaseSeconds });
  // Decisions about conflicts are written down by the api role, perhaps in another process.
  const unlisten = await platform.postgres.listen(RESOLUTIONS_CHANNEL, () => publisher.wake());
  return {
    wake: () => publisher.wake(),
    async stop() {
      await unlisten();
      await publisher.stop();
    },
  };
}

function impatient(platform: Platform): Platform {
  return { ...platform, postgres: withQueryTimeout(platform.postgres, QUERY_MS_MAX) };
}

export function ingestRoutes(
  patient: Platform,
  publisher: Publisher,
  { uploadLimits = UPLOAD_LIMITS, leaseSeconds, readingLimits, streamsMax = STREAMS_MAX }: IngestSettings,
  rateAdded: RateAdded,
) {
  const platform = impatient(patient);
  const { postgres, instance, logger } = platform;
  const leases = new Leases({ postgres, instance, leaseSeconds, logger });
  const streamLeases = new Leases({ postgres, instance: `${instance}.streams`, leaseSeconds, logger });
  const admit = createAdmission(platform);
  const slots = new UploadSlots(uploadLimits.uploadsMax);
  return async (app: HttpServer): Promise<void> => {
    await importRoutes(app, { platform, publisher, leases, admit, slots, uploadLimits, readingLimits, rateAdded });
    await importFileRoutes(app, platform);
    await rejectedRoutes(app, platform);
    await streamRoutes(app, { platform, publisher, leases: streamLeases, admit, readingLimits, streamsMax });
    await eventRoutes(app, { platform, leases: streamLeases, admit });
    await undoRoutes(app, platform, publisher);
    await inspectRoutes(app, { platform, slots, uploadLimits, readingLimits });
    await profileRoutes(app, platform);
    app.post(
      '/v1/sample-data',
      {
        config: { access: ADMIN },
        schema: {
          tags: ['imports'],
          operationId: 'loadSampleData',
          summary: 'Load the sample data',
          response: { 202: Type.Object({ imports: Type.Array(Type.String()) }) },
        },
      },
      async (request, reply) => {
        await admit(0);
        const imports = await loadSampleData(platform, leases, actorOf(request), uploadLimits);
        publisher.wake();
        return reply.code(202).send({ imports });
      },
    );
  };
}
