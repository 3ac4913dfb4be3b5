/** What else is compared: what somebody asked for, month by month, and again whatever has differed. */
import { monthPeriod } from '../../core/window.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { HOUR_MS, type CellWatermark } from '../../platform/usage-cells.ts';
import { regionsOfScope, type Region, type Scope } from './reconcile-regions.ts';

/** Stored cells read at a time. */
const PAGE_CELLS = 5_000;

export interface Request extends Scope {
  isWhole: boolean;
}

export interface TakenRequest extends Request {
  runId: string;
}

/** The oldest run that was asked for and is not done; one that broke off is taken again. */
export async function takeRequest(postgres: Postgres): Promise<TakenRequest | undefined> {
  const { rows } = await postgres.query<{ run_id: string; customer: string | null; from: string | null; to: string | null }>(
    `UPDATE reconciliation_runs SET state = 'running', started_at = now()
      WHERE run_id = (SELECT run_id FROM reconciliation_runs WHERE state <> 'done' ORDER BY run_id LIMIT 1)
      RETURNING run_id, customer, ${millis('from_time')} AS from, ${millis('to_time')} AS to`,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const from = row.from === null ? -Infinity : Math.floor(Number(row.from) / HOUR_MS) * HOUR_MS;
  const to = row.to === null ? Infinity : Math.ceil(Number(row.to) / HOUR_MS) * HOUR_MS;
  const isWhole = row.customer === null && row.from === null && row.to === null;
  return { runId: row.run_id, customer: row.customer ?? undefined, from, to, isWhole };
}

export async function finishRequest(postgres: Postgres, runId: string): Promise<void> {
  await postgres.query(`UPDATE reconciliation_runs SET state = 'done', finished_at = now() WHERE run_id = $1`, [runId]);
}

export const WHOLE: Request = { customer: undefined, from: -Infinity, to: Infinity, isWhole: true };

/** Month by month, so that no query has to group more than that. */
export async function* regionsOfRequest(
  postgres: Postgres,
  clickhouse: ClickHouse,
  below: CellWatermark,
  request: Request,
): AsyncGenerator<Region> {
  for (const month of await readMonths(postgres, clickhouse)) {
    const period = monthPeriod(`${Math.floor(month / 100)}-${String(month % 100).padStart(2, '0')}`, 'UTC');
    const [from, to] = [Math.max(request.from, period.from), Math.min(request.to, period.to)];
    if (from < to) yield* regionsOfScope(postgres, clickhouse, below, { customer: request.customer, from, to });
  }
}

/** The cells of the table, as regions: what agrees by now is taken out of it. */
export async function* regionsOfStoredCells(postgres: Postgres): AsyncGenerator<Region> {
  let after = { month: 0, customer: '' };
  for (;;) {
    const { rows } = await postgres.query<{ month: number; customer: string; first: string; last: string; events: string }>(
      `SELECT month, customer, ${millis('first')} AS first, ${millis('last')} AS last, events
         FROM (SELECT (extract(year FROM hour) * 100 + extract(month FROM hour))::integer AS month, customer, min(hour) AS first, max(hour) AS last,
                      sum(greatest(postgres_events, clickhouse_events))::bigint AS events
                 FROM reconciliation_cells GROUP BY 1, 2) AS regions
        WHERE (month, customer) > ($1::integer, $2::text) ORDER BY month, customer LIMIT $3`,
      [after.month, after.customer, PAGE_CELLS],
    );
    for (const { month, customer, first, last, events } of rows) {
      after = { month, customer };
      yield { month, customer, first: Number(first), last: Number(last), events: Number(events) };
    }
    if (rows.length < PAGE_CELLS) return;
  }
}

/** The months (YYYYMM) that either store has rows in. Some files have dates that are centuries apart: the months between are not visited. */
async function readMonths(postgres: Postgres, clickhouse: ClickHouse): Promise<number[]> {
  // One look into the index per month.
  const { rows: kept } = await postgres.query<{ month: number }>(
    `WITH RECURSIVE months AS (
       SELECT date_trunc('month', min(time)) AS month FROM usage_records
       UNION ALL
       SELECT (SELECT date_trunc('month', min(time)) FROM usage_records WHERE time >= months.month + interval '1 month') FROM months WHERE months.month IS NOT NULL)
     SELECT (extract(year FROM month) * 100 + extract(month FROM month))::integer AS month FROM months WHERE month IS NOT NULL`,
  );
  const counted = await clickhouse.query<{ month: number }>({
    name: 'reconcile_months',
    sql: `SELECT DISTINCT toUInt32(partition) AS month FROM system.parts WHERE database = 'tallyline' AND table = 'usage_events' AND active`,
  });
  return [...new Set([...kept, ...counted].map(({ month }) => month))].toSorted((a, b) => a - b);
}

function millis(time: string): string {
  return `(extract(epoch FROM ${time}) * 1000)::bigint`;
}
