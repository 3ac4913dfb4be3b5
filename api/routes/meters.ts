/** `/v1/meters`: giving names, units and aggregations to what usage has shown. */
import { Type } from 'typebox';
import { writeAudit } from '../../platform/access/audit.ts';
import type { Actor } from '../../platform/access/caller.ts';
import { changesBetween } from '../../platform/access/changes.ts';
import { ADMIN, READERS, STAFF } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { checkMeter } from '../../core/meter.ts';
import { scopeOf, staffScopeOf } from '../../platform/access/scope.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { Page, strictObject } from '../../schemas/http/common.ts';
import { Meter, MeterInput, MeterList, MeterUse } from '../../schemas/http/customers.ts';
import { encodeOpaque, readIdCursor, toPage } from '../cursor.ts';
import { refuseFaults } from '../field-problem.ts';
import { countInvoicesOfMeter, draftsOfMeter, plansWithMeter } from '../queries/follows-change.ts';
import { findMeter, findMeters, listMeters, putMeter } from '../queries/meters.ts';

const tags = ['meters'];

/** As many as a person looks through; the rest is counted. */
const DRAFTS_SHOWN = 20;
const PLANS_SHOWN = 100;

const params = Type.Object({ key: Type.String({ minLength: 1, maxLength: 256 }) });

export function registerMeters(server: HttpServer, platform: Platform): void {
  const { postgres, clock } = platform;
  registerMeterUse(server, postgres);

  server.get('/v1/meters', {
    config: { access: READERS },
    schema: { operationId: 'listMeters', summary: 'Meters by key', tags, querystring: strictObject(Page), response: { 200: MeterList } },
    handler: async (request) => {
      const { cursor, limit = 100 } = request.query;
      const rows = await listMeters(platform, scopeOf(callerOf(request)), { after: readIdCursor('meter', cursor), rows: limit + 1 });
      return toPage(rows, limit, ({ key }) => encodeOpaque('meter', [key]));
    },
  });

  server.get('/v1/meters/:key', {
    config: { access: READERS },
    schema: { operationId: 'getMeter', summary: 'One meter', tags, params, response: { 200: Meter } },
    handler: async (request) => {
      const { key } = request.params;
      const meter = await findMeter(platform, scopeOf(callerOf(request)), key);
      if (meter === undefined) throw new ProblemError('not_found', `There is no meter "${key}", neither set up nor seen in usage.`);
      return meter;
    },
  });

  server.put('/v1/meters/:key', {
    config: { access: ADMIN },
    schema: {
      operationId: 'putMeter',
      summary: 'Name a meter, and say how its events are put together',
      description: 'Replaces the whole definition: what is left out goes back to its default. Drafts follow, final invoices keep theirs.',
      tags,
      params,
      body: MeterInput,
      response: { 200: Meter },
    },
    handler: async (request) => {
      const { params, body } = request;
      refuseFaults('unprocessable', checkMeter(body));
      return postgres.transaction((transaction) => keepMeter(transaction, params.key, body, { at: clock.now(), by: actorOf(request) }));
    },
  });
}

async function keepMeter(transaction: Transaction, key: string, input: MeterInput, { at, by }: { at: Date; by: Actor }): Promise<Meter> {
  await transaction.query('SELECT FROM meters WHERE key = $1 FOR UPDATE', [key]);
  const [before] = await findMeters(transaction, [key]);
  const kept = await putMeter(transaction, key, input, at);
  const changes = changesBetween(before && definitionOf(before), definitionOf(kept));
  if (changes !== undefined)
    await writeAudit(transaction, { at, by, what: 'meter.changed', subject: `meter/${key}`, details: { ...changes } });
  return kept;
}

function definitionOf({ name, unit, aggregation, property }: Meter): Omit<Meter, 'key' | 'firstSeenAt'> {
  return { name, unit, aggregation, property };
}

function registerMeterUse(server: HttpServer, postgres: Platform['postgres']): void {
  server.get('/v1/meters/:key/use', {
    config: { access: STAFF },
    schema: {
      operationId: 'getMeterUse',
      summary: 'Plans that price a meter, and invoices that bill it',
      tags,
      params,
      response: { 200: MeterUse },
    },
    handler: async (request) => {
      const scope = staffScopeOf(callerOf(request));
      const { key } = request.params;
      const plans = await plansWithMeter(postgres, key, PLANS_SHOWN);
      const { drafts, finals } = await countInvoicesOfMeter(postgres, scope, key);
      const newest = await draftsOfMeter(postgres, scope, key, DRAFTS_SHOWN);
      return { plans, drafts: { count: drafts, newest }, finalInvoices: finals };
    },
  });
}
