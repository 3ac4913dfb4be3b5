/** Numbers without gaps: taken by the transaction that makes the document final, and given back with it when that fails. */
import { formatNumber, numberSeries } from '../../core/numbering.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';

/**
 * The next number by the pattern. Its series stays locked until the transaction ends: take it last. `date` is `YYYY-MM-DD`. What another series
 * has given before is passed over, as the 11 of `A{number}` by the 1 of `A1{number}`: nobody could finalize any more.
 */
export async function takeNumber(
  transaction: Queryable,
  document: 'invoices' | 'credit_notes',
  pattern: string,
  date: string,
): Promise<string> {
  for (;;) {
    const number = await nextNumber(transaction, pattern, date);
    const { rowCount } = await transaction.query(`SELECT FROM ${document} WHERE number = $1`, [number]);
    if (rowCount === 0) return number;
  }
}

async function nextNumber(transaction: Queryable, pattern: string, date: string): Promise<string> {
  const { rows } = await transaction.query<{ taken: string }>(
    `INSERT INTO invoice_numbers (series, next) VALUES ($1, 2)
     ON CONFLICT (series) DO UPDATE SET next = invoice_numbers.next + 1 RETURNING (next - 1)::text AS taken`,
    [numberSeries(pattern, date)],
  );
  if (rows[0] === undefined) throw new Error('the statement returned no row');
  return formatNumber(pattern, date, BigInt(rows[0].taken));
}
