/**
 * Step 3 for a control message: what it takes out of ClickHouse and what it puts in.
 *
 *   announced PENDING ──► voided positions deleted, looked for, none left ──► revived rows inserted ──► DONE and offset
 *
 * Both are read from Postgres, where they are append-only: however far records is ahead, they are the same at every attempt. What
 * lies before the message has been inserted by then, since rollups goes by the log, so there is nothing that could come later and
 * stay. Deleting what is gone and inserting what is there are no-ops, so after a doubt all of it is simply done again.
 */
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { ClickHouseDamagedError } from '../../platform/clickhouse/damage.ts';
import { announceMoment } from '../../platform/moments.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { escapeText } from './decode.ts';
import { insertDoubtful, type DoubtStores, type PlannedRows, type RangeKey, REVIVED_ROWS } from './rollup-ranges.ts';

const WORKING_TABLE = 'tallyline.voided_positions';
const VOIDED_COLUMNS = ['chunk', 'log_offset', 'log_index'];

interface VoidedChunk {
  /** Names the chunk among all. */
  name: string;
  chunk: number;
  month: number;
  epoch: number;
  partition: number;
  rows: number;
}

/** What the control message at `offset` changes, by month, as it is announced. Empty: nothing. */
export async function planControl(postgres: Postgres, epoch: number, partition: number, offset: number): Promise<PlannedRows[]> {
  const { rows } = await postgres.query<{ month: number; first_index: number; rows: number; voided: number }>(
    `SELECT month, first_index, sum(rows)::integer AS rows, sum(voided)::integer AS voided
     FROM (SELECT month, 0 AS first_index, 0 AS rows, cardinality(offsets) AS voided FROM voids
           WHERE epoch = $1 AND partition = $2 AND control_offset = $3
           UNION ALL SELECT month, idx / $4::integer * $4::integer, 1, 0 FROM revivals WHERE epoch = $1 AND partition = $2 AND control_offset = $3) changes
     GROUP BY month, first_index ORDER BY month, first_index`,
    [epoch, partition, offset, REVIVED_ROWS],
  );
  return rows.map(({ first_index: firstIndex, ...planned }) => ({ ...planned, firstIndex }));
}

export async function applyControl(stores: DoubtStores, range: RangeKey, offset: number, planned: readonly PlannedRows[]): Promise<void> {
  const { postgres, clickhouse } = stores;
  for (const chunk of await voidedChunks(postgres, range, offset)) await deleteChunk(postgres, clickhouse, range, offset, chunk);
  for (const { month, firstIndex = 0, rows } of planned) {
    if (rows > 0)
      await insertDoubtful(stores, range, {
        month,
        rows,
        firstIndex,
        tsv: await revivedRows(postgres, range, offset, month, firstIndex),
      });
  }
}

async function voidedChunks(postgres: Postgres, { epoch, partition }: RangeKey, offset: number): Promise<VoidedChunk[]> {
  const { rows } = await postgres.query<VoidedChunk & { [column: string]: unknown }>(
    `SELECT concat_ws('-', epoch, partition, control_offset, chunk) AS name, chunk, month, position_epoch AS epoch, position_partition AS partition,
            cardinality(offsets) AS rows
     FROM voids WHERE epoch = $1 AND partition = $2 AND control_offset = $3 ORDER BY chunk`,
    [epoch, partition, offset],
  );
  return rows;
}

async function deleteChunk(postgres: Postgres, clickhouse: ClickHouse, range: RangeKey, offset: number, chunk: VoidedChunk): Promise<void> {
  const { rows } = await postgres.query<{ tsv: string }>(
    `SELECT string_agg(concat_ws(E'\\t', $5::text, o, i) || E'\\n', '') AS tsv FROM voids, unnest(offsets, indexes) AS position (o, i)
     WHERE epoch = $1 AND partition = $2 AND control_offset = $3 AND chunk = $4`,
    [range.epoch, range.partition, offset, chunk.chunk, chunk.name],
  );
  const tsv = rows[0]?.tsv ?? '';
  await clickhouse.insert({ table: WORKING_TABLE, columns: VOIDED_COLUMNS, tsv, rows: chunk.rows, token: `voided:${chunk.name}` });
  try {
    await deleteRows(clickhouse, chunk);
  } catch (error) {
    // It may be these positions that cannot be read: they are written anew at the next attempt.
    if (error instanceof ClickHouseDamagedError) await dropPositions(clickhouse, chunk);
    throw error;
  }
  announceMoment('control-deleted');
  await dropPositions(clickhouse, chunk);
}

async function dropPositions(clickhouse: ClickHouse, { name }: VoidedChunk): Promise<void> {
  await clickhouse.command(`ALTER TABLE ${WORKING_TABLE} DROP PARTITION '${name}'`);
}

async function deleteRows(clickhouse: ClickHouse, chunk: VoidedChunk): Promise<void> {
  // Only numbers of ours and the name made of them: a mutation takes no parameters.
  const where = `epoch = ${chunk.epoch} AND log_partition = ${chunk.partition}
    AND (log_offset, log_index) IN (SELECT log_offset, log_index FROM ${WORKING_TABLE} WHERE chunk = '${chunk.name}')`;
  await clickhouse.command(
    `ALTER TABLE tallyline.usage_events DELETE IN PARTITION ${chunk.month} WHERE ${where} SETTINGS mutations_sync = 2`,
  );
  const [left] = await clickhouse.query<{ found: string }>({
    name: 'voided_read_back',
    sql: `SELECT count() AS found FROM tallyline.usage_events WHERE toYYYYMM(time) = {month:UInt32} AND ${where}`,
    params: { month: chunk.month },
  });
  if (left?.found !== '0') throw new Error(`${left?.found} of ${chunk.rows} voided rows of ${chunk.month} are still in ClickHouse`);
}

async function revivedRows(postgres: Postgres, range: RangeKey, offset: number, month: number, firstIndex: number): Promise<string> {
  const { rows } = await postgres.query<{ idx: number; customer: string; meter: string; time: string; quantity: string }>(
    `SELECT idx, customer, meter, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS time, quantity FROM revivals
     WHERE epoch = $1 AND partition = $2 AND control_offset = $3 AND month = $4 AND idx >= $5::integer AND idx < $5::integer + $6::integer ORDER BY idx`,
    [range.epoch, range.partition, offset, month, firstIndex, REVIVED_ROWS],
  );
  return rows
    .map(
      ({ idx, customer, meter, time, quantity }) =>
        `${escapeText(customer)}\t${escapeText(meter)}\t${time}\t${quantity}\t${range.epoch}\t${range.partition}\t${offset}\t${idx}\n`,
    )
    .join('');
}
