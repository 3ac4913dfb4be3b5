/** `/v1/audit`: who did what, when, why and from where. */
import { Type } from 'typebox';
import { listAudit } from '../../platform/access/audit.ts';
import { STAFF } from '../../platform/access/roles.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { type AuditEntry, AuditList } from '../../schemas/http/access.ts';
import { AuditCsvQuery, type AuditFilter, AuditQuery } from '../../schemas/http/audit.ts';
import { columnsOf, type CsvColumn, sendCsv } from '../export/csv.ts';
import { readInstant, readRange } from '../instants.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['operations'];
/** Of the CSV; an entry has some hundred bytes, and at the most some ten thousand. */
const PAGE_ROWS = 1_000;

export function registerAudit(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/audit', {
    config: { access: STAFF },
    schema: {
      operationId: 'listAudit',
      summary: 'Who did what, when and why; newest first',
      tags,
      querystring: AuditQuery,
      response: { 200: AuditList },
    },
    handler: ({ query: { cursor, limit, ...filter } }) =>
      pageByNumber('audit', { cursor, limit }, (page) => listAudit(postgres, toFilter(filter), page)),
  });

  server.get('/v1/audit.csv', {
    config: { access: STAFF },
    schema: {
      operationId: 'getAuditCsv',
      summary: 'The same as CSV, all of it, streamed',
      tags,
      produces: ['text/csv'],
      querystring: AuditCsvQuery,
      response: { 200: Type.String() },
    },
    handler: async ({ query }, reply) =>
      sendCsv(reply, { columns: COLUMNS, pages: auditPages(postgres, toFilter(query)), fileName: 'audit.csv' }),
  });
}

const { text, number } = columnsOf<AuditEntry>();

const COLUMNS: readonly CsvColumn<AuditEntry>[] = [
  number('id', ({ id }) => id),
  text('at', ({ at }) => at),
  text('who', ({ who }) => who),
  text('address', ({ address }) => address),
  text('what', ({ what }) => what),
  text('subject', ({ subject }) => subject),
  text('reason', ({ reason }) => reason),
  text('details', ({ details }) => JSON.stringify(details)),
];

async function* auditPages(postgres: Postgres, filter: AuditFilter): AsyncGenerator<readonly AuditEntry[]> {
  for (let before: string | undefined; ;) {
    const entries = await listAudit(postgres, filter, { before, rows: PAGE_ROWS });
    yield entries;
    before = entries.at(-1)?.id;
    if (entries.length < PAGE_ROWS) return;
  }
}

function toFilter({ from, to, ...filter }: AuditFilter): AuditFilter {
  if (from !== undefined && to !== undefined) readRange(from, to);
  return {
    ...filter,
    ...(from === undefined ? {} : { from: readInstant(from, 'from').text }),
    ...(to === undefined ? {} : { to: readInstant(to, 'to').text }),
  };
}
