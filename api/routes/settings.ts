/** `/v1/settings`: who bills, how documents are numbered, and the defaults. */
import { writeAudit } from '../../platform/access/audit.ts';
import type { Actor } from '../../platform/access/caller.ts';
import { changesBetween } from '../../platform/access/changes.ts';
import { ADMIN, STAFF } from '../../platform/access/roles.ts';
import type { FieldError } from '../../core/errors.ts';
import { isCurrency } from '../../core/money.ts';
import { checkNumberPattern } from '../../core/numbering.ts';
import { isTimeZone } from '../../core/zone.ts';
import { actorOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { Settings, SettingsInput } from '../../schemas/http/settings.ts';
import { fieldProblem, refuseFaults } from '../field-problem.ts';
import { findPlan } from '../queries/plans.ts';
import { putSettings, readSettings, withDefaults } from '../queries/settings.ts';

export function registerSettings(server: HttpServer, { postgres, clock }: Platform): void {
  const tags = ['settings'];

  server.get('/v1/settings', {
    config: { access: STAFF },
    schema: { operationId: 'getSettings', summary: 'Seller, numbering, defaults, rounding', tags, response: { 200: Settings } },
    handler: async () => readSettings(postgres),
  });

  server.put('/v1/settings', {
    config: { access: ADMIN },
    schema: {
      operationId: 'putSettings',
      summary: 'Change the settings',
      description:
        'Replaces all of them: what is left out goes back to its default. Final invoices keep what held when they were finalized.',
      tags,
      body: SettingsInput,
      response: { 200: Settings },
    },
    handler: async (request) => {
      const settings = withDefaults(request.body);
      refuseFaults('unprocessable', checkNumbering(settings));
      checkDefaults(settings);
      return postgres.transaction(async (transaction) => {
        await checkDefaultPlan(transaction, settings);
        return keepSettings(transaction, settings, { at: clock.now(), by: actorOf(request) });
      });
    },
  });
}

type Definition = ReturnType<typeof withDefaults>;

async function keepSettings(transaction: Transaction, settings: Definition, { at, by }: { at: Date; by: Actor }): Promise<Settings> {
  const before = await readSettings(transaction, 'FOR UPDATE');
  const kept = await putSettings(transaction, settings, at);
  const changes = changesBetween(partsOf(before), partsOf(kept));
  if (changes !== undefined)
    await writeAudit(transaction, { at, by, what: 'settings.changed', subject: 'settings', details: { ...changes } });
  return kept;
}

/** By their paths, so that a change names the one that changed. */
function partsOf({ seller, numbering, defaults, billing }: Definition): Record<string, unknown> {
  const parts = Object.entries({ seller, numbering, defaults, billing }).flatMap(([part, members]) =>
    Object.entries(members).map(([name, value]) => [`${part}/${name}`, value as unknown] as const),
  );
  return Object.fromEntries(parts);
}

function checkNumbering({ numbering }: Definition): FieldError[] {
  return [
    ...checkNumberPattern(numbering.invoice, 'numbering/invoice'),
    ...checkNumberPattern(numbering.creditNote, 'numbering/creditNote'),
  ];
}

function checkDefaults({ defaults: { currency, timeZone } }: Definition): void {
  if (!isCurrency(currency))
    throw fieldProblem('unknown_currency', 'defaults/currency', `${currency} is not an active ISO 4217 currency such as USD`);
  if (!isTimeZone(timeZone))
    throw fieldProblem('unknown_time_zone', 'defaults/timeZone', `"${timeZone}" is not an IANA time zone such as Europe/Berlin`);
}

/** Locked until commit: customers that are not set up yet are billed by it from then on. */
async function checkDefaultPlan(transaction: Transaction, { defaults }: Definition): Promise<void> {
  if (defaults.plan === null) return;
  const plan = await findPlan(transaction, defaults.plan, 'FOR SHARE');
  if (plan === undefined)
    throw fieldProblem('unknown_plan', 'defaults/plan', `there is no plan "${defaults.plan}"; GET /v1/plans lists those there are`);
  if (plan.currency !== defaults.currency)
    throw fieldProblem(
      'currency_mismatch',
      'defaults/plan',
      `plan ${plan.id} is in ${plan.currency}, the default currency is ${defaults.currency}`,
    );
}
