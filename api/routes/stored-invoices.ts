/** `/v1/invoices`: stored invoices, and the trace of their amounts. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Page, strictObject } from '../../schemas/http/common.ts';
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
import { encodeOpaque, toPage } from '../cursor.ts';
import { readInstant } from '../instants.ts';
import { sumInvoices } from '../queries/invoice-totals.ts';
import { listInvoices } from '../queries/invoices.ts';
import { readNumberCursor } from './number-cursor.ts';

const tags = ['invoices'];
export const InvoiceParams = Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) });
const LineParams = Type.Object({ ...InvoiceParams.properties, n: Type.Integer({ minimum: 1, maximum: 1_000_000 }) });
const HourParams = Type.Object({ ...LineParams.properties, start: Type.String({ maxLength: 40 }) });

export function registerStoredInvoices(server: HttpServer, platform: Platform): void {
  server.get('/v1/invoices', {
    schema: {
      operationId: 'listInvoices',
      summary: 'Stored invoices, newest first',
      tags,
      querystring: InvoiceListQuery,
      response: { 200: InvoiceList },
    },
    handler: async ({ query: { customer, status, period, cursor, limit = 100 } }) => {
      const filter = { customer, status, month: period };
      const invoices = await listInvoices(platform.postgres, filter, { before: readNumberCursor('invoice', cursor), rows: limit + 1 });
      return toPage(
        invoices,
        limit,
        (invoice) => invoice,
        (invoice) => encodeOpaque('invoice', [invoice.id]),
      );
    },
  });

  server.get('/v1/invoices/totals', {
    schema: {
      operationId: 'sumInvoices',
      summary: 'What the invoices of a list and their credit notes come to, by currency and status',
      tags,
      querystring: InvoiceTotalsQuery,
      response: { 200: InvoiceTotals },
    },
    handler: async ({ query: { customer, status, period } }) => ({
      items: await sumInvoices(platform.postgres, { customer, status, month: period }),
    }),
  });

  server.get('/v1/invoices/:id', {
    schema: {
      operationId: 'getInvoice',
      summary: 'One invoice',
      description: 'A draft is rated from the usage of now, as `asOf` says; a final invoice is what was frozen.',
      tags,
      params: InvoiceParams,
      querystring: InvoiceQuery,
      response: { 200: Invoice },
    },
    handler: ({ params: { id }, query: { hours = true } }) => readNamedInvoice(platform, id, { hours }),
  });

  registerLineTrace(server, platform);
  registerAdjustmentTrace(server, platform);
}

function registerLineTrace(server: HttpServer, platform: Platform): void {
  server.get('/v1/invoices/:id/lines/:n/days', {
    schema: { operationId: 'traceLineDays', summary: 'The days of a line', tags, params: LineParams, response: { 200: TracedDays } },
    handler: async ({ params: { id, n } }) => {
      const traced = await traceLine(platform, id, n);
      return { items: tracedDays(traced), total: traced.total };
    },
  });

  server.get('/v1/invoices/:id/lines/:n/explanation', {
    schema: {
      operationId: 'explainLine',
      summary: 'Why a line comes to its amount: inputs, formula, rounding, and what was left out',
      tags,
      params: LineParams,
      response: { 200: Explanation },
    },
    handler: async ({ params: { id, n } }) => explainLine(platform.postgres, await traceLine(platform, id, n)),
  });

  server.get('/v1/invoices/:id/lines/:n/hours', {
    schema: {
      operationId: 'traceLineHours',
      summary: 'The hours of a line, or of one of its days',
      tags,
      params: LineParams,
      querystring: TracedHoursQuery,
      response: { 200: TracedHours },
    },
    handler: async ({ params: { id, n }, query: { day } }) => {
      const traced = await traceLine(platform, id, n);
      return { items: tracedHours(traced, day), total: traced.total };
    },
  });

  server.get('/v1/invoices/:id/lines/:n/hours/:start/records', {
    schema: {
      operationId: 'traceHourRecords',
      summary: 'The events of an hour, with what each contributed and the line of the file it came from',
      tags,
      params: HourParams,
      querystring: strictObject(Page),
      response: { 200: TracedRecords },
    },
    handler: async ({ params: { id, n, start }, query: { cursor, limit = 100 } }) => {
      const traced = await traceLine(platform, id, n);
      if (traced.line.kind === 'fee') throw new ProblemError('not_found', `Line ${n} of invoice ${id} is a fee; it has no hours.`);
      return traceRecords(platform.postgres, traced, { start: readInstant(start, 'start').text, cursor, limit });
    },
  });
}

/** As of a line. What is in no hour of an adjustment is told beside them. */
function registerAdjustmentTrace(server: HttpServer, platform: Platform): void {
  server.get('/v1/invoices/:id/adjustments/:n/days', {
    schema: {
      operationId: 'traceAdjustmentDays',
      summary: 'The days of an adjustment, in the period that it adjusts',
      tags,
      params: LineParams,
      response: { 200: AdjustedDays },
    },
    handler: async ({ params: { id, n } }) => {
      const traced = await traceAdjustment(platform, id, n);
      return { items: tracedDays(traced), total: traced.total, withoutHours: withoutHours(traced) };
    },
  });

  server.get('/v1/invoices/:id/adjustments/:n/hours', {
    schema: {
      operationId: 'traceAdjustmentHours',
      summary: 'The hours of an adjustment, or of one of its days',
      tags,
      params: LineParams,
      querystring: TracedHoursQuery,
      response: { 200: AdjustedHours },
    },
    handler: async ({ params: { id, n }, query: { day } }) => {
      const traced = await traceAdjustment(platform, id, n);
      return { items: tracedHours(traced, day), total: traced.total, withoutHours: withoutHours(traced) };
    },
  });

  server.get('/v1/invoices/:id/adjustments/:n/hours/:start/records', {
    schema: {
      operationId: 'traceAdjustmentRecords',
      summary: 'The events that changed an hour: late ones, those taken back with a contribution below 0',
      tags,
      params: HourParams,
      querystring: strictObject(Page),
      response: { 200: TracedRecords },
    },
    handler: async ({ params: { id, n, start }, query: { cursor, limit = 100 } }) => {
      const traced = await traceAdjustment(platform, id, n);
      return traceRecords(platform.postgres, traced, { start: readInstant(start, 'start').text, cursor, limit });
    },
  });
}
