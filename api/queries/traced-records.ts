/** The rows behind an hour of an invoice, in the order in which their contributions are told: time, then position. */
import { toInstant } from '../../core/instant-text.ts';
import { instantText, type Window } from '../../core/window.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { belowInPostgres, type CellWatermark } from '../../platform/usage-cells.ts';
import type { RecordPlace } from './records.ts';

export interface TracedRow extends RecordPlace {
  id: string;
  quantity: string;
  properties: string;
  importId: string;
  fileName: string | null;
  line: string;
  [column: string]: unknown;
}

export interface RowSelection {
  customer: string;
  meter: string;
  window: Window;
  below: CellWatermark;
}

const ORDER = 'r.time, r.epoch, r.partition, r."offset", r.idx';

export async function readTracedRows(
  postgres: Queryable,
  { customer, meter, window, below }: RowSelection,
  page: { after: RecordPlace | undefined; rows: number },
): Promise<TracedRow[]> {
  const { after, rows: limit } = page;
  const { rows } = await postgres.query<TracedRow>(
    `SELECT r.id, r.time, r.quantity::text AS quantity, r.properties, r.import_id::text AS "importId", i.name AS "fileName", r.line::text AS line,
            r.epoch::text AS epoch, r.partition::text AS partition, r."offset"::text AS "offset", r.idx::text AS idx
       FROM usage_records r LEFT JOIN imports i ON i.id = r.import_id
      WHERE r.customer = $1 AND r.meter = $2 AND r.time >= $3 AND r.time < $4 AND ${belowInPostgres('$5', '$6')}
        AND ($7::timestamptz IS NULL OR (${ORDER}) > ($7::timestamptz, $8::integer, $9::smallint, $10::bigint, $11::integer))
      ORDER BY ${ORDER} LIMIT $12`,
    [
      customer,
      meter,
      instantText(window.from),
      instantText(window.to),
      below.epoch,
      below.nextOffsets,
      after?.time ?? null,
      after?.epoch ?? null,
      after?.partition ?? null,
      after?.offset ?? null,
      after?.idx ?? null,
      limit,
    ],
  );
  return rows.map((row) => ({ ...row, time: toInstant(row.time) }));
}
