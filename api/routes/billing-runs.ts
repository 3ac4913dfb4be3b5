/** `/v1/billing-runs`: drafts for all customers of a month. */
import { Type } from 'typebox';
import { type FieldError, ProblemError } from '../../core/errors.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { compareText } from '../../platform/usage-cells.ts';
import { BillingRun, BillingRunInput, BillingRunList, BillingRunPreview } from '../../schemas/http/billing-runs.ts';
import { Page, strictObject } from '../../schemas/http/common.ts';
import { encodeOpaque, toPage } from '../cursor.ts';
import { previewRun } from '../billing/run-preview.ts';
import { refuseFaults } from '../field-problem.ts';
import { findRun, listRuns, requestRun } from '../queries/billing-runs.ts';
import { findCustomers } from '../queries/customers.ts';
import { readNumberCursor } from './number-cursor.ts';

const tags = ['invoices'];

export function registerBillingRuns(server: HttpServer, platform: Platform): void {
  const { postgres, clock } = platform;
  registerRunPreview(server, platform);
  server.post('/v1/billing-runs', {
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
      const { period, customers } = request.body;
      if (customers !== undefined) refuseFaults('unknown_customer', await unknownCustomers(postgres, customers, clock.now()));
      const run = await requestRun(postgres, { month: period, customers, by: callerOf(request).name });
      return reply.status(202).header('location', `/v1/billing-runs/${run.id}`).send(run);
    },
  });

  server.get('/v1/billing-runs', {
    schema: {
      operationId: 'listBillingRuns',
      summary: 'Billing runs, newest first',
      tags,
      querystring: strictObject(Page),
      response: { 200: BillingRunList },
    },
    handler: async ({ query: { cursor, limit = 100 } }) => {
      const runs = await listRuns(postgres, { before: readNumberCursor('billing-run', cursor), rows: limit + 1 });
      return toPage(
        runs,
        limit,
        (run) => run,
        (run) => encodeOpaque('billing-run', [run.id]),
      );
    },
  });

  server.get('/v1/billing-runs/:id', {
    schema: {
      operationId: 'getBillingRun',
      summary: 'How far a billing run is',
      tags,
      params: Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) }),
      response: { 200: BillingRun },
    },
    handler: async ({ params: { id } }) => {
      const run = await findRun(postgres, id);
      if (run === undefined) throw new ProblemError('not_found', `There is no billing run ${id}.`);
      return run;
    },
  });
}

function registerRunPreview(server: HttpServer, platform: Platform): void {
  server.post('/v1/billing-runs/preview', {
    schema: {
      operationId: 'previewBillingRun',
      summary: 'What a run would meet: whom it bills, whom it leaves alone, and who needs a look before. Nothing is carried out',
      tags,
      body: BillingRunInput,
      response: { 200: BillingRunPreview },
    },
    handler: async ({ body: { period, customers } }) => {
      if (customers !== undefined)
        refuseFaults('unknown_customer', await unknownCustomers(platform.postgres, customers, platform.clock.now()));
      return previewRun(platform, {
        month: period,
        customers: customers === undefined ? undefined : [...new Set(customers)].sort(compareText),
      });
    },
  });
}

/** By their places in the request. Nobody asks for a customer in order to get nothing for it. */
async function unknownCustomers(postgres: Queryable, ids: readonly string[], now: Date): Promise<FieldError[]> {
  const known = new Set((await findCustomers(postgres, ids, now)).map(({ id }) => id));
  return ids.flatMap((id, n) => {
    if (known.has(id)) return [];
    return [
      { path: `customers/${n}`, code: 'unknown_customer', message: `there is no customer "${id}", neither set up nor seen in usage` },
    ];
  });
}
