/**
 * The cells of a rectangle as one short text, made by each store of its own: equal where all cells are, and next to never otherwise.
 *
 * Each cell is a line of text, and the line an MD5 (RFC 1321), of whose two halves 60 bits each are added up: so that no store has to sort
 * cells, or to hold more than one. Two sets of cells that differ by accident have one digest with a chance of 1 in 2^120.
 */
import { instantText } from '../core/window.ts';
import type { ClickHouse } from './clickhouse/clickhouse.ts';
import type { Postgres } from './postgres/postgres.ts';
import { BELOW_IN_CLICKHOUSE, belowInPostgres, HOUR_MS, SCALE, type CellRectangle, type CellWatermark } from './usage-cells.ts';

interface DigestRow {
  cells: string;
  first: string;
  second: string;
  [column: string]: unknown;
}

export async function digestOfPostgres(postgres: Postgres, below: CellWatermark, { customers, from, to }: CellRectangle): Promise<string> {
  const bits = (start: number) => `('x' || substr(hash, ${start}, 15))::bit(60)::bigint`;
  const { rows } = await postgres.query<DigestRow>(
    `SELECT count(*)::text AS cells, coalesce(sum(${bits(1)}), 0)::text AS first, coalesce(sum(${bits(17)}), 0)::text AS second
       FROM (SELECT md5(octet_length(customer) || ':' || customer || (extract(epoch FROM hour) * 1000)::bigint || ':' || octet_length(meter) || ':' || meter
                        || trim_scale(quantity) || ':' || events) AS hash
               FROM (SELECT customer, date_trunc('hour', time) AS hour, meter, sum(quantity) AS quantity, count(*) AS events
                       FROM usage_records
                      WHERE customer = ANY($1::text[]) AND time >= $2 AND time < $3 AND ${belowInPostgres('$4', '$5')}
                      GROUP BY customer, date_trunc('hour', time), meter) AS cells) AS hashes`,
    [customers, instantText(from), instantText(to), below.epoch, below.nextOffsets],
  );
  return textOf(rows);
}

export async function digestOfClickHouse(
  clickhouse: ClickHouse,
  below: CellWatermark,
  { customers, from, to }: CellRectangle,
): Promise<string> {
  const bits = (start: number) => `sum(toUInt128(bitShiftRight(reinterpretAsUInt64(reverse(substring(hash, ${start}, 8))), 4)))`;
  const rows = await clickhouse.query<DigestRow>({
    name: 'usage_digest',
    // The aliases differ from the columns: an alias would take the column's place in the conditions.
    sql: `SELECT toString(count()) AS cells, toString(${bits(1)}) AS first, toString(${bits(9)}) AS second
          FROM (SELECT MD5(concat(toString(length(customer)), ':', customer, toString(toUnixTimestamp64Milli(cell_hour)), ':', toString(length(cell_meter)), ':',
                                  cell_meter, toString(cell_quantity), ':', toString(cell_events))) AS hash
                FROM (SELECT customer, toStartOfInterval(time, INTERVAL ${HOUR_MS} MILLISECOND) AS cell_hour, toString(meter) AS cell_meter,
                             sum(toDecimal256(u.quantity, ${SCALE})) AS cell_quantity, count() AS cell_events
                      FROM tallyline.usage_events AS u
                      WHERE customer IN {customers:Array(String)} AND ${BELOW_IN_CLICKHOUSE}
                        AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
                      GROUP BY customer, cell_hour, cell_meter))`,
    params: { customers, epoch: below.epoch, nextOffsets: below.nextOffsets, from, to },
  });
  return textOf(rows);
}

function textOf([row]: readonly DigestRow[]): string {
  if (row === undefined) throw new Error('a store had no answer to a question that always has one');
  return `${row.cells} cells: ${row.first} ${row.second}`;
}
