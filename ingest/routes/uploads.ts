/** The body of an upload, however it was sent: raw, or as the first file of a multipart form. */
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import multipart from '@fastify/multipart';
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { Upload } from '../receive.ts';

export interface NamedUpload extends Upload {
  /** File name of the form part, where there is one. */
  fileName: string | undefined;
}

/** Makes the scope's routes take any body as a stream. */
export async function registerUploads(app: HttpServer, bytesMax: number): Promise<void> {
  app.removeAllContentTypeParsers();
  // One file; a field or two beside it are let pass and not used.
  await app.register(multipart, { limits: { files: 1, fields: 20, fieldSize: 100_000, fileSize: bytesMax, headerPairs: 100 } });
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}

export async function openUpload(request: FastifyRequest): Promise<NamedUpload> {
  if (!request.isMultipart()) {
    // A request without a body has no parser run over it; its stream just ends.
    return { stream: (request.body as Readable | undefined) ?? request.raw, fileName: undefined };
  }
  const part = await request.file();
  if (!part)
    throw new ProblemError(
      'invalid_request',
      'The form has no file. Send it as a part of its own, for example with curl -F file=@usage.csv',
    );
  return { stream: part.file, fileName: part.filename, truncated: () => part.file.truncated };
}
