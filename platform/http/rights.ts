/** Answers that last (streams, exports, waiting) end when the credential that they were asked for with does. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CredentialWatch, type Right } from '../access/credential-watch.ts';
import type { Platform } from '../platform.ts';
import { isStream } from './answer-times.ts';

declare module 'fastify' {
  interface FastifyInstance {
    credentials: CredentialWatch;
  }
}

/** Of a public route, nobody's: it does not end. */
export function holdRight({ server, caller }: FastifyRequest): Right {
  return caller === null ? { ended: new AbortController().signal, release: () => undefined } : server.credentials.hold(caller);
}

export function registerRights(server: FastifyInstance, { postgres, clock, logger }: Platform): void {
  const credentials = new CredentialWatch({ postgres, clock, logger });
  server.decorate('credentials', credentials);
  server.addHook('preClose', () => credentials.close());
  // Files and exports last as long as their reader takes something now and then. Cut off, so that no part passes for the whole.
  server.addHook('onSend', async (request, { raw }, payload) => {
    if (request.caller === null || !isStream(payload)) return;
    const { ended, release } = holdRight(request);
    ended.addEventListener('abort', () => raw.destroy(), { once: true });
    raw.once('close', release);
  });
}
