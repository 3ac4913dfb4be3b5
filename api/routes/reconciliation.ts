/** `/v1/reconciliation`: do both stores hold the same? */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { HOUR_MS } from '../../platform/usage-cells.ts';
import {
  Reconciliation,
  type ReconciliationCell,
  ReconciliationQuery,
  ReconciliationRun,
  ReconciliationRunQuery,
} from '../../schemas/http/reconciliation.ts';
import { readInstant, readRange } from '../instants.ts';
import {
  countStoredCells,
  findRun,
  hasOpenRuns,
  listStoredCells,
  listUnbalancedImports,
  readChecked,
  readImportSums,
  readLiveCells,
  type ReconciliationScope,
  requestRun,
} from '../queries/reconciliation.ts';

/** Of agreeing hours: a month, some thousand cells. The longest has an hour more than 31 days, where the clock goes back. */
const LIVE_HOURS_MAX = 32 * 24;
const tags = ['operations'];

interface ScopeQuery {
  customer?: string;
  from?: string;
  to?: string;
}

export function registerReconciliation(server: HttpServer, platform: Platform): void {
  const { postgres } = platform;

  server.get('/v1/reconciliation', {
    schema: {
      operationId: 'getReconciliation',
      summary: 'Whether Postgres and ClickHouse hold the same, and the hours in which they do not',
      tags,
      querystring: ReconciliationQuery,
      response: { 200: Reconciliation },
    },
    handler: async ({ query }) => {
      const scope = toScope(query);
      const [checked, counts, rows, imports, isRunning] = await Promise.all([
        readChecked(platform),
        countStoredCells(postgres, scope),
        readImportSums(postgres),
        listUnbalancedImports(postgres),
        hasOpenRuns(postgres),
      ]);
      const cells = await listCells(platform, scope, query.state);
      const isChecking = !checked.isFirstRunDone || isRunning || counts.open > 0;
      const state: Reconciliation['state'] = counts.differs > 0 || imports.length > 0 ? 'red' : isChecking ? 'checking' : 'green';
      return { state, checkedAt: checked.checkedAt, upTo: checked.upTo, rows, imports, cells, differing: counts.differs };
    },
  });

  server.post('/v1/reconciliation/run', {
    schema: {
      operationId: 'runReconciliation',
      summary: 'Compare everything again, or a customer or a time',
      tags,
      querystring: ReconciliationRunQuery,
      response: { 202: ReconciliationRun },
    },
    handler: async (request, reply) => reply.status(202).send(await requestRun(postgres, toScope(request.query), callerOf(request).name)),
  });

  server.get('/v1/reconciliation/run/:id', {
    schema: {
      operationId: 'getReconciliationRun',
      summary: 'How far a run is that was asked for',
      tags,
      params: Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) }),
      response: { 200: ReconciliationRun },
    },
    handler: async ({ params }) => {
      const run = await findRun(postgres, params.id);
      if (run === undefined) throw new ProblemError('not_found', 'No run has this id. Ids come from POST /v1/reconciliation/run.');
      return run;
    },
  });
}

function toScope({ customer, from, to }: ScopeQuery): ReconciliationScope {
  if (from !== undefined && to !== undefined) readRange(from, to);
  return {
    customer,
    from: from === undefined ? undefined : readInstant(from, 'from').text,
    to: to === undefined ? undefined : readInstant(to, 'to').text,
  };
}

async function listCells(
  platform: Platform,
  scope: ReconciliationScope,
  state: ReconciliationCell['state'] | undefined,
): Promise<ReconciliationCell[]> {
  const { customer, from, to } = scope;
  if (state === 'differs' || customer === undefined || from === undefined || to === undefined)
    return listStoredCells(platform.postgres, scope, state);
  const [fromMs, toMs] = [readInstant(from, 'from').epochMs, readInstant(to, 'to').epochMs];
  const rectangle = { customers: [customer], from: Math.floor(fromMs / HOUR_MS) * HOUR_MS, to: Math.ceil(toMs / HOUR_MS) * HOUR_MS };
  if (rectangle.to - rectangle.from > LIVE_HOURS_MAX * HOUR_MS)
    throw new ProblemError(
      'invalid_range',
      `Hours that agree are listed for ${LIVE_HOURS_MAX / 24} days at the most; ask for a shorter time, or for state=differs.`,
    );
  const stored = await listStoredCells(platform.postgres, scope, undefined);
  const onRecord = new Map(stored.map((cell) => [`${cell.hour} ${cell.meter}`, cell]));
  const live = await readLiveCells(platform, rectangle);
  return live
    .map((cell) => (cell.state === 'agrees' ? cell : (onRecord.get(`${cell.hour} ${cell.meter}`) ?? cell)))
    .filter((cell) => state === undefined || cell.state === state);
}
