/** `/v1/meters`: giving names, units and aggregations to what usage has shown. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { checkMeter } from '../../core/meter.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Page, strictObject } from '../../schemas/http/common.ts';
import { Meter, MeterInput, MeterList, MeterUse } from '../../schemas/http/customers.ts';
import { encodeOpaque, readIdCursor, toPage } from '../cursor.ts';
import { refuseFaults } from '../field-problem.ts';
import { countInvoicesOfMeter, draftsOfMeter, plansWithMeter } from '../queries/follows-change.ts';
import { findMeters, listMeters, putMeter } from '../queries/meters.ts';

const tags = ['meters'];

/** As many as a person looks through; the rest is counted. */
const DRAFTS_SHOWN = 20;
const PLANS_SHOWN = 100;

const params = Type.Object({ key: Type.String({ minLength: 1, maxLength: 256 }) });

export function registerMeters(server: HttpServer, { postgres, clock }: Platform): void {
  registerMeterUse(server, postgres);

  server.get('/v1/meters', {
    schema: { operationId: 'listMeters', summary: 'Meters by key', tags, querystring: strictObject(Page), response: { 200: MeterList } },
    handler: async ({ query: { cursor, limit = 100 } }) => {
      const rows = await listMeters(postgres, { after: readIdCursor('meter', cursor), rows: limit + 1 });
      return toPage(
        rows,
        limit,
        (meter) => meter,
        (meter) => encodeOpaque('meter', [meter.key]),
      );
    },
  });

  server.get('/v1/meters/:key', {
    schema: { operationId: 'getMeter', summary: 'One meter', tags, params, response: { 200: Meter } },
    handler: async ({ params: { key } }) => {
      const [meter] = await findMeters(postgres, [key]);
      if (meter === undefined) throw new ProblemError('not_found', `There is no meter "${key}", neither set up nor seen in usage.`);
      return meter;
    },
  });

  server.put('/v1/meters/:key', {
    schema: {
      operationId: 'putMeter',
      summary: 'Name a meter, and say how its events are put together',
      description: 'Replaces the whole definition: what is left out goes back to its default. Drafts follow, final invoices keep theirs.',
      tags,
      params,
      body: MeterInput,
      response: { 200: Meter },
    },
    handler: async ({ params: { key }, body }) => {
      refuseFaults('unprocessable', checkMeter(body));
      return putMeter(postgres, key, body, clock.now());
    },
  });
}

function registerMeterUse(server: HttpServer, postgres: Platform['postgres']): void {
  server.get('/v1/meters/:key/use', {
    schema: {
      operationId: 'getMeterUse',
      summary: 'Plans that price a meter, and invoices that bill it',
      tags,
      params,
      response: { 200: MeterUse },
    },
    handler: async ({ params: { key } }) => {
      const plans = await plansWithMeter(postgres, key, PLANS_SHOWN);
      const { drafts, finals } = await countInvoicesOfMeter(postgres, key);
      const newest = await draftsOfMeter(postgres, key, DRAFTS_SHOWN);
      return { plans, drafts: { count: drafts, newest }, finalInvoices: finals };
    },
  });
}
