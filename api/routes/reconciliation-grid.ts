/** `/v1/reconciliation/grid` and `/missing`: customers by hours, agreeing or not, and the very events that one store lacks. */
import { STAFF } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { instantText } from '../../core/window.ts';
import { staffScopeOf } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { HOUR_MS } from '../../platform/usage-cells.ts';
import {
  ReconciliationGrid,
  ReconciliationGridQuery,
  ReconciliationMissing,
  ReconciliationMissingQuery,
} from '../../schemas/http/reconciliation.ts';
import { readInstant, readRange } from '../instants.ts';
import { findMissing } from '../queries/missing-events.ts';
import { countEvents, type GridRange, readGrid } from '../queries/reconciliation-grid.ts';
import { readChecked } from '../queries/reconciliation.ts';
import { cellWatermarkOf, readWatermark } from '../queries/watermark.ts';

/** More columns than this nobody tells apart. */
const CELLS_MAX = 64;
/** Both stores count the events of this time while somebody waits. */
const DAYS_MAX = 32;
const ROWS = 11;

export function registerReconciliationGrid(server: HttpServer, platform: Platform): void {
  server.get('/v1/reconciliation/grid', {
    config: { access: STAFF },
    schema: {
      operationId: 'getReconciliationGrid',
      summary: 'Customers by hours: what the last comparison has found, for at most 64 cells a row and 32 days',
      tags: ['operations'],
      querystring: ReconciliationGridQuery,
      response: { 200: ReconciliationGrid },
    },
    handler: async (request) => {
      const scope = staffScopeOf(callerOf(request));
      const { query } = request;
      const { step = 1, customers: rowsMax = ROWS } = query;
      const range = toGridRange(query.from, query.to, step);
      const watermark = await readWatermark(platform);
      const checked = await readChecked(platform);
      const [grid, events] = await Promise.all([
        readGrid(platform, scope, range, { rowsMax, isCompared: checked.isFirstRunDone }),
        countEvents(platform, scope, range, cellWatermarkOf(watermark)),
      ]);
      const starts = Array.from({ length: Math.ceil((range.to - range.from) / range.stepMs) }, (_, index) =>
        instantText(range.from + index * range.stepMs),
      );
      const checkedAt = checked.isFirstRunDone ? checked.checkedAt : null;
      return { cells: starts, to: instantText(range.to), step, ...grid, events, checkedAt };
    },
  });

  server.get('/v1/reconciliation/missing', {
    config: { access: STAFF },
    schema: {
      operationId: 'getReconciliationMissing',
      summary: 'The events of an hour that only one store has, as both are now',
      tags: ['operations'],
      querystring: ReconciliationMissingQuery,
      response: { 200: ReconciliationMissing },
    },
    handler: async (request) => {
      const { customer, meter, hour } = request.query;
      const from = Math.floor(readInstant(hour, 'hour').epochMs / HOUR_MS) * HOUR_MS;
      const cell = { customer, meter, from, to: from + HOUR_MS };
      return findMissing(platform, staffScopeOf(callerOf(request)), cell, cellWatermarkOf(await readWatermark(platform)));
    },
  });
}

function toGridRange(fromText: string, toText: string, step: number): GridRange {
  const { from, to } = readRange(fromText, toText);
  const range = {
    from: Math.floor(from.epochMs / HOUR_MS) * HOUR_MS,
    to: Math.ceil(to.epochMs / HOUR_MS) * HOUR_MS,
    stepMs: step * HOUR_MS,
  };
  const length = range.to - range.from;
  if (length > DAYS_MAX * 24 * HOUR_MS)
    throw new ProblemError('invalid_range', `The grid shows ${DAYS_MAX} days at the most; ask for a shorter time.`);
  if (length / range.stepMs > CELLS_MAX)
    throw new ProblemError('invalid_range', `A row would have more than ${CELLS_MAX} cells; ask for a shorter time, or a larger step.`);
  return range;
}
