/** `/v1/plans`: prices per meter. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
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
    schema: { operationId: 'listPlans', summary: 'Plans by id', tags, querystring: strictObject(Page), response: { 200: PlanList } },
    handler: async ({ query: { cursor, limit = 100 } }) => {
      const rows = await listPlans(postgres, { after: readIdCursor('plan', cursor), rows: limit + 1 });
      const customers = await planCustomers(
        postgres,
        rows.map(({ id }) => id),
      );
      const { defaults } = await readSettings(postgres);
      return toPage(
        rows,
        limit,
        (plan) => ({ ...plan, customers: customers.get(plan.id) ?? { count: 0, first: [] }, isDefault: plan.id === defaults.plan }),
        (plan) => encodeOpaque('plan', [plan.id]),
      );
    },
  });

  server.get('/v1/plans/:id', {
    schema: { operationId: 'getPlan', summary: 'One plan', tags, params: PlanParams, response: { 200: Plan } },
    handler: async ({ params: { id } }) => {
      const plan = await findPlan(postgres, id);
      if (plan === undefined) throw noSuchPlan(id);
      return plan;
    },
  });

  server.get('/v1/plans/:id/versions', {
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
      return toPage(
        rows,
        limit,
        (plan) => plan,
        (plan) => encodeOpaque('plan version', [plan.version]),
      );
    },
  });
}

function registerChanges(server: HttpServer, { postgres, clock }: Platform): void {
  server.put('/v1/plans/:id', {
    bodyLimit: PLAN_BYTES_MAX,
    schema: {
      operationId: 'putPlan',
      summary: 'Create a plan, or a new version of it',
      description: 'A price may name a meter before its first usage arrives; until then `warnings` says so, with the names near it.',
      tags,
      params: PlanParams,
      body: PlanDefinition,
      response: { 200: KeptPlan },
    },
    handler: async ({ params: { id }, body }) => {
      requireSoundPlan(body);
      const plan = await postgres.transaction(async (transaction) => {
        await findPlan(transaction, id, 'FOR UPDATE');
        await requireCurrencyOfCustomers(transaction, { id, currency: body.currency }, 'FOR SHARE');
        return putPlan(transaction, id, body, clock.now());
      });
      return { ...plan, warnings: await planWarnings(postgres, body) };
    },
  });

  server.delete('/v1/plans/:id', {
    schema: {
      operationId: 'deletePlan',
      summary: 'Drop a plan that no customer is on',
      tags,
      params: PlanParams,
      response: { 204: Type.Null() },
    },
    handler: async ({ params: { id } }, reply) => {
      await postgres.transaction(async (transaction) => {
        if ((await findPlan(transaction, id, 'FOR UPDATE')) === undefined) throw noSuchPlan(id);
        const customers = await customersOnPlan(transaction, id);
        if (customers.length > 0)
          throw new ProblemError('conflict', `Customers are on this plan: ${customers.join(', ')}. Put them on another one first.`);
        if ((await readSettings(transaction, 'FOR SHARE')).defaults.plan === id)
          throw new ProblemError('conflict', 'This is the default plan. Change the settings first.');
        await deletePlan(transaction, id);
      });
      return reply.status(204).send(null);
    },
  });
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
