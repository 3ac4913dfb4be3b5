/** Lines that come again and stand in conflict, although no version of their event is accepted: an undo has left them so. */
import type { Transaction } from '../../platform/postgres/postgres.ts';
import type { DecodedBatch } from './decode.ts';

export interface RedeliveredEvent {
  import_id: string;
  offset: string;
  idx: number;
}

/** Whether there can be any. Nearly always the end of it: a look into an index that is nearly always empty. */
export async function hasStranded(transaction: Transaction, batch: DecodedBatch): Promise<boolean> {
  const { rowCount } = await transaction.query('SELECT FROM conflicts WHERE stranded AND import_id = ANY ($1::bigint[]) LIMIT 1', [
    [...batch.imports.keys()],
  ]);
  return rowCount > 0;
}

/** Takes them out of the staged rows: with nothing accepted to be refused for, such a line would be billed, and counted twice. */
export async function dropRedelivered(transaction: Transaction, batch: DecodedBatch): Promise<RedeliveredEvent[]> {
  if (!(await hasStranded(transaction, batch))) return [];
  const { rows } = await transaction.query<RedeliveredEvent & { [column: string]: unknown }>(
    `DELETE FROM staged s USING conflicts c
     WHERE c.stranded AND c.import_id = ANY ($1::bigint[]) AND c.customer = s.customer AND c.id = s.id AND c.import_id = s.import_id AND c.line = s.line
       AND c.meter = s.meter AND NOT EXISTS (SELECT FROM usage_records r WHERE r.customer = s.customer AND r.id = s.id)
     RETURNING s.import_id, s."offset", s.idx`,
    [[...batch.imports.keys()]],
  );
  return rows;
}
