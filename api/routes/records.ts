/** `/v1/records`: every row that came in, newest first. */
import { Type } from 'typebox';
import { READERS } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { customerWithin, type Scope, scopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { RecordList, RecordsQuery, UsageRecord } from '../../schemas/http/usage.ts';
import { strictObject } from '../../schemas/http/common.ts';
import { invalidCursor, toPage } from '../cursor.ts';
import { type CsvColumn, sendCsv } from '../export/csv.ts';
import { readInstant, readRange } from '../instants.ts';
import { decodePlace, findRecord, listRecords, type RecordFilter } from '../queries/records.ts';

/** Rows read at once for a CSV: a few megabytes. */
const CSV_PAGE_ROWS = 5_000;
const tags = ['records'];

const { limit: _limit, cursor: _cursor, ...filters } = RecordsQuery.properties;
const RecordsCsvQuery = strictObject(filters);
export const RecordParams = Type.Object({ key: Type.String({ maxLength: 500 }) });

export function registerRecords(server: HttpServer, platform: Platform): void {
  const { postgres } = platform;

  server.get('/v1/records', {
    config: { access: READERS },
    schema: {
      operationId: 'listRecords',
      summary: 'Rows, newest first; the order is stable while rows arrive',
      tags,
      querystring: RecordsQuery,
      response: { 200: RecordList },
    },
    handler: async (request) => {
      const { cursor, limit = 100 } = request.query;
      const after = cursor === undefined ? undefined : decodePlace(cursor);
      if (cursor !== undefined && after === undefined) throw invalidCursor();
      const rows = await listRecords(postgres, toFilter(scopeOf(callerOf(request)), request.query), { after, rows: limit + 1 });
      return toPage(rows, limit, ({ key }) => key);
    },
  });

  server.get('/v1/records.csv', {
    config: { access: READERS },
    schema: {
      operationId: 'listRecordsCsv',
      summary: 'The same as CSV, streamed',
      tags,
      querystring: RecordsCsvQuery,
      produces: ['text/csv'],
      response: { 200: Type.String() },
    },
    handler: async (request, reply) =>
      sendCsv(reply, {
        fileName: 'records.csv',
        columns: RECORD_COLUMNS,
        pages: recordPages(platform, toFilter(scopeOf(callerOf(request)), request.query)),
      }),
  });

  server.get('/v1/records/:key', {
    config: { access: READERS },
    schema: { operationId: 'getRecord', summary: 'One row', tags, params: RecordParams, response: { 200: UsageRecord } },
    handler: async (request) => requireRecord(platform, scopeOf(callerOf(request)), request.params.key),
  });
}

export async function requireRecord({ postgres }: Platform, scope: Scope, key: string): Promise<UsageRecord> {
  const record = await findRecord(postgres, scope, key);
  if (record === undefined) throw new ProblemError('not_found', 'No record has this key. Keys come from /v1/records.');
  return record;
}

function toFilter(scope: Scope, query: Type.Static<typeof RecordsCsvQuery>): RecordFilter {
  if (query.from !== undefined && query.to !== undefined) readRange(query.from, query.to);
  return {
    scope,
    customer: customerWithin(scope, query.customer),
    meter: query.meter,
    from: query.from === undefined ? undefined : readInstant(query.from, 'from').text,
    to: query.to === undefined ? undefined : readInstant(query.to, 'to').text,
    importId: query.import,
    status: query.status ?? 'accepted',
  };
}

async function* recordPages({ postgres }: Platform, filter: RecordFilter): AsyncGenerator<UsageRecord[]> {
  let after: ReturnType<typeof decodePlace>;
  for (;;) {
    const page = await listRecords(postgres, filter, { after, rows: CSV_PAGE_ROWS });
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < CSV_PAGE_ROWS) return;
    after = decodePlace(last.key);
  }
}

const RECORD_COLUMNS: CsvColumn<UsageRecord>[] = [
  { label: 'time', kind: 'text', value: (record) => record.time },
  { label: 'customer', kind: 'text', value: (record) => record.customer },
  { label: 'meter', kind: 'text', value: (record) => record.meter },
  { label: 'quantity', kind: 'number', value: (record) => record.quantity },
  { label: 'id', kind: 'text', value: (record) => record.id },
  { label: 'import', kind: 'text', value: (record) => record.importId },
  { label: 'line', kind: 'number', value: (record) => String(record.line) },
  { label: 'status', kind: 'text', value: (record) => record.status },
  { label: 'properties', kind: 'text', value: (record) => JSON.stringify(record.properties) },
  { label: 'key', kind: 'text', value: (record) => record.key },
];
