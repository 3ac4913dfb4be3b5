/** `/v1/imports/{id}/customers`: whose usage a file has brought, and which invoices bill it. */
import { ProblemError } from '../../core/errors.ts';
import { STAFF } from '../../platform/access/roles.ts';
import { staffScopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { ImportCustomers, ImportCustomersQuery } from '../../schemas/http/import-customers.ts';
import { encodeOpaque, readIdCursor, toPage } from '../cursor.ts';
import { listImportCustomers } from '../queries/import-customers.ts';
import { findStoredImport } from '../queries/imports.ts';

export function registerImportCustomers(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/imports/:id/customers', {
    config: { access: STAFF },
    schema: {
      operationId: 'listImportCustomers',
      summary: 'Whose usage an import has brought, by customer id, and the drafts and final invoices that bill it',
      description: 'Empty for an import that was undone, or brought nothing that was new.',
      tags: ['imports'],
      params: NumberParams,
      querystring: ImportCustomersQuery,
      response: { 200: ImportCustomers },
    },
    handler: async (request) => {
      const { id } = request.params;
      const { cursor, limit = 50 } = request.query;
      const after = readIdCursor('import customer', cursor);
      if ((await findStoredImport(postgres, id)) === undefined) throw new ProblemError('not_found', `There is no import ${id}.`);
      const customers = await listImportCustomers(postgres, staffScopeOf(callerOf(request)), id, { after, customers: limit + 1 });
      return toPage(customers, limit, (customer) => encodeOpaque('import customer', [customer.id]));
    },
  });
}
