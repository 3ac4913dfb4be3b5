/** `/v1/live`: server-sent events about what arrives. */
import { READERS } from '../../platform/access/roles.ts';
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { scopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import { type EventStream, startEventStream } from '../../platform/http/event-stream.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Live } from '../../schemas/http/operations.ts';
import { LiveFeed } from '../live-feed.ts';

/** Open pages of one installation; each costs a socket and four writes a second. */
const WATCHERS_MAX = 500;
/** Of these one customer has so many, which is everybody there with a page or two: no customer takes what is left from all others. */
const WATCHERS_OF_CUSTOMER_MAX = 50;
/** Closing a page takes that long. */
const RETRY_SECONDS = 5;

export function registerLive(server: HttpServer, platform: Platform): void {
  const feed = new LiveFeed(platform);
  // Before the server waits for its connections, and before the stores close.
  server.addHook('preClose', () => feed.close());

  server.get('/v1/live', {
    // A HEAD of an endless answer would be a connection held for nothing.
    exposeHeadRoute: false,
    config: { access: READERS },
    schema: {
      operationId: 'watchLive',
      summary: 'What arrives, as server-sent events',
      description:
        'Each message is `{ asOf, rowsPerSecond, lag }`: one at the start, then at most four a second, and at least one in some seconds. The stream ends when this cannot be told any more, and with an event `ended`, whose data is a problem, when the session or key ends.',
      tags: ['operations'],
      produces: ['text/event-stream'],
      response: { 200: Type.String() },
    },
    handler: async (request, reply) => {
      const { customer } = scopeOf(callerOf(request));
      requireRoom(feed, customer);
      const opened: { stream?: EventStream; isLost?: true } = {};
      // How much others send is none of a customer's business.
      const told = (message: Live): Live => (customer === undefined ? message : { asOf: message.asOf, rowsPerSecond: null, lag: null });
      const { now, stop } = await feed.watch({
        customer,
        take: (message) => opened.stream?.send(told(message)),
        lost: () => {
          opened.isLost = true;
          opened.stream?.end();
        },
      });
      const stream = startEventStream(request, reply);
      opened.stream = stream;
      stream.signal.addEventListener('abort', stop, { once: true });
      stream.send(told(now));
      if (opened.isLost) stream.end();
      return reply;
    },
  });
}

function requireRoom(feed: LiveFeed, customer: string | undefined): void {
  if (feed.watchers >= WATCHERS_MAX)
    throw new ProblemError('store_unavailable', `${WATCHERS_MAX} pages are already watching. Close some, or ask /v1/pipeline instead.`);
  if (customer === undefined || feed.watchersOf(customer) < WATCHERS_OF_CUSTOMER_MAX) return;
  throw new ProblemError('too_many_requests', `${WATCHERS_OF_CUSTOMER_MAX} pages of yours are already watching. Close some.`, {
    retryAfterSeconds: RETRY_SECONDS,
  });
}
