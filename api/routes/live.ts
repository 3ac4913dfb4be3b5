/** `/v1/live`: server-sent events about what arrives. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { type EventStream, startEventStream } from '../../platform/http/event-stream.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { LiveFeed } from '../live-feed.ts';

/** Open pages of one installation; each costs a socket and four writes a second. */
const WATCHERS_MAX = 500;

export function registerLive(server: HttpServer, platform: Platform): void {
  const feed = new LiveFeed(platform);
  // Before the server waits for its connections, and before the stores close.
  server.addHook('preClose', () => feed.close());

  server.get('/v1/live', {
    // A HEAD of an endless answer would be a connection held for nothing.
    exposeHeadRoute: false,
    schema: {
      operationId: 'watchLive',
      summary: 'What arrives, as server-sent events',
      description: 'Each message is `{ asOf, rowsPerSecond, lag }`: one at the start, then at most four a second.',
      tags: ['operations'],
      produces: ['text/event-stream'],
      response: { 200: Type.String() },
    },
    handler: async (request, reply) => {
      if (feed.watchers >= WATCHERS_MAX)
        throw new ProblemError('store_unavailable', `${WATCHERS_MAX} pages are already watching. Close some, or ask /v1/pipeline instead.`);
      const opened: { stream?: EventStream } = {};
      const { now, stop } = await feed.watch((message) => opened.stream?.send(message));
      const stream = startEventStream(request, reply);
      opened.stream = stream;
      stream.signal.addEventListener('abort', stop, { once: true });
      stream.send(now);
      return reply;
    },
  });
}
