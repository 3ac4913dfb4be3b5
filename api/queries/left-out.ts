/** Events of a line's meter and time that its quantity leaves out, by why. */
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText } from '../../core/window.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { belowInPostgres } from '../../platform/usage-cells.ts';
import type { Explanation } from '../../schemas/http/invoice-life.ts';
import type { RowSelection } from './traced-records.ts';

type Kind = keyof Explanation['leftOut'];

const SUMS = `count(*)::text AS events, coalesce(sum(r.quantity), 0)::text AS quantity`;
const IN_LINE = 'r.customer = $1 AND r.meter = $2 AND r.time >= $3 AND r.time < $4';

export async function readLeftOut(postgres: Queryable, { customer, meter, window, below }: RowSelection): Promise<Explanation['leftOut']> {
  const { rows } = await postgres.query<{ kind: Kind; events: string; quantity: string }>(
    `SELECT 'voided' AS kind, ${SUMS} FROM voided_events r WHERE ${IN_LINE}
     UNION ALL SELECT 'conflict', ${SUMS} FROM conflicts r WHERE ${IN_LINE}
     UNION ALL SELECT 'duplicate', ${SUMS} FROM usage_records r JOIN witnesses w ON w.customer = r.customer AND w.id = r.id WHERE ${IN_LINE}
     UNION ALL SELECT 'late', ${SUMS} FROM usage_records r WHERE ${IN_LINE} AND NOT coalesce(${belowInPostgres('$5', '$6')}, false)`,
    [customer, meter, instantText(window.from), instantText(window.to), below.epoch, below.nextOffsets],
  );
  const of = (kind: Kind) => {
    const { events = '0', quantity = '0' } = rows.find((row) => row.kind === kind) ?? {};
    return { events: Number(events), quantity: formatDecimal(toScaled(quantity, QUANTITY_SCALE), QUANTITY_SCALE) };
  };
  return { voided: of('voided'), conflict: of('conflict'), duplicate: of('duplicate'), late: of('late') };
}
