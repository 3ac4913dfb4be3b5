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

/**
 * SQL: the rows of `mine` (a table, or a query in parentheses) that an event of `usage_records` equals in customer, time, meter and
 * quantity, with the `columns` of theirs, and the first such event in the order of the log as "otherImport" and "otherLine". `others` is a
 * condition on `usage_records o`.
 *
 * What stands at a customer and a time is read once, not once for each event: in a file of dates all events of a day have one time. Both
 * sides are grouped together, because a join would trust the planner's guess of them.
 */
export function doublesOf(mine: string, columns: readonly string[], others = 'true'): string {
  return `
    SELECT * FROM (
      SELECT customer, time, meter, quantity, ${columns.join(', ')}, "isMine",
             max(import_id) OVER equal AS "otherImport", max(other_line) OVER equal AS "otherLine"
        FROM (SELECT customer, time, meter, quantity, ${columns.join(', ')}, true AS "isMine", NULL::bigint AS import_id, NULL::bigint AS other_line
                FROM ${mine} AS mine
              UNION ALL
              SELECT k.customer, k.time, o.meter, o.quantity, ${columns.map(() => 'NULL').join(', ')}, false, o.import_id, o.line
                FROM (SELECT DISTINCT customer, time FROM ${mine} AS mine) k CROSS JOIN LATERAL (
                       SELECT DISTINCT ON (o.meter, o.quantity) o.meter, o.quantity, o.import_id, o.line FROM usage_records o
                        WHERE o.customer = k.customer AND o.time = k.time AND ${others}
                        ORDER BY o.meter, o.quantity, o.epoch, o.partition, o."offset", o.idx) o) both_sides
      WINDOW equal AS (PARTITION BY customer, time, meter, quantity)) grouped
     WHERE "isMine" AND "otherImport" IS NOT NULL`;
}

const OF_EXTENT = `SELECT * FROM usage_records WHERE epoch = $2 AND partition = $3 AND "offset" >= $4 AND "offset" < $5 AND import_id = $1::bigint`;
const OF_OTHERS = `o.import_id <> $1::bigint`;

/** Of the import's events within the extent. */
export async function countDoubles(postgres: Queryable, importId: string, { epoch, partition, first, next }: Extent): Promise<number> {
  const { rows } = await postgres.query<{ doubles: string }>(
    `WITH mine AS MATERIALIZED (${OF_EXTENT})
     SELECT count(*) AS doubles FROM (${doublesOf('mine', ['line'], OF_OTHERS)}) d`,
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
    `WITH mine AS MATERIALIZED (${OF_EXTENT} AND ($6::bigint IS NULL OR ("offset", idx) > ($6::bigint, $7::integer)))
     SELECT d.line::text AS line, d.customer, d.meter, d.time, d.quantity::text AS quantity, d."offset"::text AS "offset", d.idx,
            d."otherImport"::text AS "otherImportId", i.name AS "otherName", d."otherLine"::text AS "otherLine"
       FROM (${doublesOf('mine', ['line', '"offset"', 'idx'], OF_OTHERS)}) d JOIN imports i ON i.id = d."otherImport"
      ORDER BY d."offset", d.idx LIMIT $8`,
    [importId, epoch, partition, first, next, after?.offset ?? null, after?.index ?? null, limit],
  );
  return rows;
}
