/** The part of a body that is of no more use. */
import type { Readable } from 'node:stream';

/** An upload that was refused: its sender reads the answer when all of it is sent. */
const DROPPED_BYTES_MAX = 1_000_000_000;
/** And so is who sends less than this in that time: that is no client on its way to its answer. */
const PIECE_BYTES_MIN = 30_000;
const PIECE_MS = 30_000;

export interface DropOptions {
  /** What is cut off: the request, where the body is a part of a form in it. */
  connection?: Readable;
  pieceMs?: number;
  /** Who goes on sending after this much is cut off. */
  bytesMax?: number;
}

/** Many clients read the answer only once they have sent everything; so the rest is let in and dropped, up to a point. */
export function dropRest(body: Readable, { connection = body, pieceMs = PIECE_MS, bytesMax = DROPPED_BYTES_MAX }: DropOptions = {}): void {
  if (body.readableEnded || body.destroyed) return;
  let bytes = 0;
  let bytesBefore = 0;
  const timer = setInterval(() => {
    if (bytes - bytesBefore < PIECE_BYTES_MIN) connection.destroy();
    bytesBefore = bytes;
  }, pieceMs).unref();
  const stop = () => clearInterval(timer);
  body.once('end', stop).once('close', stop);
  body.on('error', () => undefined);
  body.on('data', (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) connection.destroy();
  });
}
