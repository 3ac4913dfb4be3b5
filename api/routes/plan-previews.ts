/** `/v1/plans/preview`, `/v1/plans/{id}/effect`: what a plan costs, and what saving it would change. Neither stores anything. */
import { STAFF } from '../../platform/access/roles.ts';
import { staffScopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { PlanDefinition, PlanEffect, PlanPreview, PlanPreviewInput } from '../../schemas/http/plans.ts';
import { planEffect } from '../billing/plan-effect.ts';
import { previewPlan } from '../billing/plan-preview.ts';
import { refuseFaults } from '../field-problem.ts';
import { requireCurrencyOfCustomers, requireSoundPlan } from '../plan-checks.ts';
import { planWarnings } from '../plan-warnings.ts';
import { findMeters } from '../queries/meters.ts';
import { readSettings } from '../queries/settings.ts';
import { PLAN_BYTES_MAX, PlanParams } from './plans.ts';

const tags = ['plans'];

export function registerPlanPreviews(server: HttpServer, platform: Platform): void {
  const { postgres } = platform;

  server.post('/v1/plans/preview', {
    bodyLimit: PLAN_BYTES_MAX,
    config: { access: STAFF },
    schema: {
      operationId: 'previewPlan',
      summary: 'What quantities would cost on a plan, which need not be stored',
      description: 'For a whole period, before tax.',
      tags,
      body: PlanPreviewInput,
      response: { 200: PlanPreview },
    },
    handler: async (request) => {
      const { body } = request;
      requireSoundPlan(body.plan);
      const keys = body.quantities.map(({ meter }) => meter);
      refuseFaults(
        'unprocessable',
        keys.flatMap((meter, n) => {
          const message = `${meter} has a quantity already; a meter has one`;
          return keys.indexOf(meter) === n ? [] : [{ path: `quantities/${n}/meter`, code: 'duplicate_meter', message }];
        }),
      );
      const { billing } = await readSettings(postgres);
      const preview = previewPlan(body, await findMeters(postgres, keys), billing.rounding);
      return { ...preview, warnings: await planWarnings(platform, staffScopeOf(callerOf(request)), body.plan) };
    },
  });

  server.post('/v1/plans/:id/effect', {
    bodyLimit: PLAN_BYTES_MAX,
    config: { access: STAFF },
    schema: {
      operationId: 'getPlanEffect',
      summary: 'What keeping this version of a plan would change',
      description: 'Refused where `PUT` would be. Drafts are told before and after; final invoices never change.',
      tags,
      params: PlanParams,
      body: PlanDefinition,
      response: { 200: PlanEffect },
    },
    handler: async (request) => {
      const {
        params: { id },
        body,
      } = request;
      const scope = staffScopeOf(callerOf(request));
      requireSoundPlan(body);
      await requireCurrencyOfCustomers(postgres, scope, { id, currency: body.currency });
      return planEffect(platform, scope, id, body);
    },
  });
}
