/** `/v1/usage`: how much, in hours, days or months of any time zone. */
import { Type } from 'typebox';
import { READERS } from '../../platform/access/roles.ts';
import { instantText, SLOT_MS, type Window } from '../../core/window.ts';
import { customerWithin, type Scope, scopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Instant, nullable } from '../../schemas/http/common.ts';
import { MeterExtents, Usage, UsageQuery } from '../../schemas/http/usage.ts';
import { type CsvColumn, sendCsv } from '../export/csv.ts';
import { readRange } from '../instants.ts';
import { readMeterExtents, readUsageExtent, type UsageExtentRow, type UsageSelection } from '../queries/usage.ts';
import { readWatermark } from '../queries/watermark.ts';
import { defaultZone } from '../usage/default-zone.ts';
import { openShownUsage, type ShownBucket } from '../usage/shown-usage.ts';
import { BUCKETS_MAX, requireTimeZone, tooManyBuckets, windowsOf } from '../usage/windows.ts';

const tags = ['usage'];
const RANGES =
  "Buckets are cut off at `from` and `to`; hours without usage are left out. Without `timeZone`, a call for one customer uses that customer's zone, others the default zone of the settings.";

export function registerUsage(server: HttpServer, platform: Platform): void {
  registerExtents(server, platform);
  server.get('/v1/usage', {
    config: { access: READERS },
    schema: {
      operationId: 'getUsage',
      summary: 'Usage by hour, day or month',
      description: RANGES,
      tags,
      querystring: UsageQuery,
      response: { 200: Usage },
    },
    handler: async (request) => {
      const watermark = await readWatermark(platform);
      const { selection, timeZone } = await select(platform, scopeOf(callerOf(request)), request.query);
      const usage = await openShownUsage(platform, selection, watermark);
      const buckets: ShownBucket[] = [];
      for await (const page of usage.pages()) {
        if (buckets.length + page.length > BUCKETS_MAX) throw tooManyBuckets();
        buckets.push(...page);
      }
      return { buckets, ...usage.totalsOf(buckets), timeZone, asOf: watermark.asOf };
    },
  });

  server.get('/v1/usage.csv', {
    config: { access: READERS },
    schema: {
      operationId: 'getUsageCsv',
      summary: 'The same as CSV, streamed',
      description: RANGES,
      tags,
      querystring: UsageQuery,
      produces: ['text/csv'],
      response: { 200: Type.String() },
    },
    handler: async (request, reply) => {
      const watermark = await readWatermark(platform);
      const { selection } = await select(platform, scopeOf(callerOf(request)), request.query);
      const usage = await openShownUsage(platform, selection, watermark);
      return sendCsv(reply, {
        fileName: 'usage.csv',
        columns: usageColumns(selection.byCustomer),
        pages: usage.pages(),
      });
    },
  });
}

function registerExtents(server: HttpServer, { clickhouse }: Platform): void {
  server.get('/v1/usage/extent', {
    config: { access: READERS },
    schema: {
      operationId: 'getUsageExtent',
      summary: 'First and last moment with usage; null when there is none',
      tags,
      response: { 200: nullable(Type.Object({ from: Instant, to: Instant })) },
    },
    handler: async (request) => {
      const extent = await readUsageExtent(clickhouse, scopeOf(callerOf(request)));
      return extent === undefined ? null : extentText(extent);
    },
  });

  server.get('/v1/usage/meters', {
    config: { access: READERS },
    schema: {
      operationId: 'getMeterExtents',
      summary: 'First and last moment with usage of each meter',
      tags,
      response: { 200: MeterExtents },
    },
    handler: async (request) => {
      const extents = await readMeterExtents(clickhouse, scopeOf(callerOf(request)));
      return { items: extents.map((row) => ({ meter: row.meter_key, ...extentText(row), events: Number(row.event_count) })) };
    },
  });
}

function extentText({ first, last }: UsageExtentRow): { from: string; to: string } {
  return { from: instantText(Number(first)), to: instantText(Number(last) + SLOT_MS) };
}

async function select(
  platform: Platform,
  scope: Scope,
  query: Type.Static<typeof UsageQuery>,
): Promise<{ selection: UsageSelection; timeZone: string }> {
  const range = readRange(query.from, query.to);
  const customer = customerWithin(scope, query.customer);
  const timeZone = query.timeZone === undefined ? await defaultZone(platform, scope, customer) : requireTimeZone(query.timeZone);
  const period: Window = { from: range.from.epochMs, to: range.to.epochMs };
  const windows = windowsOf(period, query.grain ?? 'hour', timeZone);
  const byCustomer = query.groupBy?.split(',').includes('customer') === true;
  return { selection: { scope, windows, customer, meter: query.meter, byCustomer }, timeZone };
}

function usageColumns(byCustomer: boolean): CsvColumn<ShownBucket>[] {
  const customer: CsvColumn<ShownBucket> = { label: 'customer', kind: 'text', value: (bucket) => bucket.customer ?? '' };
  return [
    { label: 'start', kind: 'text', value: (bucket) => bucket.start },
    { label: 'end', kind: 'text', value: (bucket) => bucket.end },
    ...(byCustomer ? [customer] : []),
    { label: 'meter', kind: 'text', value: (bucket) => bucket.meter },
    { label: 'quantity', kind: 'number', value: (bucket) => bucket.quantity },
    { label: 'events', kind: 'number', value: (bucket) => String(bucket.events) },
    { label: 'aggregation', kind: 'text', value: (bucket) => bucket.aggregation },
  ];
}
