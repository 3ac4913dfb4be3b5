/** The body of an upload, however it was sent: raw, or as the first file of a multipart form. */
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import multipart from '@fastify/multipart';
import type { UploadLimits } from '../../config-limits.ts';
import { ProblemError } from '../../core/errors.ts';
import { storableFault } from '../../core/storable-text.ts';
import { IMPORT_NAME_MAX } from '../../schemas/http/imports.ts';
import type { Clock } from '../../platform/clock.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { Admission } from '../admission.ts';
import { registerBodyStreams } from '../../platform/http/bodies.ts';
import { dropRest } from '../../platform/http/drop-rest.ts';
import type { Upload } from '../receive.ts';
import { UploadPace } from '../upload-pace.ts';
import type { UploadSlots } from '../upload-slots.ts';

export interface NamedUpload extends Upload {
  /** File name of the form part, where there is one. */
  fileName: string | undefined;
}

/** Of the form, where there is one: as long as the name in a query, and of text that is kept as it is. Throws `invalid_request`. */
export function givenFileName({ fileName }: NamedUpload): string | undefined {
  if (fileName === undefined) return undefined;
  const [path, message] = ['file name', `must have at most ${IMPORT_NAME_MAX} characters`];
  const fault = fileName.length > IMPORT_NAME_MAX ? { path, code: 'maxLength', message } : storableFault(fileName, path);
  if (fault) throw new ProblemError('invalid_request', `The ${path} in the form ${fault.message}.`, { errors: [fault] });
  return fileName;
}

export interface UploadScope {
  /** Asked before a place is taken. */
  admit?: Admission;
  slots: UploadSlots;
  fileBytesMax: number;
}

/** Makes the scope's routes take any body as a stream, once there is a place for it. */
export async function registerUploads(app: HttpServer, { admit, slots, fileBytesMax }: UploadScope): Promise<void> {
  registerBodyStreams(app);
  app.removeAllContentTypeParsers();
  // One file; a field or two beside it are let pass and not used.
  await app.register(multipart, { limits: { files: 1, fields: 20, fieldSize: 100_000, fileSize: fileBytesMax, headerPairs: 100 } });
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.addHook('onRequest', async (request, reply) => {
    try {
      await admit?.(Number(request.headers['content-length'] ?? 0));
      slots.take(request.raw, reply.raw);
    } catch (error) {
      dropRest(request.raw);
      throw error;
    }
  });
}

export interface TakenUpload {
  request: FastifyRequest;
  reply: FastifyReply;
  limits: UploadLimits;
  clock: Clock;
}

/**
 * Hands the upload to `use`. What a form has behind its file is dropped, as long as it comes. Where `use` fails, the rest of the body is let in and dropped, unless it comes too slowly for that too.
 */
export async function withUpload<T>({ request, reply, limits, clock }: TakenUpload, use: (upload: NamedUpload) => Promise<T>): Promise<T> {
  const { socket } = request.raw;
  const pace = new UploadPace({ limits, clock, bytesArrived: () => socket.bytesRead });
  let body: Readable = request.raw;
  try {
    const upload = await openUpload(request, pace);
    body = upload.stream;
    const answer = await use(upload);
    if (body !== request.raw) dropRest(request.raw, limits.bytesPerSecondMin === 0 ? {} : { pieceMs: limits.rateWindowMs });
    return answer;
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'upload_too_slow') void reply.header('connection', 'close');
    else dropRest(body, { connection: request.raw });
    throw error;
  }
}

async function openUpload(request: FastifyRequest, pace: UploadPace): Promise<NamedUpload> {
  if (!request.isMultipart()) {
    // A request without a body has no parser run over it; its stream just ends.
    return { stream: (request.body as Readable | undefined) ?? request.raw, pace, fileName: undefined };
  }
  const part = await pace.wait(() => request.file());
  if (!part)
    throw new ProblemError(
      'invalid_request',
      'The form has no file. Send it as a part of its own, for example with curl -F file=@usage.csv',
    );
  return { stream: part.file, pace, fileName: part.filename, truncated: () => part.file.truncated };
}
