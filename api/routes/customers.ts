/** `/v1/customers` and `/v1/meters`: giving names, zones, currencies and plans to what usage has shown. */
import { Type } from 'typebox';
import { ProblemError, type ProblemCode } from '../../core/errors.ts';
import { isCurrency } from '../../core/money.ts';
import { isTimeZone } from '../../core/zone.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Page, strictObject } from '../../schemas/http/common.ts';
import { Customer, CustomerInput, CustomerList, Meter, MeterInput, MeterList } from '../../schemas/http/customers.ts';
import { decodeOpaque, encodeOpaque, invalidCursor, toPage } from '../cursor.ts';
import { DEFAULT_CURRENCY, findCustomer, findMeters, listCustomers, listMeters, putCustomer, putMeter } from '../queries/customers.ts';
import { findPlan } from '../queries/plans.ts';

const PageQuery = strictObject(Page);
const PUT_REPLACES = 'Replaces the whole definition: what is left out goes back to its default.';

export function registerCustomers(server: HttpServer, { postgres, clock }: Platform): void {
  const tags = ['customers'];
  const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 256 }) });

  server.get('/v1/customers', {
    schema: {
      operationId: 'listCustomers',
      summary: 'Customers by id, those only seen in usage included',
      tags,
      querystring: PageQuery,
      response: { 200: CustomerList },
    },
    handler: async ({ query: { cursor, limit = 100 } }) => {
      const rows = await listCustomers(postgres, { after: readIdCursor('customer', cursor), rows: limit + 1 });
      return toPage(
        rows,
        limit,
        (customer) => customer,
        (customer) => encodeOpaque('customer', [customer.id]),
      );
    },
  });

  server.get('/v1/customers/:id', {
    schema: { operationId: 'getCustomer', summary: 'One customer', tags, params, response: { 200: Customer } },
    handler: async ({ params: { id } }) => {
      const customer = await findCustomer(postgres, id);
      if (customer === undefined) throw new ProblemError('not_found', `There is no customer "${id}", neither set up nor seen in usage.`);
      return customer;
    },
  });

  server.put('/v1/customers/:id', {
    schema: {
      operationId: 'putCustomer',
      summary: 'Set up a customer',
      description: PUT_REPLACES,
      tags,
      params,
      body: CustomerInput,
      response: { 200: Customer },
    },
    handler: async ({ params: { id }, body }) => {
      checkCustomer(body);
      return postgres.transaction(async (transaction) => {
        const planId = body.plan ?? null;
        // Locked until commit, so that the plan cannot be dropped or change its currency in between.
        const plan = planId === null ? undefined : await findPlan(transaction, planId, 'FOR SHARE');
        if (planId !== null && plan === undefined) throw fieldProblem('unknown_plan', 'plan', `there is no plan "${planId}"`);
        const currency = body.currency ?? DEFAULT_CURRENCY;
        if (plan !== undefined && plan.currency !== currency) {
          throw fieldProblem('currency_mismatch', 'plan', `plan ${plan.id} is in ${plan.currency}, the customer is billed in ${currency}`);
        }
        return putCustomer(transaction, id, body, clock.now());
      });
    },
  });
}

export function registerMeters(server: HttpServer, { postgres, clock }: Platform): void {
  const tags = ['meters'];
  const params = Type.Object({ key: Type.String({ minLength: 1, maxLength: 256 }) });

  server.get('/v1/meters', {
    schema: { operationId: 'listMeters', summary: 'Meters by key', tags, querystring: PageQuery, response: { 200: MeterList } },
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
      summary: 'Name a meter',
      description: PUT_REPLACES,
      tags,
      params,
      body: MeterInput,
      response: { 200: Meter },
    },
    handler: async ({ params: { key }, body }) => putMeter(postgres, key, body, clock.now()),
  });
}

function checkCustomer(input: Type.Static<typeof CustomerInput>): void {
  const { currency, timeZone } = input;
  if (currency !== undefined && !isCurrency(currency))
    throw fieldProblem('unknown_currency', 'currency', `${currency} is not an active ISO 4217 currency`);
  if (timeZone !== undefined && !isTimeZone(timeZone))
    throw fieldProblem('unknown_time_zone', 'timeZone', `"${timeZone}" is not an IANA time zone such as Europe/Berlin`);
}

export function fieldProblem(code: ProblemCode, path: string, message: string): ProblemError {
  return new ProblemError(code, `${path}: ${message}.`, { errors: [{ path, code, message }] });
}

export function readIdCursor(kind: string, cursor: string | undefined): string {
  if (cursor === undefined) return '';
  const [id] = decodeOpaque(kind, cursor, [/^[^\0]{1,256}$/su]) ?? [];
  if (id === undefined) throw invalidCursor();
  return id;
}
