/**
 * `Expect: 100-continue` (RFC 9110, 10.1.1), as curl sends it before a large file: the client is told to go on once the request has
 * passed everything that needs no body, so that a refusal costs it no upload. Node by itself says so before anything was looked at.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpServer } from './http-server.ts';

export function registerExpectContinue(server: HttpServer): void {
  const waiting = new WeakSet<IncomingMessage>();

  server.server.on('checkContinue', (request, response) => {
    waiting.add(request);
    server.routing(request, response);
  });
  // After sign-in and whatever else is asked in `onRequest`, before the body is read.
  server.addHook('preParsing', async (request, reply) => {
    if (waiting.delete(request.raw)) reply.raw.writeContinue();
  });
  server.addHook('onSend', async (request, reply) => {
    // The body does not come any more, and the next request of this connection could not be told from it. A client that has lost
    // patience is sending already: then the connection has to stay open until it has the answer.
    if (waiting.has(request.raw) && request.raw.readableLength === 0) void reply.header('connection', 'close');
  });
}
