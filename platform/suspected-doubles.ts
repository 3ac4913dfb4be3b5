/**
 * Suspected doubles: accepted events of an import with ids of our making that equal an event of another import in customer, meter, time
 * and quantity. Both are billed (two equal calls in one microsecond are possible), but a person should know.
 *
 * Looked for in Postgres, which knows the import of each event: events of streams stand between those of a file in the log. A look into an
 * index per event; ClickHouse would read its table once for every chunk.
 */
import type { Queryable } from './postgres/postgres.ts';

/** Offsets looked at by one statement: a second or so. */
export const CHUNK_OFFSETS = 100_000;

/** Where an import's events lie in a partition of the log, among those of streams. Half-open. */
export interface Extent {
  epoch: number;
  partition: number;
  first: number;
  next: number;
}

/** In the order of the log. What the import has taken over from an undone one stands elsewhere, and is left out. */
export async function readExtents(postgres: Queryable, importId: string): Promise<Extent[]> {
  const { rows } = await postgres.query<{ epoch: number; partition: number; first: string; next: string }>(
    `SELECT epoch, partition, first_offset AS first, end_offset AS next FROM import_partitions
     WHERE import_id = $1 AND accepted > 0 AND end_offset > first_offset ORDER BY epoch, partition`,
    [importId],
  );
  return rows.map(({ epoch, partition, first, next }) => ({ epoch, partition, first: Number(first), next: Number(next) }));
}

const MINE = `r.epoch = $2 AND r.partition = $3 AND r."offset" >= $4 AND r."offset" < $5 AND r.import_id = $1::bigint`;
/** The customer and the time are an index; what else has them is next to nothing. */
const EQUAL = `o.customer = r.customer AND o.time = r.time AND o.meter = r.meter AND o.quantity = r.quantity AND o.import_id <> r.import_id`;

/**
 * Of the import's events within the extent. What others have at the same customer and time is read once, not once for each event: in a
 * file of dates all events of a day have one time. Both sides are grouped together, because a join would trust the planner's guess of them.
 */
export async function countDoubles(postgres: Queryable, importId: string, { epoch, partition, first, next }: Extent): Promise<number> {
  const { rows } = await postgres.query<{ doubles: string }>(
    `WITH mine AS MATERIALIZED (
       SELECT r.customer, r.time, r.meter, r.quantity, count(*) AS events FROM usage_records r WHERE ${MINE} GROUP BY 1, 2, 3, 4
     ), others AS (
       SELECT k.customer, k.time, o.meter, o.quantity
         FROM (SELECT DISTINCT customer, time FROM mine) k CROSS JOIN LATERAL (
                SELECT DISTINCT o.meter, o.quantity FROM usage_records o
                 WHERE o.customer = k.customer AND o.time = k.time AND o.import_id <> $1::bigint) o
     )
     SELECT coalesce(sum(events), 0) AS doubles FROM (
       SELECT sum(events) AS events
         FROM (SELECT *, false AS "isOther" FROM mine UNION ALL SELECT *, 0, true FROM others) both_sides
        GROUP BY customer, time, meter, quantity HAVING bool_or("isOther")) doubled`,
    [importId, epoch, partition, first, next],
  );
  return Number(rows[0]?.doubles ?? 0);
}

export interface DoubleRow {
  line: string;
  customer: string;
  meter: string;
  time: string;
  quantity: string;
  offset: string;
  idx: number;
  otherImportId: string;
  otherName: string;
  otherLine: string;
  [column: string]: unknown;
}

/** Those behind a place, in the order of the log, each with the first event that it equals. */
export async function findDoubles(
  postgres: Queryable,
  importId: string,
  { epoch, partition, first, next }: Extent,
  { after, limit }: { after: { offset: string; index: number } | undefined; limit: number },
): Promise<DoubleRow[]> {
  const { rows } = await postgres.query<DoubleRow>(
    `SELECT r.line::text AS line, r.customer, r.meter, r.time, r.quantity::text AS quantity, r."offset"::text AS "offset", r.idx,
            o.import_id::text AS "otherImportId", i.name AS "otherName", o.line::text AS "otherLine"
       FROM usage_records r CROSS JOIN LATERAL (
              SELECT import_id, line FROM usage_records o WHERE ${EQUAL} ORDER BY o.epoch, o.partition, o."offset", o.idx LIMIT 1) o
            JOIN imports i ON i.id = o.import_id
      WHERE ${MINE} AND ($6::bigint IS NULL OR (r."offset", r.idx) > ($6::bigint, $7::integer))
      ORDER BY r."offset", r.idx LIMIT $8`,
    [importId, epoch, partition, first, next, after?.offset ?? null, after?.index ?? null, limit],
  );
  return rows;
}
