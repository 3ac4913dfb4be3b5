/** Server-sent events (WHATWG HTML, 9.2): one JSON object per message, a comment as heartbeat, an end when the reader is gone. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemBody, toProblemError } from './problems.ts';
import { holdRight } from './rights.ts';

/** Proxies close connections that are silent for 30 to 60 seconds. */
const HEARTBEAT_MS = 15_000;

export interface EventStream {
  /** Fires when the reader has gone or the server is closing. */
  readonly signal: AbortSignal;
  send(data: unknown): void;
  end(): void;
}

/**
 * Takes the connection over from Fastify, until the server closes: it could not as long as one is open. A reader too slow to take what is sent is
 * disconnected and comes back by itself; one whose session, key or link has ended is told so by a last event `ended`, with the problem that its next
 * call meets.
 */
export function startEventStream(request: FastifyRequest, reply: FastifyReply): EventStream {
  const gone = new AbortController();
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-request-id': request.id,
    // A connection kept alive after the stream has ended would keep a closing server waiting for its idle timeout.
    connection: 'close',
  });
  raw.flushHeaders();
  const write = (text: string) => {
    if (gone.signal.aborted) return;
    if (!raw.write(text) && raw.writableLength > SLOW_READER_BYTES) raw.destroy();
  };
  const right = holdRight(request);
  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  const stop = () => {
    clearInterval(heartbeat);
    right.release();
    gone.abort();
  };
  raw.once('close', stop);
  const { closing } = request.server;
  const onClosing = () => raw.end();
  closing.addEventListener('abort', onClosing, { once: true });
  gone.signal.addEventListener('abort', () => closing.removeEventListener('abort', onClosing), { once: true });
  const end = () => {
    raw.end();
    stop();
  };
  const onEnded = () => {
    write(`event: ended\ndata: ${JSON.stringify(problemBody(toProblemError(right.ended.reason), request.id))}\n\n`);
    end();
    const cut = setTimeout(() => raw.destroy(), LAST_WORDS_MS);
    raw.once('close', () => clearTimeout(cut));
  };
  right.ended.addEventListener('abort', onEnded, { once: true });
  return {
    signal: gone.signal,
    send: (data) => write(`data: ${JSON.stringify(data)}\n\n`),
    end,
  };
}

/** A reader who does not take the last event by then is cut off, and what still waits for it dropped. */
const LAST_WORDS_MS = 5_000;

/** Messages are small; a reader this far behind does not read. */
const SLOW_READER_BYTES = 1_000_000;
