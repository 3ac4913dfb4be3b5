/**
 * Customers by hours: where there is usage, and what the comparison has found of it. Where there is usage comes from the buckets of
 * ClickHouse, what differs from `reconciliation_cells`: an hour that only Postgres has is there too. Nothing is compared here.
 */
import { instantText, SLOT_MS } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { BELOW_IN_CLICKHOUSE, belowInPostgres, compareText, type CellWatermark } from '../../platform/usage-cells.ts';
import type { ReconciliationCell } from '../../schemas/http/reconciliation.ts';

type State = ReconciliationCell['state'];

export interface GridRange {
  /** Half-open, whole hours, epoch milliseconds. */
  from: number;
  to: number;
  /** Of one cell. */
  stepMs: number;
}

export interface Grid {
  /** In the order of their ids. */
  rows: { customer: string; cells: State[] }[];
  others: { customers: number; cells: State[] } | null;
}

/** Stands for all customers that have no row of their own. */
const OTHERS = '';
/** Of those, the ones that only Postgres has: asked for by name. */
const OTHERS_NAMED_MAX = 1_000;

/** The very expression of the projection `slots`, so that buckets are read instead of events. */
const SLOT = `toStartOfInterval(e.time, INTERVAL ${SLOT_MS} MILLISECOND)`;
const IN_RANGE = `${SLOT} >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ${SLOT} < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;
const STORED_IN_RANGE = `hour >= $1::timestamptz AND hour < $2::timestamptz`;

/** `isCompared`: whether everything has been, at least once. Rows: `rowsMax` at the most, and that of the others. */
export async function readGrid(
  { postgres, clickhouse }: Pick<Platform, 'postgres' | 'clickhouse'>,
  _scope: EveryCustomer,
  range: GridRange,
  { rowsMax, isCompared }: { rowsMax: number; isCompared: boolean },
): Promise<Grid> {
  const customers = await chooseCustomers(postgres, clickhouse, range, rowsMax);
  const [used, stored, others] = await Promise.all([
    readUsedCells(clickhouse, range, customers),
    readStoredCells(postgres, range, customers),
    countOthers(postgres, clickhouse, range, customers),
  ]);
  const length = Math.ceil((range.to - range.from) / range.stepMs);
  const cellsOf = (row: string): State[] =>
    Array.from({ length }, (_, index) => {
      const key = `${index} ${row}`;
      return stored.get(key) ?? (used.has(key) ? (isCompared ? 'agrees' : 'open') : 'none');
    });
  return {
    rows: customers.map((customer) => ({ customer, cells: cellsOf(customer) })),
    others: others === 0 ? null : { customers: others, cells: cellsOf(OTHERS) },
  };
}

/** Whoever differs has a row before those who have the most usage. */
async function chooseCustomers(postgres: Postgres, clickhouse: ClickHouse, range: GridRange, rowsMax: number): Promise<string[]> {
  const { rows } = await postgres.query<{ customer: string }>(
    `SELECT customer FROM reconciliation_cells WHERE ${STORED_IN_RANGE}
      GROUP BY customer ORDER BY count(*) FILTER (WHERE state = 'differs') DESC, customer LIMIT $3`,
    [...bounds(range), rowsMax],
  );
  const used = await clickhouse.query<{ name: string }>({
    name: 'grid_customers',
    sql: `SELECT e.customer AS name FROM tallyline.usage_events AS e WHERE ${IN_RANGE}
          GROUP BY name ORDER BY count() DESC, name LIMIT {limit:UInt32}`,
    params: { from: range.from, to: range.to, limit: rowsMax },
  });
  const chosen = new Set([...rows.map(({ customer }) => customer), ...used.map(({ name }) => name)]);
  return [...chosen].slice(0, rowsMax).toSorted(compareText);
}

/** Keys: `<index of the cell> <customer, or OTHERS>`. */
async function readUsedCells(clickhouse: ClickHouse, { from, to, stepMs }: GridRange, customers: readonly string[]): Promise<Set<string>> {
  const rows = await clickhouse.query<{ cell: string; shown: string }>({
    name: 'grid_cells',
    sql: `SELECT intDiv(toUnixTimestamp64Milli(${SLOT}) - {from:Int64}, {step:Int64}) AS cell,
                 if(has({customers:Array(String)}, e.customer), e.customer, '') AS shown, count() AS events
          FROM tallyline.usage_events AS e WHERE ${IN_RANGE} GROUP BY cell, shown`,
    params: { from, to, step: stepMs, customers },
  });
  return new Set(rows.map(({ cell, shown }) => `${cell} ${shown}`));
}

async function readStoredCells(postgres: Postgres, range: GridRange, customers: readonly string[]): Promise<Map<string, State>> {
  const { rows } = await postgres.query<{ cell: string; shown: string; differs: boolean }>(
    `SELECT floor(extract(epoch FROM hour - $1::timestamptz) * 1000 / $3)::bigint AS cell,
            CASE WHEN customer = ANY($4::text[]) THEN customer ELSE '' END AS shown, bool_or(state = 'differs') AS differs
       FROM reconciliation_cells WHERE ${STORED_IN_RANGE} GROUP BY 1, 2`,
    [...bounds(range), range.stepMs, customers],
  );
  return new Map(rows.map(({ cell, shown, differs }) => [`${cell} ${shown}`, differs ? 'differs' : 'open']));
}

async function countOthers(postgres: Postgres, clickhouse: ClickHouse, range: GridRange, customers: readonly string[]): Promise<number> {
  const { rows } = await postgres.query<{ customer: string }>(
    `SELECT DISTINCT customer FROM reconciliation_cells WHERE ${STORED_IN_RANGE} AND NOT customer = ANY($3::text[]) LIMIT ${OTHERS_NAMED_MAX}`,
    [...bounds(range), customers],
  );
  const named = rows.map(({ customer }) => customer);
  const [counted] = await clickhouse.query<{ others: string; known: string }>({
    name: 'grid_others',
    sql: `SELECT uniqExact(e.customer) AS others, uniqExactIf(e.customer, has({named:Array(String)}, e.customer)) AS known
          FROM tallyline.usage_events AS e WHERE ${IN_RANGE} AND NOT has({customers:Array(String)}, e.customer)`,
    params: { from: range.from, to: range.to, customers, named },
  });
  return Number(counted?.others ?? 0) + named.length - Number(counted?.known ?? 0);
}

/** How many events each store has of this time, below one watermark. */
export async function countEvents(
  { postgres, clickhouse }: Pick<Platform, 'postgres' | 'clickhouse'>,
  _scope: EveryCustomer,
  { from, to }: Pick<GridRange, 'from' | 'to'>,
  { epoch, nextOffsets }: CellWatermark,
): Promise<{ postgres: number; clickhouse: number }> {
  const [kept, counted] = await Promise.all([
    postgres.query<{ events: string }>(
      `SELECT count(*) AS events FROM usage_records WHERE time >= $1 AND time < $2 AND ${belowInPostgres('$3', '$4')}`,
      [instantText(from), instantText(to), epoch, nextOffsets],
    ),
    clickhouse.query<{ events: string }>({
      name: 'grid_events',
      sql: `SELECT count() AS events FROM tallyline.usage_events
            WHERE time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND ${BELOW_IN_CLICKHOUSE}`,
      params: { from, to, epoch, nextOffsets },
    }),
  ]);
  return { postgres: Number(kept.rows[0]?.events ?? 0), clickhouse: Number(counted[0]?.events ?? 0) };
}

function bounds({ from, to }: GridRange): [string, string] {
  return [instantText(from), instantText(to)];
}
