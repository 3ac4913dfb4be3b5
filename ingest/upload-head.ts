/** The beginning of an upload, as `inspect` looks at it. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { dropRest } from '../platform/http/drop-rest.ts';
import { corruptGzip, isZlibError, requirePadding } from './gzip.ts';
import { chunksOf, isGzip, type Upload } from './receive.ts';

/** zlib's Z_SYNC_FLUSH: an input that ends early is no error. */
const SYNC_FLUSH = 2;

export interface UploadHead {
  head: Buffer;
  /** The head is the whole text. */
  complete: boolean;
}

/** The beginning of the text, unpacked where it is a .gz. A packed body of which only the beginning is read gives what that holds. */
export async function readUploadHead(upload: Upload, bytesMax: number): Promise<UploadHead> {
  const packed = await take(chunksOf(upload), bytesMax);
  // Let in, as the answer is not waited for until all is sent.
  if (!packed.complete) dropRest(upload.stream);
  if (!isGzip(packed.head)) return packed;
  const gunzip = createGunzip({ finishFlush: packed.complete ? undefined : SYNC_FLUSH });
  try {
    const text = await take(Readable.from([packed.head]).pipe(gunzip), bytesMax);
    if (text.complete) await requirePadding([packed.head.subarray(gunzip.bytesWritten)]);
    return { head: text.head, complete: text.complete && packed.complete };
  } catch (error) {
    throw isZlibError(error) ? corruptGzip(error) : error;
  }
}

async function take(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<UploadHead> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= bytesMax) return { head: Buffer.concat(chunks).subarray(0, bytesMax), complete: false };
  }
  return { head: Buffer.concat(chunks), complete: true };
}
