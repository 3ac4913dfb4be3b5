/** What came to a meter's usage and what went from it between moments, by import and by decision. */
import type { Cause } from '../../core/due.ts';
import { toScaled } from '../../core/decimal.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText, type Window } from '../../core/window.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { belowInPostgres, type CellWatermark } from '../../platform/usage-cells.ts';
import { standingSql, type Bind, type StandingSelection } from './standing-records.ts';

/** More than a person reads; a stream that is sent in a thousand pieces has as many imports. */
export const CAUSES_MAX = 100;

export interface UsageChange extends Omit<Cause, 'kind' | 'id'> {
  /** `again`: events that an invoice had billed already, and are due once more. */
  kind: 'late' | 'undone' | 'replaced' | 'again';
  /** Of the import or the conflict; `0` for `again`. */
  id: string;
}

interface ChangeRow {
  kind: UsageChange['kind'];
  id: string;
  name: string | null;
  events: string;
  quantity: string;
  [column: string]: unknown;
}

/**
 * Rows whose weights do not cancel out, in these windows, largest sum first. `billedBelow`: what stood below it and counts more than before
 * is due again, not late.
 */
export async function readUsageChanges(
  postgres: Queryable,
  selection: Omit<StandingSelection, 'window' | 'changedOnly'>,
  windows: readonly Window[],
  billedBelow?: CellWatermark,
): Promise<UsageChange[]> {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return [];
  const within = { window: { from: 'w.from_time', to: 'w.to_time' } };
  const changed = standingSql({ ...selection, window: { from: first.from, to: last.to }, changedOnly: true }, bind, within);
  const wasBilled = billedBelow === undefined ? 'false' : belowInPostgres(bind(billedBelow.epoch), bind(billedBelow.nextOffsets));
  const { rows } = await postgres.query<ChangeRow>(
    `SELECT c.kind, c.id::text AS id, i.name, c.events::text AS events, c.quantity::text AS quantity
       FROM (SELECT kind, CASE kind WHEN 'late' THEN import_id WHEN 'undone' THEN undone_import_id WHEN 'replaced' THEN conflict_id ELSE 0 END AS id,
                    sum(weight) AS events, sum(quantity * weight) AS quantity
               FROM (SELECT *, CASE WHEN weight < 0 AND undone_import_id IS NOT NULL THEN 'undone' WHEN weight < 0 AND conflict_id IS NOT NULL THEN 'replaced'
                                    WHEN weight < 0 OR coalesce(${wasBilled}, false) THEN 'again' ELSE 'late' END AS kind
                       FROM unnest(${bind(windows.map(({ from }) => instantText(from)))}::timestamptz[],
                                   ${bind(windows.map(({ to }) => instantText(to)))}::timestamptz[]) AS w (from_time, to_time)
                      CROSS JOIN LATERAL (${changed}) AS r) AS told
              GROUP BY 1, 2 ORDER BY abs(sum(quantity * weight)) DESC, 1, 2 LIMIT ${CAUSES_MAX}) AS c
       LEFT JOIN imports i ON i.id = c.id AND c.kind IN ('late', 'undone')
      ORDER BY abs(c.quantity) DESC, c.kind, c.id`,
    values,
  );
  return rows.map(({ kind, id, name, events, quantity }) => {
    return { kind, id, name, events: Number(events), quantity: toScaled(quantity, QUANTITY_SCALE) };
  });
}
