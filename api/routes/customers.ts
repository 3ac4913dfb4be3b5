/** `/v1/customers`: giving names, zones, currencies and plans to whom usage has shown. */
import { Type } from 'typebox';
import { writeAudit } from '../../platform/access/audit.ts';
import type { Actor } from '../../platform/access/caller.ts';
import { changesBetween } from '../../platform/access/changes.ts';
import { ADMIN, READERS, STAFF } from '../../platform/access/roles.ts';
import type { FieldError } from '../../core/errors.ts';
import { isCurrency } from '../../core/money.ts';
import { checkPlanChanges } from '../../core/segment.ts';
import { isTimeZone } from '../../core/zone.ts';
import { type EveryCustomer, noCustomer, scopeOf, staffScopeOf } from '../../platform/access/scope.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { Customer, CustomerId, CustomerInput, CustomerList, CustomersQuery, type PlanAssignment } from '../../schemas/http/customers.ts';
import { decodeOpaque, encodeOpaque, invalidCursor, toPage } from '../cursor.ts';
import { fieldProblem, refuseFaults } from '../field-problem.ts';
import {
  countCustomers,
  findCustomer,
  searchCustomers,
  putCustomer,
  type CustomerDefinition,
  type CustomerPlace,
} from '../queries/customers.ts';
import { findPlans } from '../queries/plans.ts';
import { readSettings } from '../queries/settings.ts';

const PUT_REPLACES =
  'Replaces the whole definition: what is left out goes back to its default, the plan, currency and zone to those of the settings.';

export function registerCustomers(server: HttpServer, { postgres, clock }: Platform): void {
  const tags = ['customers'];
  const params = Type.Object({ id: CustomerId });

  server.get('/v1/customers', {
    config: { access: STAFF },
    schema: {
      operationId: 'listCustomers',
      summary: 'Customers by id, those only seen in usage included',
      tags,
      querystring: CustomersQuery,
      response: { 200: CustomerList },
    },
    handler: async (request) => {
      const scope = staffScopeOf(callerOf(request));
      const { cursor, limit = 100, order = 'id', search, status, plan } = request.query;
      const page = { order, after: readPlace(cursor), rows: limit + 1 };
      const rows = await searchCustomers(postgres, scope, { search, status, plan }, page, clock.now());
      const counts = await countCustomers(postgres, scope, { search, plan });
      return { ...toPage(rows, limit, (customer) => encodeOpaque('customer', [customer.status, customer.id])), counts };
    },
  });

  server.get('/v1/customers/:id', {
    config: { access: READERS },
    schema: { operationId: 'getCustomer', summary: 'One customer', tags, params, response: { 200: Customer } },
    handler: async (request) => {
      const { id } = request.params;
      const customer = await findCustomer(postgres, scopeOf(callerOf(request)), id, clock.now());
      if (customer === undefined) throw noCustomer(id);
      return customer;
    },
  });

  server.put('/v1/customers/:id', {
    config: { access: ADMIN },
    schema: {
      operationId: 'putCustomer',
      summary: 'Set up a customer',
      description: PUT_REPLACES,
      tags,
      params,
      body: CustomerInput,
      response: { 200: Customer },
    },
    handler: async (request) => {
      const { params, body } = request;
      checkCustomer(body);
      return postgres.transaction(async (transaction) => {
        const definition = await withDefaults(transaction, body);
        await checkPlans(transaction, definition, body);
        const change = { at: clock.now(), by: actorOf(request) };
        return keepCustomer(transaction, staffScopeOf(callerOf(request)), { id: params.id, definition }, change);
      });
    },
  });
}

/** Holds in either order: what both go by is in it. */
function readPlace(cursor: string | undefined): CustomerPlace | undefined {
  if (cursor === undefined) return undefined;
  const [status, id] = decodeOpaque('customer', cursor, [/^(un)?assigned$/, /^[^\0]{1,300}$/su]) ?? [];
  if (id === undefined) throw invalidCursor();
  return { id, assigned: status === 'assigned' };
}

