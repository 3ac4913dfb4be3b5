/**
 * Compares the cells of a rectangle, and keeps what differs.
 *
 * A first look takes a digest of each store. Only where these differ comes a second one, at the cells themselves and under a watermark
 * of its own, which writes down all that differ: what has healed, been undone or been rebuilt in between is none.
 */
import { instantText } from '../../core/window.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';
import {
  compareCells,
  readClickHouseCells,
  readPostgresCells,
  type CellRectangle,
  type CellWatermark,
  type UsageCell,
} from '../../platform/usage-cells.ts';
import { digestOfClickHouse, digestOfPostgres } from '../../platform/usage-digest.ts';
import { align, type Pair } from './align.ts';
import { ROLLUPS } from './rollup-ranges.ts';

/** Cells written by one statement. */
const BATCH_CELLS = 1_000;

export interface Stores {
  postgres: Postgres;
  clickhouse: ClickHouse;
}

/** Answers how many cells differ, not counting open ones. `freshWatermark` is asked for the second look. */
export async function reconcileRectangle(
  stores: Stores,
  rectangle: CellRectangle,
  below: CellWatermark,
  freshWatermark: () => Promise<CellWatermark>,
): Promise<number> {
  const before = await takingBack(stores.postgres, below.epoch);
  const [kept, counted] = await Promise.all([
    digestOfPostgres(stores.postgres, below, rectangle),
    digestOfClickHouse(stores.clickhouse, below, rectangle),
  ]);
  if (kept === counted) {
    await stores.postgres.query(CLEAR, rectangleValues(rectangle));
    return 0;
  }
  return record(stores, rectangle, await freshWatermark(), before);
}

const CLEAR = 'DELETE FROM reconciliation_cells WHERE customer = ANY($1::text[]) AND hour >= $2 AND hour < $3';

function rectangleValues({ customers, from, to }: CellRectangle): unknown[] {
  return [customers, instantText(from), instantText(to)];
}

function cells({ postgres, clickhouse }: Stores, below: CellWatermark, rectangle: CellRectangle): AsyncGenerator<Pair<UsageCell>> {
  return align(readPostgresCells(postgres, below, rectangle), readClickHouseCells(clickhouse, below, rectangle), compareCells);
}

function isDifferent({ left, right }: Pair<UsageCell>): boolean {
  return left?.quantity !== right?.quantity || left?.events !== right?.events;
}

/** In one transaction with what it replaces, so that no reader sees the rectangle half written. */
async function record(stores: Stores, rectangle: CellRectangle, below: CellWatermark, before: TakingBack): Promise<number> {
  return stores.postgres.transaction(async (transaction) => {
    await transaction.query(CLEAR, rectangleValues(rectangle));
    let found = 0;
    let batch: Pair<UsageCell>[] = [];
    for await (const pair of cells(stores, below, rectangle)) {
      if (!isDifferent(pair)) continue;
      found++;
      if (batch.push(pair) === BATCH_CELLS) {
        await insertCells(transaction, batch);
        batch = [];
      }
    }
    if (batch.length > 0) await insertCells(transaction, batch);
    // Rows are taken from Postgres first and from ClickHouse when rollups gets there: until then nothing can be said.
    const isOpen = found > 0 && (before.isUnderWay || isOtherThan(before, await takingBack(stores.postgres, below.epoch)));
    if (!isOpen) return found;
    await transaction.query(
      `UPDATE reconciliation_cells SET state = 'open' WHERE customer = ANY($1::text[]) AND hour >= $2 AND hour < $3`,
      rectangleValues(rectangle),
    );
    return 0;
  });
}

async function insertCells(transaction: Transaction, batch: readonly Pair<UsageCell>[]): Promise<void> {
  const rows = batch.map(({ left, right }) => ({ cell: (left ?? right) as UsageCell, left, right }));
  await transaction.query(
    `INSERT INTO reconciliation_cells (customer, meter, hour, state, postgres_quantity, postgres_events, clickhouse_quantity, clickhouse_events)
     SELECT customer, meter, hour, 'differs', pq, pe, cq, ce
     FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::numeric[], $5::bigint[], $6::numeric[], $7::bigint[]) AS c (customer, meter, hour, pq, pe, cq, ce)`,
    [
      rows.map(({ cell }) => cell.customer),
      rows.map(({ cell }) => cell.meter),
      rows.map(({ cell }) => instantText(cell.hour)),
      rows.map(({ left }) => left?.quantity ?? '0'),
      rows.map(({ left }) => left?.events ?? 0),
      rows.map(({ right }) => right?.quantity ?? '0'),
      rows.map(({ right }) => right?.events ?? 0),
    ],
  );
}

/** Undos and decisions about conflicts, as far as they take rows back. */
interface TakingBack {
  isUnderWay: boolean;
  /** How often it was done. */
  voids: string;
}

async function takingBack(postgres: Postgres, epoch: number): Promise<TakingBack> {
  const { rows } = await postgres.query<{ isUnderWay: boolean; voids: string }>(
    `SELECT (SELECT count(*) FROM voids) AS voids,
            EXISTS (SELECT FROM imports WHERE status = 'undoing')
              OR EXISTS (SELECT FROM consumer_offsets o JOIN voids v ON v.epoch = o.epoch AND v.partition = o.partition AND v.control_offset >= o.next_offset
                         WHERE o.consumer = $1 AND o.epoch = $2) AS "isUnderWay"`,
    [ROLLUPS, epoch],
  );
  return rows[0] ?? { isUnderWay: false, voids: '0' };
}

function isOtherThan(before: TakingBack, now: TakingBack): boolean {
  return now.isUnderWay || now.voids !== before.voids;
}
