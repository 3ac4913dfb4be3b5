/** `/v1/usage`: how much, in hours, days or months of any time zone. */
import { Type } from 'typebox';
import { addDecimals, formatDecimal, toScaled } from '../../core/decimal.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText, SLOT_MS, type Window } from '../../core/window.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { Instant, nullable } from '../../schemas/http/common.ts';
import { Usage, type UsageBucket, UsageQuery } from '../../schemas/http/usage.ts';
import { type CsvColumn, sendCsv } from '../export/csv.ts';
import { readRange } from '../instants.ts';
import { DEFAULT_TIME_ZONE, findCustomer } from '../queries/customers.ts';
import { readUsage, type UsageExtentRow, type UsageSelection, usageExtentQuery, type WindowUsage } from '../queries/usage.ts';
import { readWatermark } from '../queries/watermark.ts';
import { BUCKETS_MAX, requireTimeZone, tooManyBuckets, windowsOf } from '../usage/windows.ts';

const tags = ['usage'];
const RANGES =
  "Buckets are cut off at `from` and `to`; hours without usage are left out. Without `timeZone`, a call for one customer uses that customer's zone, others UTC.";

export function registerUsage(server: HttpServer, platform: Platform): void {
  server.get('/v1/usage', {
    schema: {
      operationId: 'getUsage',
      summary: 'Usage by hour, day or month',
      description: RANGES,
      tags,
      querystring: UsageQuery,
      response: { 200: Usage },
    },
    handler: async (request) => {
      const { asOf } = await readWatermark(platform);
      const { selection, timeZone } = await select(platform, request.query);
      const buckets: UsageBucket[] = [];
      for await (const page of readUsage(platform.clickhouse, selection)) {
        if (buckets.length + page.length > BUCKETS_MAX) throw tooManyBuckets();
        for (const row of page) buckets.push(toBucket(row, selection.byCustomer));
      }
      return { buckets, total: totalsOf(buckets), timeZone, asOf };
    },
  });

  server.get('/v1/usage.csv', {
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
      const { selection } = await select(platform, request.query);
      return sendCsv(reply, {
        fileName: 'usage.csv',
        columns: usageColumns(selection.byCustomer),
        pages: bucketPages(platform, selection),
      });
    },
  });

  server.get('/v1/usage/extent', {
    schema: {
      operationId: 'getUsageExtent',
      summary: 'First and last moment with usage; null when there is none',
      tags,
      response: { 200: nullable(Type.Object({ from: Instant, to: Instant })) },
    },
    handler: async () => {
      const [extent] = await platform.clickhouse.query<UsageExtentRow>(usageExtentQuery);
      return extent === undefined ? null : { from: instantText(Number(extent.first)), to: instantText(Number(extent.last) + SLOT_MS) };
    },
  });
}

async function select(platform: Platform, query: Type.Static<typeof UsageQuery>): Promise<{ selection: UsageSelection; timeZone: string }> {
  const range = readRange(query.from, query.to);
  const timeZone = query.timeZone === undefined ? await zoneOfCustomer(platform, query.customer) : requireTimeZone(query.timeZone);
  const period: Window = { from: range.from.epochMs, to: range.to.epochMs };
  const windows = windowsOf(period, query.grain ?? 'hour', timeZone);
  const byCustomer = query.groupBy?.split(',').includes('customer') === true;
  return { selection: { windows, customer: query.customer, meter: query.meter, byCustomer }, timeZone };
}

async function zoneOfCustomer({ postgres }: Platform, customer: string | undefined): Promise<string> {
  if (customer === undefined) return DEFAULT_TIME_ZONE;
  return (await findCustomer(postgres, customer))?.timeZone ?? DEFAULT_TIME_ZONE;
}

async function* bucketPages({ clickhouse }: Platform, selection: UsageSelection): AsyncGenerator<UsageBucket[]> {
  for await (const page of readUsage(clickhouse, selection)) yield page.map((row) => toBucket(row, selection.byCustomer));
}

function toBucket(row: WindowUsage, byCustomer: boolean): UsageBucket {
  return {
    start: instantText(row.window.from),
    end: instantText(row.window.to),
    ...(byCustomer ? { customer: row.customer } : {}),
    meter: row.meter,
    quantity: formatDecimal(toScaled(row.quantity, QUANTITY_SCALE), QUANTITY_SCALE),
    events: Number(row.events),
  };
}

/** Added up from the buckets of the answer, so that the two agree also while rows arrive. */
function totalsOf(buckets: readonly UsageBucket[]): { meter: string; quantity: string; events: number }[] {
  const totals = new Map<string, { quantity: string; events: number }>();
  for (const { meter = '', quantity, events } of buckets) {
    const total = totals.get(meter) ?? { quantity: '0', events: 0 };
    totals.set(meter, { quantity: addDecimals(total.quantity, quantity), events: total.events + events });
  }
  return [...totals].map(([meter, total]) => ({ meter, ...total })).sort((a, b) => (a.meter < b.meter ? -1 : 1));
}

function usageColumns(byCustomer: boolean): CsvColumn<UsageBucket>[] {
  const customer: CsvColumn<UsageBucket> = { label: 'customer', kind: 'text', value: (bucket) => bucket.customer ?? '' };
  return [
    { label: 'start', kind: 'text', value: (bucket) => bucket.start },
    { label: 'end', kind: 'text', value: (bucket) => bucket.end },
    ...(byCustomer ? [customer] : []),
    { label: 'meter', kind: 'text', value: (bucket) => bucket.meter ?? '' },
    { label: 'quantity', kind: 'number', value: (bucket) => bucket.quantity },
    { label: 'events', kind: 'number', value: (bucket) => String(bucket.events) },
  ];
}
