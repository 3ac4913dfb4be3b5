/** Numbers without gaps: taken by the transaction that makes the document final, and given back with it when that fails. */
import { formatNumber, numberSeries } from '../../core/numbering.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';

/** The next number by the pattern. Its series stays locked until the transaction ends: take it last. `date` is `YYYY-MM-DD`. */
export async function takeNumber(transaction: Queryable, pattern: string, date: string): Promise<string> {
  const { rows } = await transaction.query<{ taken: string }>(
    `INSERT INTO invoice_numbers (series, next) VALUES ($1, 2)
     ON CONFLICT (series) DO UPDATE SET next = invoice_numbers.next + 1 RETURNING (next - 1)::text AS taken`,
    [numberSeries(pattern, date)],
  );
  if (rows[0] === undefined) throw new Error('the statement returned no row');
  return formatNumber(pattern, date, BigInt(rows[0].taken));
}
