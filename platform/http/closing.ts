/** A server that closes: whoever waits in it is told, and who still comes in over an open connection is sent away. */
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../../core/errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Fires when the server begins to close. */
    closing: AbortSignal;
  }
}

/** Before all hooks that look anything up. The server itself has to let such calls in (`return503OnClosing: false`): what it says is no problem body. */
export function refuseWhileClosing(server: FastifyInstance): void {
  const closing = new AbortController();
  server.decorate('closing', closing.signal);
  server.addHook('preClose', async () => closing.abort());
  server.addHook('onRequest', async () => {
    if (closing.signal.aborted) throw new ProblemError('stopping', 'This server is stopping. Try again in a moment.');
  });
}
