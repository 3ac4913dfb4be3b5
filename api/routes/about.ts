/** `/v1/about`: what runs here, for whoever looks after it. */
import { STAFF } from '../../platform/access/roles.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import { About } from '../../schemas/http/operations.ts';

export function registerAbout(server: HttpServer, about: About): void {
  server.get('/v1/about', {
    config: { access: STAFF },
    schema: {
      operationId: 'getAbout',
      summary: 'Version, mode, the roles of the process that answers, and where it keeps its data',
      tags: ['operations'],
      response: { 200: About },
    },
    handler: async () => about,
  });
}
