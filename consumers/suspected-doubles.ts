/**
 * Suspected doubles: accepted events of an import whose id was made from content or file, and that equal an event of another
 * import in customer, meter, time and quantity. They are billed (two equal calls in one microsecond are possible), but a person
 * should know. Counted once per import, after it is complete.
 */
import type { ClickHouse } from '../platform/clickhouse/clickhouse.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';

/** Offsets compared at a time: bounds the set that ClickHouse holds in memory to some 10 MB. */
const CHUNK_OFFSETS = 100_000;

interface Extent {
  epoch: number;
  partition: number;
  first: number;
  next: number;
}

/** Counts for the oldest import that waits for it. False when there is none. */
export async function countSuspectedDoubles(postgres: Postgres, clickhouse: ClickHouse): Promise<boolean> {
  const { rows } = await postgres.query<{ id: string }>(
    `SELECT id FROM imports WHERE status = 'complete' AND identity IN ('row', 'file') AND suspected_doubles IS NULL ORDER BY id LIMIT 1`,
  );
  const id = rows[0]?.id;
  if (id === undefined) return false;
  let doubles = 0;
  for (const extent of await extentsOf(postgres, id)) {
    for (let first = extent.first; first < extent.next; first += CHUNK_OFFSETS) {
      doubles += await countChunk(clickhouse, extent, first, Math.min(first + CHUNK_OFFSETS, extent.next));
    }
  }
  await postgres.query(`UPDATE imports SET suspected_doubles = $2 WHERE id = $1`, [id, doubles]);
  await postgres.query(`SELECT pg_notify('imports', $1)`, [id]);
  return true;
}

/**
 * Where the import's events stand in the log. Imports are published one at a time, so nothing else stands between them. What the
 * import has taken over from an undone one stands elsewhere, and counts among the others.
 */
async function extentsOf(postgres: Postgres, id: string): Promise<Extent[]> {
  const { rows } = await postgres.query<{ epoch: number; partition: number; first: string; next: string }>(
    `SELECT epoch, partition, first_offset AS first, end_offset AS next FROM import_partitions
     WHERE import_id = $1 AND accepted > 0 AND end_offset > first_offset`,
    [id],
  );
  return rows.map(({ epoch, partition, first, next }) => ({ epoch, partition, first: Number(first), next: Number(next) }));
}

async function countChunk(clickhouse: ClickHouse, extent: Extent, first: number, next: number): Promise<number> {
  const rows = await clickhouse.query<{ doubles: string }>({
    name: 'suspected_doubles',
    sql: `
      SELECT sum(mine) AS doubles FROM (
        SELECT countIf(epoch = {epoch:UInt32} AND log_partition = {partition:UInt16} AND log_offset >= {first:UInt64} AND log_offset < {next:UInt64}) AS mine,
               countIf(NOT (epoch = {epoch:UInt32} AND log_partition = {partition:UInt16} AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64})) AS others
        FROM tallyline.usage_events
        WHERE (customer, meter, time) IN (
          SELECT customer, meter, time FROM tallyline.usage_events
          WHERE epoch = {epoch:UInt32} AND log_partition = {partition:UInt16} AND log_offset >= {first:UInt64} AND log_offset < {next:UInt64})
        GROUP BY customer, meter, time, quantity
        HAVING mine > 0 AND others > 0)`,
    params: {
      epoch: extent.epoch,
      partition: extent.partition,
      first: String(first),
      next: String(next),
      from: String(extent.first),
      to: String(extent.next),
    },
  });
  return Number(rows[0]?.doubles ?? 0);
}
