/**
 * Receiving an upload: spooled to the file store and hashed while it arrives, unpacked when it is a .gz.
 *
 * Nothing of it is used before it is there as a whole: a body that ends before its declared length fails here.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ProblemError, type ProblemCode } from '../core/errors.ts';
import { isConnectionError } from '../platform/http/problems.ts';
import type { FilePart, FileStore } from '../platform/file-store/file-store.ts';
import type { Receipt } from './import-store.ts';

/** A text may be this many times larger than its .gz: usage files shrink 5 to 40 times, a bomb 1,000 times. */
const GZIP_RATIO_MAX = 200;
/** Below this size the ratio says nothing. */
const GZIP_RATIO_FROM_BYTES = 10_000_000;

export interface Upload {
  stream: Readable;
  /** True once the multipart parser has cut the file at its limit. */
  truncated?: () => boolean;
}

export interface ReceiveOptions {
  bytesMax: number;
  /** Fires when the upload was given up by another replica: nobody would use the rest. */
  lost: AbortSignal;
}

/** The text of the import: where later readers find it. */
export function contentPart(compressed: boolean): FilePart {
  return compressed ? 'content' : 'original';
}

/** Stores `original`, and `content` if compressed. Throws a ProblemError for what the sender can mend. */
export async function receive(files: FileStore, importId: string, upload: Upload, options: ReceiveOptions): Promise<Receipt> {
  const { bytesMax } = options;
  const hash = createHash('sha256');
  const head: Uint8Array[] = [];
  let bytes: number;
  try {
    ({ bytes } = await files.write(importId, 'original', tee(upload, options, hash, head)));
  } catch (error) {
    throw uploadProblem(error);
  }
  if (upload.truncated?.()) throw tooLarge(bytesMax);
  const compressed = isGzip(Buffer.concat(head));
  const receipt = compressed ? await unpack(files, importId, bytes, options) : { contentBytes: bytes, sha256: hash.digest('hex') };
  return { bytes, compressed, ...receipt };
}

export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

async function* tee(upload: Upload, { bytesMax, lost }: ReceiveOptions, hash: Hash, head: Uint8Array[]): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let headBytes = 0;
  for await (const chunk of upload.stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    if (lost.aborted) throw uploadLost();
    if (headBytes < 2) {
      head.push(chunk.subarray(0, 2));
      headBytes += chunk.byteLength;
    }
    hash.update(chunk);
    yield chunk;
  }
}

/** The hash is of the text, so that a file and its .gz are the same file. */
async function unpack(
  files: FileStore,
  importId: string,
  packedBytes: number,
  options: ReceiveOptions,
): Promise<{ contentBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const packed = await files.read(importId, 'original');
  const text = packed.pipe(createGunzip());
  packed.on('error', (error) => text.destroy(error));
  try {
    const { bytes } = await files.write(importId, 'content', measured(text, packedBytes, options, hash));
    return { contentBytes: bytes, sha256: hash.digest('hex') };
  } catch (error) {
    if (error instanceof ProblemError || !isZlibError(error)) throw storeProblem(error);
    throw new ProblemError(
      'corrupt_gzip',
      `The .gz cannot be unpacked (${error.code}). Pack it again, check it with gzip -t, and upload it once more.`,
      { cause: error },
    );
  } finally {
    packed.destroy();
  }
}

async function* measured(text: Readable, packedBytes: number, { bytesMax, lost }: ReceiveOptions, hash: Hash): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of text as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    if (lost.aborted) throw uploadLost();
    if (bytes > GZIP_RATIO_FROM_BYTES && bytes > packedBytes * GZIP_RATIO_MAX) {
      throw new ProblemError(
        'decompression_bomb',
        `The .gz unpacks to more than ${GZIP_RATIO_MAX} times its size, which no usage file does. Upload it unpacked.`,
      );
    }
    hash.update(chunk);
    yield chunk;
  }
}

function tooLarge(bytesMax: number): ProblemError {
  return new ProblemError('file_too_large', `The file is larger than ${bytesMax} bytes. Split it, or raise TALLYLINE_UPLOAD_BYTES_MAX.`);
}

/** Codes with which Node and busboy say that the sender stopped in the middle. */
const CUT_CODES: readonly string[] = [
  'ECONNRESET',
  'ERR_STREAM_PREMATURE_CLOSE',
  'HPE_INVALID_EOF_STATE',
  'FST_REQ_ABORTED',
  'ERR_STREAM_DESTROYED',
];

function uploadProblem(error: unknown): unknown {
  if (error instanceof ProblemError) return error;
  const { code, message } = error as { code?: string; message?: string };
  // busboy gives its errors no code.
  if (CUT_CODES.includes(code ?? '') || message === 'Unexpected end of form' || message === 'aborted') {
    return new ProblemError(
      'upload_incomplete' satisfies ProblemCode,
      'The upload ended before the whole file had arrived. Nothing was published; upload it again.',
      { cause: error },
    );
  }
  return storeProblem(error);
}

/** The file store's trouble, in words that help the sender. */
function storeProblem(error: unknown): unknown {
  if (error instanceof ProblemError || !isConnectionError(error)) return error;
  const { code } = error as { code?: string };
  return new ProblemError(
    'store_unavailable',
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'There is no room left for the file. Nothing was published; free some space and upload it again.'
      : 'The file could not be written down. Nothing was published; upload it again.',
    { cause: error },
  );
}

/** The process was silent for so long that its uploads were given up. */
export function uploadLost(cause?: unknown): ProblemError {
  return new ProblemError(
    'store_unavailable',
    'This server lost its hold on the upload while it could not reach Postgres. Nothing was published; upload it again.',
    { cause },
  );
}

function isZlibError(error: unknown): error is NodeJS.ErrnoException {
  return typeof (error as NodeJS.ErrnoException).code === 'string' && ((error as NodeJS.ErrnoException).code as string).startsWith('Z_');
}
