/**
 * Reports of a line's meter and time that its quantity leaves out, by why:
 *
 *   voided      taken back with their import, or come after its undo. Also of an event that another import reports still: the report is
 *               left out, the event is not
 *   conflict    another version of their event was accepted, or none, until a person decides
 *   duplicate   reported an accepted event once more
 *
 * All of it as the stores stand when it is read. It cannot be told afterwards: an undo forgets the duplicates of its import, and decisions
 * turn conflicts into events. So an invoice reads it when it becomes final, while its usage is held still, and keeps it.
 */
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText, type Window } from '../../core/window.ts';
import { customerWithin, type Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Explanation } from '../../schemas/http/invoice-life.ts';

export type LeftOut = Explanation['leftOut'];

export interface MeteredWindow {
  meter: string;
  window: Window;
}

interface SumRow {
  kind: keyof LeftOut;
  n: number;
  events: string;
  quantity: string;
  [column: string]: unknown;
}

const SUMS = (kind: keyof LeftOut) =>
  `SELECT '${kind}' AS kind, l.n::integer AS n, count(*)::text AS events, sum(r.quantity)::text AS quantity`;
/** The bounds over all lines are for the indexes, which begin with customer and time. */
const IN_LINE = `JOIN lines l ON r.meter = l.meter AND r.time >= l.from_time AND r.time < l.to_time
  WHERE r.customer = $1 AND r.time >= $5 AND r.time < $6 GROUP BY l.n`;

/** In the order of the lines, in one pass over each table for all of them. */
export async function readLeftOut(
  postgres: Queryable,
  scope: Scope,
  customer: string,
  lines: readonly MeteredWindow[],
): Promise<LeftOut[]> {
  if (lines.length === 0) return [];
  const [starts, ends] = [lines.map(({ window }) => window.from), lines.map(({ window }) => window.to)];
  const { rows } = await postgres.query<SumRow>(
    `WITH lines AS (SELECT * FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY AS l (meter, from_time, to_time, n))
     ${SUMS('voided')} FROM voided_events r ${IN_LINE}
     UNION ALL ${SUMS('conflict')} FROM conflicts r ${IN_LINE}
     UNION ALL ${SUMS('duplicate')} FROM usage_records r JOIN witnesses w ON w.customer = r.customer AND w.id = r.id ${IN_LINE}`,
    [
      customerWithin(scope, customer),
      lines.map(({ meter }) => meter),
      starts.map(instantText),
      ends.map(instantText),
      instantText(starts.reduce((a, b) => Math.min(a, b))),
      instantText(ends.reduce((a, b) => Math.max(a, b))),
    ],
  );
  const sums = new Map(rows.map((row) => [`${row.kind} ${row.n}`, row]));
  const of = (kind: keyof LeftOut, n: number): LeftOut[keyof LeftOut] => {
    const { events = '0', quantity = '0' } = sums.get(`${kind} ${n}`) ?? {};
    return { events: Number(events), quantity: formatDecimal(toScaled(quantity, QUANTITY_SCALE), QUANTITY_SCALE) };
  };
  return lines.map((_, at) => ({ voided: of('voided', at + 1), conflict: of('conflict', at + 1), duplicate: of('duplicate', at + 1) }));
}
