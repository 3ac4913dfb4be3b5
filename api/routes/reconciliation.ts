/** `/v1/reconciliation`: do both stores hold the same? */
import { writeAudit } from '../../platform/access/audit.ts';
import { ADMIN, STAFF } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { type EveryCustomer, staffScopeOf } from '../../platform/access/scope.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { HOUR_MS } from '../../platform/usage-cells.ts';
import { NumberParams } from '../../schemas/http/common.ts';
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
  const { postgres, clock } = platform;

  server.get('/v1/reconciliation', {
    config: { access: STAFF },
    schema: {
      operationId: 'getReconciliation',
      summary: 'Whether Postgres and ClickHouse hold the same, and the hours in which they do not',
      tags,
      querystring: ReconciliationQuery,
      response: { 200: Reconciliation },
    },
    handler: async (request) => {
      const every = staffScopeOf(callerOf(request));
      const { query } = request;
      const scope = toScope(query);
      const [checked, counts, rows, imports, isRunning] = await Promise.all([
        readChecked(platform),
        countStoredCells(postgres, every, scope),
        readImportSums(postgres, every),
        listUnbalancedImports(postgres, every),
        hasOpenRuns(postgres),
      ]);
      const cells = await listCells(platform, every, scope, query.state);
      const isChecking = !checked.isFirstRunDone || isRunning || counts.open > 0;
      const state: Reconciliation['state'] = counts.differs > 0 || imports.length > 0 ? 'red' : isChecking ? 'checking' : 'green';
      return { state, checkedAt: checked.checkedAt, upTo: checked.upTo, rows, imports, cells, differing: counts.differs };
    },
  });

  server.post('/v1/reconciliation/run', {
    config: { access: ADMIN },
    schema: {
      operationId: 'runReconciliation',
      summary: 'Compare everything again, or a customer or a time',
      tags,
      querystring: ReconciliationRunQuery,
      response: { 202: ReconciliationRun },
    },
    handler: async (request, reply) => {
      const [by, scope] = [actorOf(request), toScope(request.query)];
      const run = await postgres.transaction(async (transaction) => {
        const { run: asked, isNew } = await requestRun(transaction, scope, by.name);
        const subject = `reconciliation/${asked.id}`;
        if (isNew) await writeAudit(transaction, { at: clock.now(), by, what: 'reconciliation.requested', subject, details: { ...scope } });
        return asked;
      });
      return reply.status(202).send(run);
    },
  });

  server.get('/v1/reconciliation/run/:id', {
    config: { access: STAFF },
    schema: {
      operationId: 'getReconciliationRun',
      summary: 'How far a run is that was asked for',
      tags,
      params: NumberParams,
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
  every: EveryCustomer,
  scope: ReconciliationScope,
  state: ReconciliationCell['state'] | undefined,
): Promise<ReconciliationCell[]> {
  const { customer, from, to } = scope;
  if (state === 'differs' || customer === undefined || from === undefined || to === undefined)
    return listStoredCells(platform.postgres, every, scope, state);
  const [fromMs, toMs] = [readInstant(from, 'from').epochMs, readInstant(to, 'to').epochMs];
  const rectangle = { customers: [customer], from: Math.floor(fromMs / HOUR_MS) * HOUR_MS, to: Math.ceil(toMs / HOUR_MS) * HOUR_MS };
  if (rectangle.to - rectangle.from > LIVE_HOURS_MAX * HOUR_MS)
    throw new ProblemError(
      'invalid_range',
      `Hours that agree are listed for ${LIVE_HOURS_MAX / 24} days at the most; ask for a shorter time, or for state=differs.`,
    );
  const stored = await listStoredCells(platform.postgres, every, scope, undefined);
  const onRecord = new Map(stored.map((cell) => [`${cell.hour} ${cell.meter}`, cell]));
  const live = await readLiveCells(platform, every, rectangle);
  return live
    .map((cell) => (cell.state === 'agrees' ? cell : (onRecord.get(`${cell.hour} ${cell.meter}`) ?? cell)))
    .filter((cell) => state === undefined || cell.state === state);
}
