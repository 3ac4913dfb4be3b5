/** The part of a body that is of no more use. */
import type { Readable } from 'node:stream';

/** Who goes on sending after this much is cut off. */
const DROPPED_BYTES_MAX = 1_000_000_000;

/** Many clients read the answer only once they have sent everything; so the rest is let in and dropped, up to a point. */
export function dropRest(body: Readable): void {
  if (body.readableEnded || body.destroyed) return;
  let bytes = 0;
  body.on('error', () => undefined);
  body.on('data', (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
    if (bytes > DROPPED_BYTES_MAX) body.destroy();
  });
}
