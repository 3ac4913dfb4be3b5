/** `/v1/invoices`: stored invoices, and the trace of their amounts. */
import { Type } from 'typebox';
import { countOpening } from '../../platform/access/invoice-links.ts';
import { INVOICE_READERS, READERS } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { scopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams, Page, strictObject } from '../../schemas/http/common.ts';
import { Invoice } from '../../schemas/http/invoices.ts';
import {
  AdjustedDays,
  AdjustedHours,
  Explanation,
  InvoiceList,
  InvoiceListQuery,
  InvoiceQuery,
  InvoiceTotals,
  InvoiceTotalsQuery,
  TracedDays,
  TracedHours,
  TracedHoursQuery,
  TracedRecords,
} from '../../schemas/http/invoice-life.ts';
import { explainLine } from '../billing/explain.ts';
import { readNamedInvoice } from '../billing/invoice-parties.ts';
import { traceAdjustment, tracedDays, tracedHours, traceLine, withoutHours } from '../billing/trace.ts';
import { traceRecords } from '../billing/trace-records.ts';
import { readInstant } from '../instants.ts';
import { sumInvoices } from '../queries/invoice-totals.ts';
import { listInvoices } from '../queries/invoice-list.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['invoices'];
const LineParams = Type.Object({ ...NumberParams.properties, n: Type.Integer({ minimum: 1, maximum: 1_000_000 }) });
const HourParams = Type.Object({ ...LineParams.properties, start: Type.String({ maxLength: 40 }) });

export function registerStoredInvoices(server: HttpServer, platform: Platform): void {
  server.get('/v1/invoices', {
    config: { access: READERS },
    schema: {
      operationId: 'listInvoices',
      summary: 'Stored invoices, newest first',
      tags,
      querystring: InvoiceListQuery,
      response: { 200: InvoiceList },
    },
    handler: (request) => {
      const scope = scopeOf(callerOf(request));
      const { customer, status, period, ...page } = request.query;
      return pageByNumber('invoice', page, (at) => listInvoices(platform.postgres, scope, { customer, status, month: period }, at));
    },
  });

  server.get('/v1/invoices/totals', {
    config: { access: READERS },
    schema: {
      operationId: 'sumInvoices',
      summary: 'What the invoices of a list and their credit notes come to, by currency and status',
      tags,
      querystring: InvoiceTotalsQuery,
      response: { 200: InvoiceTotals },
    },
    handler: async (request) => {
      const { customer, status, period } = request.query;
      return { items: await sumInvoices(platform.postgres, scopeOf(callerOf(request)), { customer, status, month: period }) };
    },
  });

  server.get('/v1/invoices/:id', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'getInvoice',
      summary: 'One invoice',
      description: 'A draft is rated from the usage of now, as `asOf` says; a final invoice is what was frozen.',
      tags,
      params: NumberParams,
      querystring: InvoiceQuery,
      response: { 200: Invoice },
    },
    handler: async (request) => {
      const { id } = request.params;
      const { hours = true } = request.query;
      const caller = callerOf(request);
      const invoice = await readNamedInvoice(platform, scopeOf(caller), id, { hours });
      if (caller.means === 'link') await countOpening(platform.postgres, platform.clock, caller.linkId);
      return invoice;
    },
  });

  registerLineTrace(server, platform);
  registerAdjustmentTrace(server, platform);
}

function registerLineTrace(server: HttpServer, platform: Platform): void {
  server.get('/v1/invoices/:id/lines/:n/days', {
    config: { access: INVOICE_READERS },
    schema: { operationId: 'traceLineDays', summary: 'The days of a line', tags, params: LineParams, response: { 200: TracedDays } },
    handler: async (request) => {
      const traced = await traceLine(platform, scopeOf(callerOf(request)), request.params);
      return { items: tracedDays(traced), total: traced.total };
    },
  });

  server.get('/v1/invoices/:id/lines/:n/explanation', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'explainLine',
      summary: 'Why a line comes to its amount: inputs, formula, rounding, and what was left out',
      tags,
      params: LineParams,
      response: { 200: Explanation },
    },
    handler: async (request) => explainLine(platform.postgres, await traceLine(platform, scopeOf(callerOf(request)), request.params)),
  });

  server.get('/v1/invoices/:id/lines/:n/hours', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'traceLineHours',
      summary: 'The hours of a line, or of one of its days',
      tags,
      params: LineParams,
      querystring: TracedHoursQuery,
      response: { 200: TracedHours },
    },
    handler: async (request) => {
      const traced = await traceLine(platform, scopeOf(callerOf(request)), request.params);
      return { items: tracedHours(traced, request.query.day), total: traced.total };
    },
  });

  server.get('/v1/invoices/:id/lines/:n/hours/:start/records', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'traceHourRecords',
      summary: 'The events of an hour, with what each contributed and the line of the file it came from',
      tags,
      params: HourParams,
      querystring: strictObject(Page),
      response: { 200: TracedRecords },
    },
    handler: async (request) => {
      const { start } = request.params;
      const { cursor, limit = 100 } = request.query;
      const traced = await traceLine(platform, scopeOf(callerOf(request)), request.params);
      if (traced.line.kind === 'fee') throw new ProblemError('not_found', `${traced.name} is a fee; it has no hours.`);
      return traceRecords(platform.postgres, traced, { start: readInstant(start, 'start').text, cursor, limit });
    },
  });
}

/** As of a line. What is in no hour of an adjustment is told beside them. */
function registerAdjustmentTrace(server: HttpServer, platform: Platform): void {
  server.get('/v1/invoices/:id/adjustments/:n/days', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'traceAdjustmentDays',
      summary: 'The days of an adjustment, in the period that it adjusts',
      tags,
      params: LineParams,
      response: { 200: AdjustedDays },
    },
    handler: async (request) => {
      const traced = await traceAdjustment(platform, scopeOf(callerOf(request)), request.params);
      return { items: tracedDays(traced), total: traced.total, withoutHours: withoutHours(traced) };
    },
  });

  server.get('/v1/invoices/:id/adjustments/:n/hours', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'traceAdjustmentHours',
      summary: 'The hours of an adjustment, or of one of its days',
      tags,
      params: LineParams,
      querystring: TracedHoursQuery,
      response: { 200: AdjustedHours },
    },
    handler: async (request) => {
      const traced = await traceAdjustment(platform, scopeOf(callerOf(request)), request.params);
      return { items: tracedHours(traced, request.query.day), total: traced.total, withoutHours: withoutHours(traced) };
    },
  });

  server.get('/v1/invoices/:id/adjustments/:n/hours/:start/records', {
    config: { access: INVOICE_READERS },
    schema: {
      operationId: 'traceAdjustmentRecords',
      summary: 'The events that changed an hour: late ones, those taken back with a contribution below 0',
      tags,
      params: HourParams,
      querystring: strictObject(Page),
      response: { 200: TracedRecords },
    },
    handler: async (request) => {
      const { start } = request.params;
      const { cursor, limit = 100 } = request.query;
      const traced = await traceAdjustment(platform, scopeOf(callerOf(request)), request.params);
      return traceRecords(platform.postgres, traced, { start: readInstant(start, 'start').text, cursor, limit });
    },
  });
}
