/** Counts suspected doubles, once per import, after it is complete. What they are: platform/suspected-doubles.ts. */
import type { Postgres } from '../platform/postgres/postgres.ts';
import { CHUNK_OFFSETS, countDoubles, readExtents } from '../platform/suspected-doubles.ts';

/** Counts for the oldest import that waits for it. False when there is none. */
export async function countSuspectedDoubles(postgres: Postgres): Promise<boolean> {
  const { rows } = await postgres.query<{ id: string }>(
    `SELECT id FROM imports WHERE status = 'complete' AND identity IN ('row', 'file') AND suspected_doubles IS NULL ORDER BY id LIMIT 1`,
  );
  const id = rows[0]?.id;
  if (id === undefined) return false;
  let doubles = 0;
  for (const extent of await readExtents(postgres, id)) {
    for (let first = extent.first; first < extent.next; first += CHUNK_OFFSETS) {
      doubles += await countDoubles(postgres, id, { ...extent, first, next: Math.min(first + CHUNK_OFFSETS, extent.next) });
    }
  }
  await postgres.query(`UPDATE imports SET suspected_doubles = $2 WHERE id = $1`, [id, doubles]);
  await postgres.query(`SELECT pg_notify('imports', $1)`, [id]);
  return true;
}
