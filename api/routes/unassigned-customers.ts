/** `/v1/unassigned-customers`: how many wait to be set up, for the navigation of every page. */
import { STAFF } from '../../platform/access/roles.ts';
import { staffScopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { UnassignedCustomers } from '../../schemas/http/customers.ts';
import { countUnassigned } from '../queries/customers.ts';

export function registerUnassignedCustomers(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/unassigned-customers', {
    config: { access: STAFF },
    schema: {
      operationId: 'countUnassignedCustomers',
      summary: 'How many customers were seen in usage and are not set up yet',
      tags: ['customers'],
      response: { 200: UnassignedCustomers },
    },
    handler: (request) => countUnassigned(postgres, staffScopeOf(callerOf(request))),
  });
}
