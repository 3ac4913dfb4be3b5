/** `/v1/plans`: prices per meter. */
import { Type } from 'typebox';
import { writeAudit } from '../../platform/access/audit.ts';
import type { Actor } from '../../platform/access/caller.ts';
import { changesBetween } from '../../platform/access/changes.ts';
import { ADMIN, STAFF } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { staffScopeOf } from '../../platform/access/scope.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { Page, strictObject } from '../../schemas/http/common.ts';
import { KeptPlan, Plan, PlanDefinition, PlanList, PlanVersions } from '../../schemas/http/plans.ts';
import { decodeOpaque, encodeOpaque, invalidCursor, readIdCursor, toPage } from '../cursor.ts';
import { requireCurrencyOfCustomers, requireSoundPlan } from '../plan-checks.ts';
import { planWarnings } from '../plan-warnings.ts';
import { customersOnPlan, deletePlan, findPlan, listPlans, listPlanVersions, planCustomers, putPlan } from '../queries/plans.ts';
import { readSettings } from '../queries/settings.ts';

/** A thousand prices of up to a hundred tiers each, in round figures of bytes. */
export const PLAN_BYTES_MAX = 16_777_216;

const tags = ['plans'];
export const PlanParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });

export function registerPlans(server: HttpServer, platform: Platform): void {
  registerReads(server, platform);
  registerChanges(server, platform);
}

function registerReads(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/plans', {
    config: { access: STAFF },
    schema: { operationId: 'listPlans', summary: 'Plans by id', tags, querystring: strictObject(Page), response: { 200: PlanList } },
    handler: async (request) => {
      const { cursor, limit = 100 } = request.query;
      const rows = await listPlans(postgres, { after: readIdCursor('plan', cursor), rows: limit + 1 });
      const customers = await planCustomers(
        postgres,
        staffScopeOf(callerOf(request)),
        rows.map(({ id }) => id),
      );
      const { defaults } = await readSettings(postgres);
      const plans = rows.map((plan) => ({
        ...plan,
        customers: customers.get(plan.id) ?? { count: 0, first: [] },
        isDefault: plan.id === defaults.plan,
      }));
      return toPage(plans, limit, ({ id }) => encodeOpaque('plan', [id]));
    },
  });

  server.get('/v1/plans/:id', {
    config: { access: STAFF },
    schema: { operationId: 'getPlan', summary: 'One plan', tags, params: PlanParams, response: { 200: Plan } },
    handler: async ({ params: { id } }) => {
      const plan = await findPlan(postgres, id);
      if (plan === undefined) throw noSuchPlan(id);
      return plan;
    },
  });

  server.get('/v1/plans/:id/versions', {
    config: { access: STAFF },
    schema: {
      operationId: 'listPlanVersions',
      summary: 'What a plan was and is, newest first; also of one that was dropped',
      tags,
      params: PlanParams,
      querystring: strictObject(Page),
      response: { 200: PlanVersions },
    },
    handler: async ({ params: { id }, query: { cursor, limit = 100 } }) => {
      const before = readVersionCursor(cursor);
      const rows = await listPlanVersions(postgres, id, { before, rows: limit + 1 });
      if (before === undefined && rows.length === 0) throw noSuchPlan(id);
      return toPage(rows, limit, ({ version }) => encodeOpaque('plan version', [version]));
    },
  });
}

function registerChanges(server: HttpServer, platform: Platform): void {
  const { postgres, clock } = platform;
  server.put('/v1/plans/:id', {
    bodyLimit: PLAN_BYTES_MAX,
    config: { access: ADMIN },
    schema: {
      operationId: 'putPlan',
      summary: 'Create a plan, or a new version of it',
      description: 'A price may name a meter before its first usage arrives; until then `warnings` says so, with the names near it.',
      tags,
      params: PlanParams,
      body: PlanDefinition,
      response: { 200: KeptPlan },
    },
    handler: async (request) => {
      const {
        params: { id },
        body,
      } = request;
      const scope = staffScopeOf(callerOf(request));
      requireSoundPlan(body);
      const plan = await postgres.transaction(async (transaction) => {
        const before = await findPlan(transaction, id, 'FOR UPDATE');
        await requireCurrencyOfCustomers(transaction, scope, { id, currency: body.currency }, 'FOR SHARE');
        const at = clock.now();
        const kept = await putPlan(transaction, id, body, at);
        await auditPlan(transaction, { before, kept }, { at, by: actorOf(request) });
        return kept;
      });
      return { ...plan, warnings: await planWarnings(platform, scope, body) };
    },
  });

  server.delete('/v1/plans/:id', {
    config: { access: ADMIN },
    schema: {
      operationId: 'deletePlan',
      summary: 'Drop a plan that no customer is on',
      tags,
      params: PlanParams,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const scope = staffScopeOf(callerOf(request));
      await postgres.transaction(async (transaction) => {
        const plan = await findPlan(transaction, id, 'FOR UPDATE');
        if (plan === undefined) throw noSuchPlan(id);
        const customers = await customersOnPlan(transaction, scope, id);
        if (customers.length > 0)
          throw new ProblemError('conflict', `Customers are on this plan: ${customers.join(', ')}. Put them on another one first.`);
        if ((await readSettings(transaction, 'FOR SHARE')).defaults.plan === id)
          throw new ProblemError('conflict', 'This is the default plan. Change the settings first.');
        await deletePlan(transaction, id);
        const { name, version } = plan;
        const details = { name, version };
        await writeAudit(transaction, { at: clock.now(), by: actorOf(request), what: 'plan.deleted', subject: `plan/${id}`, details });
      });
      return reply.status(204).send(null);
    },
  });
}

async function auditPlan(
  transaction: Transaction,
  { before, kept }: { before: Plan | undefined; kept: Plan },
  { at, by }: { at: Date; by: Actor },
): Promise<void> {
  const changes = changesBetween(before && partsOf(before), partsOf(kept));
  if (changes === undefined) return;
  const details = { version: kept.version, ...changes };
  await writeAudit(transaction, { at, by, what: 'plan.changed', subject: `plan/${kept.id}`, details });
}

/** The prices by their meters, so that a change names the one that changed; the versions have all of it. */
function partsOf({ name, currency, minimum, discounts, prices }: Plan): Record<string, unknown> {
  const byMeter = Map.groupBy(prices, ({ meter }) => (meter === undefined ? 'prices without a meter' : `prices/${meter}`));
  return { name, currency, minimum, discounts, ...Object.fromEntries(byMeter) };
}

function readVersionCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const [version] = decodeOpaque('plan version', cursor, [/^\d{1,9}$/]) ?? [];
  if (version === undefined) throw invalidCursor();
  return Number(version);
}

function noSuchPlan(id: string): ProblemError {
  return new ProblemError('not_found', `There is no plan "${id}".`);
}
