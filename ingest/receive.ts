/**
 * Receiving an upload: spooled to the file store and hashed while it arrives; where it is a .gz or no UTF-8, its text is stored too.
 *
 * Nothing of it is used before it is there as a whole: a body that ends before its declared length fails here.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { UploadLimits } from '../config-limits.ts';
import { ProblemError, type ProblemCode } from '../core/errors.ts';
import { isConnectionError } from '../platform/http/problems.ts';
import type { FileStore } from '../platform/file-store/file-store.ts';
import { TextDecoding } from './csv/decode-text.ts';
import { detectEncoding, HEAD_BYTES_MAX } from './csv/encoding.ts';
import { corruptGzip, isZlibError, requirePadding } from './gzip.ts';
import type { Receipt } from './import-store.ts';
import type { UploadPace } from './upload-pace.ts';

/** Below this size the ratio says nothing. */
const GZIP_RATIO_FROM_BYTES = 10_000_000;

export interface Upload {
  stream: Readable;
  /** True once the multipart parser has cut the file at its limit. */
  truncated?: () => boolean;
  /** Undefined where it comes from nobody's network. */
  pace?: UploadPace;
}

export interface ReceiveOptions {
  limits: Pick<UploadLimits, 'bytesMax' | 'unpackedBytesMax' | 'gzipRatioMax'>;
  /** As declared. */
  encoding: string | undefined;
  /** Fires when the upload was given up by another replica: nobody would use the rest. */
  lost: AbortSignal;
}

/**
 * Stores `original`, and `content` if the text is compressed or in another encoding than UTF-8. Throws a ProblemError for what the sender
 * can mend; that the encoding cannot be read is for the receipt to say, as the file is there.
 */
export async function receive(files: FileStore, importId: string, upload: Upload, options: ReceiveOptions): Promise<Receipt> {
  const hash = createHash('sha256');
  const head = new Head();
  let bytes: number;
  try {
    ({ bytes } = await files.write(importId, 'original', tee(upload, options, hash, head)));
  } catch (error) {
    throw uploadProblem(error);
  }
  if (upload.truncated?.()) throw tooLarge(options);
  const start = head.bytes();
  if (isGzip(start)) return { bytes, compressed: true, ...(await unpack(files, importId, bytes, options)) };
  const encoding = detectEncoding(start, options.encoding, bytes === start.length);
  const received = { bytes, compressed: false, sha256: hash.digest('hex') };
  if (!encoding.ok || encoding.encoding === 'utf-8') return { ...received, contentBytes: bytes, encoding };
  return { ...received, ...(await decode(files, importId, options)) };
}

/** The first bytes of what passes, one more than detection looks at. */
class Head {
  readonly #chunks: Uint8Array[] = [];
  #missing = HEAD_BYTES_MAX + 1;

  push(chunk: Uint8Array): void {
    if (this.#missing === 0) return;
    const taken = chunk.subarray(0, this.#missing);
    this.#chunks.push(taken);
    this.#missing -= taken.length;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** The body as it comes. Throws `upload_too_slow`. The stream is left open, for whoever drops the rest of it. */
export async function* chunksOf({ stream, pace }: Upload): AsyncGenerator<Uint8Array> {
  const chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array, undefined>;
  const next = () => chunks.next();
  try {
    for (;;) {
      const { done, value } = await (pace === undefined ? next() : pace.wait(next));
      if (done) return;
      yield value;
    }
  } finally {
    // Not waited for: where the body came too slowly, it has to wait for the next chunk itself.
    void chunks.return?.();
  }
}

async function* tee(upload: Upload, options: ReceiveOptions, hash: Hash, head: Head): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunksOf(upload)) {
    bytes += chunk.byteLength;
    if (bytes > options.limits.bytesMax) throw tooLarge(options);
    if (options.lost.aborted) throw uploadLost();
    head.push(chunk);
    hash.update(chunk);
    yield chunk;
  }
}

/** The hash is of what was packed, so that a file and its .gz are the same file. */
async function unpack(
  files: FileStore,
  importId: string,
  packedBytes: number,
  options: ReceiveOptions,
): Promise<Pick<Receipt, 'contentBytes' | 'sha256' | 'encoding'>> {
  const hash = createHash('sha256');
  const decoding = new TextDecoding(options.encoding);
  const packed = await files.read(importId, 'original');
  const text = packed.pipe(createGunzip());
  packed.on('error', (error) => text.destroy(error));
  try {
    const rest = () => (text.bytesWritten === packedBytes ? [] : files.read(importId, 'original', { start: text.bytesWritten }));
    const chunks = upToPadding(measured(text, packedBytes, options, hash), rest);
    const { bytes } = await files.write(importId, 'content', decoding.read(chunks));
    return { contentBytes: bytes, sha256: hash.digest('hex'), encoding: decoding.outcome };
  } catch (error) {
    if (error instanceof ProblemError || !isZlibError(error)) throw storeProblem(error);
    throw corruptGzip(error);
  } finally {
    packed.destroy();
  }
}

/** `rest`: what is packed behind the last chunk. */
async function* upToPadding(
  chunks: AsyncIterable<Uint8Array>,
  rest: () => Iterable<Uint8Array> | Promise<Readable>,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  await requirePadding(await rest());
}

/** The text of an upload that is not packed, in UTF-8: at most three times its bytes. */
async function decode(files: FileStore, importId: string, options: ReceiveOptions): Promise<Pick<Receipt, 'contentBytes' | 'encoding'>> {
  const decoding = new TextDecoding(options.encoding);
  const source = await files.read(importId, 'original');
  try {
    const { bytes } = await files.write(importId, 'content', decoding.read(whileHeld(source, options)));
    return { contentBytes: bytes, encoding: decoding.outcome };
  } catch (error) {
    throw storeProblem(error);
  } finally {
    source.destroy();
  }
}

async function* whileHeld(source: Readable, { lost }: ReceiveOptions): AsyncGenerator<Uint8Array> {
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    if (lost.aborted) throw uploadLost();
    yield chunk;
  }
}

async function* measured(text: Readable, packedBytes: number, { limits, lost }: ReceiveOptions, hash: Hash): AsyncGenerator<Uint8Array> {
  const { unpackedBytesMax, gzipRatioMax } = limits;
  let bytes = 0;
  for await (const chunk of text as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > unpackedBytesMax) {
      throw new ProblemError(
        'file_too_large',
        `The text of the .gz is larger than ${unpackedBytesMax} bytes. Split it, or raise TALLYLINE_UNPACKED_BYTES_MAX.`,
      );
    }
    if (lost.aborted) throw uploadLost();
    if (bytes > GZIP_RATIO_FROM_BYTES && bytes > packedBytes * gzipRatioMax) {
      throw new ProblemError(
        'decompression_bomb',
        `The .gz unpacks to more than ${gzipRatioMax} times its size (TALLYLINE_GZIP_RATIO_MAX), which is rare in usage files. Upload it unpacked.`,
      );
    }
    hash.update(chunk);
    yield chunk;
  }
}

function tooLarge({ limits: { bytesMax } }: ReceiveOptions): ProblemError {
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
