/** `POST /v1/imports/inspect`: how a file would be read, from its head. Publishes nothing and keeps nothing. */
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Inspection, InspectQuery } from '../../schemas/http/imports.ts';
import { inspectHead } from '../csv/inspect.ts';
import { givenMapping } from '../interpret.ts';
import { isGzip } from '../receive.ts';
import { dropRest } from '../drop-rest.ts';
import { openUpload, registerUploads } from './uploads.ts';

/** What is read of a body: room for 10,000 rows of 400 bytes. The rest is not waited for. */
const HEAD_BYTES_MAX = 4_194_304;

export async function inspectRoutes(app: HttpServer, { postgres, clock }: Platform): Promise<void> {
  await app.register(async (uploads: HttpServer) => {
    await registerUploads(uploads, Number.MAX_SAFE_INTEGER);
    uploads.post(
      '/v1/imports/inspect',
      {
        schema: {
          tags: ['imports'],
          operationId: 'inspectFile',
          summary: 'How a file would be read, and why',
          querystring: InspectQuery,
          response: { 200: Inspection },
        },
      },
      async (request) => {
        const { limit = 50, mapping, profile, ...declared } = request.query;
        const given = await givenMapping(postgres, { mapping, profile });
        const upload = await openUpload(request);
        const { head, complete } = await readHead(upload.stream);
        const outcome = await inspectHead({ head, complete, declared, mapping: given, limit, nowMs: clock.now().getTime() });
        if (!outcome.ok) throw new ProblemError(outcome.fault.code, outcome.fault.message);
        return outcome.inspection;
      },
    );
  });
}

/** The beginning of the text, unpacked where it is a .gz. A packed body that is cut short gives what it holds. */
async function readHead(source: Readable): Promise<{ head: Buffer; complete: boolean }> {
  const packed = await take(source);
  if (!isGzip(packed.head)) return packed;
  try {
    const text = await take(Readable.from([packed.head]).pipe(createGunzip({ finishFlush: packed.complete ? undefined : SYNC_FLUSH })));
    return { head: text.head, complete: text.complete && packed.complete };
  } catch (error) {
    throw new ProblemError('corrupt_gzip', 'The .gz cannot be unpacked. Pack it again, and check it with gzip -t.', { cause: error });
  }
}

/** zlib's Z_SYNC_FLUSH: an input that ends early is no error. */
const SYNC_FLUSH = 2;

async function take(source: Readable): Promise<{ head: Buffer; complete: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= HEAD_BYTES_MAX) {
      dropRest(source);
      return { head: Buffer.concat(chunks).subarray(0, HEAD_BYTES_MAX), complete: false };
    }
  }
  return { head: Buffer.concat(chunks), complete: true };
}
