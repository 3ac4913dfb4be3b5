/** `/v1/billing-runs`: drafts for all customers of a month. */
import { writeAudit } from '../../platform/access/audit.ts';
import { ADMIN, STAFF } from '../../platform/access/roles.ts';
import { type FieldError, ProblemError } from '../../core/errors.ts';
import { type EveryCustomer, staffScopeOf } from '../../platform/access/scope.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { compareText } from '../../platform/usage-cells.ts';
import { BillingRun, BillingRunInput, BillingRunList, BillingRunPreview } from '../../schemas/http/billing-runs.ts';
import { NumberParams, Page, strictObject } from '../../schemas/http/common.ts';
import { previewRun } from '../billing/run-preview.ts';
import { refuseFaults } from '../field-problem.ts';
import { findRun, listRuns, requestRun } from '../queries/billing-runs.ts';
import { findCustomers } from '../queries/customers.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['invoices'];
/** Of those that a run was asked for, in the audit log; the run itself names all. */
const CUSTOMERS_NAMED = 20;

export function registerBillingRuns(server: HttpServer, platform: Platform): void {
  const { postgres, clock } = platform;
  registerRunPreview(server, platform);
  server.post('/v1/billing-runs', {
    config: { access: ADMIN },
    schema: {
      operationId: 'startBillingRun',
      summary: 'Drafts for all customers of a month',
      description:
        'Repeatable: drafts are replaced, final invoices stay as they are. Follow the run until its state is `done`. A customer that is neither set up nor seen in usage refuses the whole run: 422 `unknown_customer`.',
      tags,
      body: BillingRunInput,
      response: { 202: BillingRun },
    },
    handler: async (request, reply) => {
      const scope = staffScopeOf(callerOf(request));
      const { period, customers } = request.body;
      if (customers !== undefined) refuseFaults('unknown_customer', await unknownCustomers(postgres, scope, customers, clock.now()));
      const by = actorOf(request);
      const run = await postgres.transaction(async (transaction) => {
        const asked = await requestRun(transaction, scope, { month: period, customers, by: by.name });
        const details = { period, customers: asked.customers?.length ?? null, first: asked.customers?.slice(0, CUSTOMERS_NAMED) ?? null };
        await writeAudit(transaction, { at: clock.now(), by, what: 'billing-run.requested', subject: `billing-run/${asked.id}`, details });
        return asked;
      });
      return reply.status(202).header('location', `/v1/billing-runs/${run.id}`).send(run);
    },
  });

  server.get('/v1/billing-runs', {
    config: { access: STAFF },
    schema: {
      operationId: 'listBillingRuns',
      summary: 'Billing runs, newest first',
      tags,
      querystring: strictObject(Page),
      response: { 200: BillingRunList },
    },
    handler: (request) => {
      const scope = staffScopeOf(callerOf(request));
      return pageByNumber('billing-run', request.query, (at) => listRuns(postgres, scope, at));
    },
  });

  server.get('/v1/billing-runs/:id', {
    config: { access: STAFF },
    schema: {
      operationId: 'getBillingRun',
      summary: 'How far a billing run is',
      tags,
      params: NumberParams,
      response: { 200: BillingRun },
    },
    handler: async (request) => {
      const { id } = request.params;
      const run = await findRun(postgres, staffScopeOf(callerOf(request)), id);
      if (run === undefined) throw new ProblemError('not_found', `There is no billing run ${id}.`);
      return run;
    },
  });
}

function registerRunPreview(server: HttpServer, platform: Platform): void {
  server.post('/v1/billing-runs/preview', {
    config: { access: STAFF },
    schema: {
      operationId: 'previewBillingRun',
      summary: 'What a run would meet: whom it bills, whom it leaves alone, and who needs a look before. Nothing is carried out',
      tags,
      body: BillingRunInput,
      response: { 200: BillingRunPreview },
    },
    handler: async (request) => {
      const scope = staffScopeOf(callerOf(request));
      const { period, customers } = request.body;
      if (customers !== undefined)
        refuseFaults('unknown_customer', await unknownCustomers(platform.postgres, scope, customers, platform.clock.now()));
      return previewRun(platform, scope, {
        month: period,
        customers: customers === undefined ? undefined : [...new Set(customers)].sort(compareText),
      });
    },
  });
}

/** By their places in the request. Nobody asks for a customer in order to get nothing for it. */
async function unknownCustomers(postgres: Queryable, scope: EveryCustomer, ids: readonly string[], now: Date): Promise<FieldError[]> {
  const known = new Set((await findCustomers(postgres, scope, ids, now)).map(({ id }) => id));
  return ids.flatMap((id, n) => {
    if (known.has(id)) return [];
    return [
      { path: `customers/${n}`, code: 'unknown_customer', message: `there is no customer "${id}", neither set up nor seen in usage` },
    ];
  });
}
