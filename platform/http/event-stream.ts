/** Server-sent events (WHATWG HTML, 9.2): one JSON object per message, a comment as heartbeat, an end when the reader is gone. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Proxies close connections that are silent for 30 to 60 seconds. */
const HEARTBEAT_MS = 15_000;

export interface EventStream {
  /** Fires when the reader has gone or the server is closing. */
  readonly signal: AbortSignal;
  send(data: unknown): void;
  end(): void;
}

/** Takes the connection over from Fastify. A reader too slow to take what is sent is disconnected and comes back by itself. */
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
  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  const stop = () => {
    clearInterval(heartbeat);
    gone.abort();
  };
  raw.once('close', stop);
  const { closing } = request.server;
  const onClosing = () => raw.end();
  closing.addEventListener('abort', onClosing, { once: true });
  gone.signal.addEventListener('abort', () => closing.removeEventListener('abort', onClosing), { once: true });
  return {
    signal: gone.signal,
    send: (data) => write(`data: ${JSON.stringify(data)}\n\n`),
    end: () => {
      raw.end();
      stop();
    },
  };
}

/** Messages are small; a reader this far behind does not read. */
const SLOW_READER_BYTES = 1_000_000;

/** Ends all streams when the server begins to close: open ones would keep it from ever closing. */
export function registerEventStreams(server: FastifyInstance): void {
  const closing = new AbortController();
  server.decorate('closing', closing.signal);
  server.addHook('preClose', async () => closing.abort());
}

declare module 'fastify' {
  interface FastifyInstance {
    closing: AbortSignal;
  }
}