function checkCustomer({ currency, timeZone, plan, plans }: CustomerInput): void {
  if (currency !== undefined && !isCurrency(currency))
    throw fieldProblem('unknown_currency', 'currency', `${currency} is not an active ISO 4217 currency such as USD`);
  if (timeZone !== undefined && !isTimeZone(timeZone))
    throw fieldProblem('unknown_time_zone', 'timeZone', `"${timeZone}" is not an IANA time zone such as Europe/Berlin`);
  if (plan !== undefined && plans !== undefined)
    throw fieldProblem('invalid_request', 'plan', 'plan alone holds from the beginning; with plans it would say it twice');
  refuseFaults('unprocessable', checkPlanChanges(plans ?? []));
}

async function withDefaults(transaction: Transaction, input: CustomerInput): Promise<CustomerDefinition> {
  const { defaults } = await readSettings(transaction, 'FOR SHARE');
  const { plan = defaults.plan } = input;
  return {
    name: input.name ?? null,
    currency: input.currency ?? defaults.currency,
    timeZone: input.timeZone ?? defaults.timeZone,
    plans: input.plans ?? (plan === null ? [] : [{ plan, from: null }]),
    taxRate: input.taxRate ?? '0',
    invoiceDetails: input.invoiceDetails ?? {},
  };
}

async function keepCustomer(
  transaction: Transaction,
  scope: EveryCustomer,
  { id, definition }: { id: string; definition: CustomerDefinition },
  { at, by }: { at: Date; by: Actor },
): Promise<Customer> {
  await transaction.query('SELECT FROM customers WHERE id = $1 FOR UPDATE', [id]);
  const before = await findCustomer(transaction, scope, id, at);
  const kept = await putCustomer(transaction, scope, id, definition, at);
  const changes = changesBetween(before?.status === 'assigned' ? definitionOf(before) : undefined, definitionOf(kept));
  if (changes !== undefined)
    await writeAudit(transaction, { at, by, what: 'customer.changed', subject: `customer/${id}`, details: { ...changes } });
  return kept;
}

function definitionOf({ name, currency, timeZone, plans, taxRate, invoiceDetails }: Customer): CustomerDefinition {
  return { name, currency, timeZone, plans, taxRate, invoiceDetails };
}

/** Locks the plans until commit, so that none can be dropped or change its currency in between. */
async function checkPlans(transaction: Transaction, { plans, currency }: CustomerDefinition, input: CustomerInput): Promise<void> {
  const ids = new Set(plans.map(({ plan }) => plan));
  const known = new Map((await findPlans(transaction, [...ids], 'FOR SHARE')).map((plan) => [plan.id, plan]));
  const pathOf = (n: number): string => (input.plans === undefined ? 'plan' : `plans/${n}/plan`);
  refuseFaults(
    'unknown_plan',
    faultsOf(plans, ({ plan }, n) => {
      if (known.has(plan)) return undefined;
      return { path: pathOf(n), code: 'unknown_plan', message: `there is no plan "${plan}"; GET /v1/plans lists those there are` };
    }),
  );
  const isDefault = input.plan === undefined && input.plans === undefined;
  refuseFaults(
    'currency_mismatch',
    faultsOf(plans, ({ plan }, n) => {
      const other = known.get(plan)?.currency;
      if (other === currency) return undefined;
      const name = isDefault ? `the default plan ${plan}` : `plan ${plan}`;
      const help = isDefault ? '; name another plan, or null for none' : '';
      return {
        path: pathOf(n),
        code: 'currency_mismatch',
        message: `${name} is in ${other ?? ''}, the customer is billed in ${currency}${help}`,
      };
    }),
  );
}

function faultsOf(
  plans: readonly PlanAssignment[],
  faultOf: (assignment: PlanAssignment, n: number) => FieldError | undefined,
): FieldError[] {
  return plans.map(faultOf).filter((fault) => fault !== undefined);
}
