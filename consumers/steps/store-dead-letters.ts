/**
 * Dead letters in the transaction of their batch, and the count of them in the import that they name.
 *
 * An import is waited for until all of its events are accounted for, so one that cannot be read has to count too: once, however often
 * it is delivered, and no more once it has been read after all.
 */
import type { Transaction } from '../../platform/postgres/postgres.ts';
import type { DecodedBatch } from './decode.ts';

/** Told when there are new ones. */
export const DEAD_LETTERS_CHANNEL = 'dead_letters';

/** Whether an import of the batch has any. Hardly ever; the staged rows, of which the planner knows nothing, are only looked at then. */
export async function hasCountedDead(transaction: Transaction, batch: DecodedBatch): Promise<boolean> {
  const { rowCount } = await transaction.query(`SELECT FROM dead_letters WHERE is_counted AND import_id = ANY ($1::bigint[]) LIMIT 1`, [
    [...batch.imports.keys()],
  ]);
  return rowCount > 0;
}

/**
 * Events of this batch that were dead letters before are that no more. Answers how many, by import. To be called while the batch is
 * staged.
 */
export async function releaseDead(transaction: Transaction, batch: DecodedBatch): Promise<Map<string, number>> {
  if (!(await hasCountedDead(transaction, batch))) return new Map();
  const { rows } = await transaction.query<{ import_id: string }>(
    `UPDATE dead_letters d SET is_counted = false FROM staged s
     WHERE d.is_counted AND d.import_id = ANY ($1::bigint[]) AND d.import_id = s.import_id AND d.line = s.line AND d.meter = s.meter
     RETURNING d.import_id`,
    [[...batch.imports.keys()]],
  );
  return countBy(rows);
}

/** Of these imports, whose events have changed after all, rows are counted anew. To be called when the events have been counted. */
export async function recountRows(transaction: Transaction, imports: readonly string[]): Promise<void> {
  if (imports.length === 0) return;
  // In order, as other partitions may do the same; and first, so that who completes one meanwhile is waited for and then seen.
  await transaction.query(`SELECT FROM imports WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE`, [imports]);
  await transaction.query(
    `UPDATE imports SET rows_new = NULL, rows_known = NULL, rows_conflict = NULL, customers = NULL WHERE id = ANY ($1::bigint[]) AND status = 'complete'`,
    [imports],
  );
}

/**
 * Keeps them whole, and answers how many count, by import: those that name an import whose events are still on their way. To be called
 * after the events of the batch have been stored. A message that names neither line nor meter counts whenever it comes.
 */
export async function storeDeadLetters(
  transaction: Transaction,
  epoch: number,
  { partition, dead }: DecodedBatch,
): Promise<Map<string, number>> {
  if (dead.length === 0) return new Map();
  const column = (value: (letter: DecodedBatch['dead'][number]) => unknown) => dead.map((letter) => value(letter) ?? null);
  const known = (table: string) =>
    `EXISTS (SELECT FROM ${table} k WHERE k.customer = g.customer AND k.id = g.id AND k.import_id = g.import_id AND k.line = g.line AND k.meter = g.meter)`;
  const { rows } = await transaction.query<{ import_id: string; is_counted: boolean }>(
    `INSERT INTO dead_letters (epoch, partition, "offset", idx, code, message, payload, import_id, line, meter, is_counted)
     SELECT $1, $2, g."offset", g.idx, g.code, g.message, g.payload, g.import_id, g.line, g.meter,
            i.id IS NOT NULL
            AND (g.line IS NULL OR g.meter IS NULL OR row_number() OVER (PARTITION BY g.import_id, g.line, g.meter ORDER BY g."offset", g.idx) = 1)
            AND NOT EXISTS (SELECT FROM dead_letters c WHERE c.is_counted AND c.import_id = g.import_id AND c.line = g.line AND c.meter = g.meter)
            AND NOT ${known('usage_records')} AND NOT ${known('witnesses')} AND NOT ${known('conflicts')}
     FROM unnest($3::bigint[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[])
            AS g ("offset", idx, code, message, payload, import_id, line, meter, customer, id)
          LEFT JOIN imports i ON i.id = g.import_id AND i.status IN ('publishing', 'settling')
     ORDER BY g."offset", g.idx
     ON CONFLICT (epoch, partition, "offset", idx) DO NOTHING
     RETURNING import_id, is_counted`,
    [
      epoch,
      partition,
      column(({ offset }) => offset),
      column(({ index }) => index),
      column(({ failure }) => failure.code),
      column(({ failure }) => failure.message),
      // Postgres text holds no NUL; the escape keeps the message readable and whole.
      column(({ payload }) => payload.replaceAll('\0', '\\u0000')),
      column(({ name }) => name.importId),
      column(({ name }) => name.line),
      column(({ name }) => name.meter),
      column(({ name }) => name.customer),
      column(({ name }) => name.id),
    ],
  );
  await transaction.query(`SELECT pg_notify($1, '')`, [DEAD_LETTERS_CHANNEL]);
  return countBy(rows.filter(({ is_counted }) => is_counted));
}

function countBy(rows: readonly { import_id: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { import_id } of rows) counts.set(import_id, (counts.get(import_id) ?? 0) + 1);
  return counts;
}
