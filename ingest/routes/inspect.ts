/** `POST /v1/imports/inspect`: how a file would be read, from its head. Publishes nothing and keeps nothing. */
import type { UploadLimits } from '../../config-limits.ts';
import { SENDERS } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Inspection, InspectQuery } from '../../schemas/http/imports.ts';
import type { ReadingLimits } from '../../schemas/http/imports.ts';
import { inspectHead } from '../csv/inspect.ts';
import { givenMapping } from '../interpret.ts';
import { listProfiles } from '../profiles.ts';
import { readUploadHead } from '../upload-head.ts';
import type { UploadSlots } from '../upload-slots.ts';
import { registerUploads, withUpload } from './uploads.ts';

/** What is read of a body; the rest is not waited for. Room for the rows asked for if they have 2 KB each, which wide cloud bills do. */
const HEAD_BYTES_MIN = 4_194_304;
const HEAD_BYTES_PER_ROW = 2048;

export interface InspectOptions {
  platform: Platform;
  slots: UploadSlots;
  uploadLimits: UploadLimits;
  readingLimits: ReadingLimits | undefined;
}

export async function inspectRoutes(app: HttpServer, { platform, slots, uploadLimits, readingLimits }: InspectOptions): Promise<void> {
  const { postgres, clock } = platform;
  await app.register(async (uploads: HttpServer) => {
    await registerUploads(uploads, { slots, fileBytesMax: Number.MAX_SAFE_INTEGER });
    uploads.post(
      '/v1/imports/inspect',
      {
        config: { access: SENDERS },
        schema: {
          tags: ['imports'],
          operationId: 'inspectFile',
          summary: 'How a file would be read, and why',
          description:
            'Reads the beginning of the body, at least 4 MB of it, and publishes nothing. What the beginning leaves in doubt is an error `undetected_…`, whose message names the option that settles it.',
          querystring: InspectQuery,
          response: { 200: Inspection },
        },
      },
      (request, reply) =>
        slots.during(request.raw, async () => {
          const { limit = 50, mapping, profile, ...reading } = request.query;
          const declared = { ...reading, limits: readingLimits };
          const given = await givenMapping(postgres, { mapping, profile });
          const profiles = given === undefined ? await listProfiles(postgres) : [];
          const bytesMax = Math.max(HEAD_BYTES_MIN, limit * HEAD_BYTES_PER_ROW);
          const { head, complete } = await withUpload({ request, reply, limits: uploadLimits, clock }, (upload) =>
            readUploadHead(upload, bytesMax),
          );
          const outcome = await inspectHead({ head, complete, declared, mapping: given, limit, nowMs: clock.now().getTime(), profiles });
          if (!outcome.ok) throw new ProblemError(outcome.fault.code, outcome.fault.message);
          return outcome.inspection;
        }),
    );
  });
}
