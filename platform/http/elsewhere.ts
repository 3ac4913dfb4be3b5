/** Routes of a role that another process runs. */
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from './http-server.ts';

/**
 * Registers the routes of a role that is not run here. They stand in the OpenAPI document, which is thus the same whichever process
 * is asked for it; a call is told where it belongs, and no handler ever runs.
 */
export function elsewhere(role: string, routes: (server: HttpServer) => Promise<void>): (server: HttpServer) => Promise<void> {
  return async (server) => {
    server.addHook('onRequest', async ({ method, url }) => {
      const path = url.split('?', 1)[0] ?? '';
      throw new ProblemError(
        'not_found',
        `${method} ${path} belongs to the role ${role}, which this process does not run (--roles). Send it to one that does, or to the gateway.`,
      );
    });
    await routes(server);
  };
}
