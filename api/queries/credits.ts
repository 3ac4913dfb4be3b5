/** The credits of customers: an append-only ledger, of which the sum per credit is what is left of it. */
import { formatMinor } from '../../core/money.ts';
import { toInstant } from '../../core/instant-text.ts';
import type { Credit } from '../../core/totals.ts';
import { customerWithin, type EveryCustomer, type Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { CreditEntry } from '../../schemas/http/invoice-life.ts';

/** Entries shown of one customer: negative totals are rare. */
const ENTRIES_MAX = 1_000;

/** What is left, by customer, oldest first; `invoice` is the id of the one whose total was below zero. */
export async function readCredits(
  postgres: Queryable,
  _scope: EveryCustomer,
  customers: readonly string[],
): Promise<Map<string, (Credit & { currency: string; number: string | null })[]>> {
  const { rows } = await postgres.query<{ customer: string; currency: string; invoice: string; number: string | null; amount: string }>(
    `SELECT c.customer, c.currency, c.invoice_id::text AS invoice, i.number, sum(c.amount)::text AS amount
       FROM customer_credits c LEFT JOIN invoices i USING (invoice_id)
      WHERE c.customer = ANY($1) GROUP BY c.customer, c.currency, c.invoice_id, i.number HAVING sum(c.amount) > 0
      ORDER BY c.customer, min(c.entry_id)`,
    [customers],
  );
  const byCustomer = Map.groupBy(rows, ({ customer }) => customer);
  return new Map([...byCustomer].map(([customer, credits]) => [customer, credits.map((row) => ({ ...row, amount: BigInt(row.amount) }))]));
}

export interface CreditMovement {
  customer: string;
  currency: string;
  invoice: string;
  usedBy: string | null;
  amount: bigint;
  at: Date;
}

export async function writeCredit(postgres: Queryable, { customer, currency, invoice, usedBy, amount, at }: CreditMovement): Promise<void> {
  await postgres.query(
    'INSERT INTO customer_credits (customer, currency, invoice_id, used_by, amount, created_at) VALUES ($1, $2, $3, $4, $5, $6)',
    [customer, currency, invoice, usedBy, amount.toString(), at.toISOString()],
  );
}

/** What an invoice has used up of which credits, and has not been given back. */
export async function creditsUsedBy(postgres: Queryable, _scope: EveryCustomer, invoiceId: string): Promise<Credit[]> {
  const { rows } = await postgres.query<{ invoice: string; amount: string }>(
    `SELECT invoice_id::text AS invoice, (-sum(amount))::text AS amount FROM customer_credits WHERE used_by = $1::bigint
      GROUP BY invoice_id HAVING sum(amount) < 0`,
    [invoiceId],
  );
  return rows.map((row) => ({ invoice: row.invoice, amount: BigInt(row.amount) }));
}

interface EntryRow extends Omit<CreditEntry, 'amount' | 'at'> {
  amount: string;
  at: string;
  [column: string]: unknown;
}

export async function listCredits(
  postgres: Queryable,
  scope: Scope,
  customer: string,
): Promise<{ items: CreditEntry[]; balances: { currency: string; amount: string }[] }> {
  const own = customerWithin(scope, customer);
  const { rows } = await postgres.query<EntryRow>(
    `SELECT entry_id::text AS id, currency, invoice_id::text AS invoice, used_by::text AS "usedBy", amount::text AS amount, created_at AS at
       FROM customer_credits WHERE customer = $1 ORDER BY entry_id DESC LIMIT ${ENTRIES_MAX}`,
    [own],
  );
  const { rows: sums } = await postgres.query<{ currency: string; amount: string }>(
    'SELECT currency, sum(amount)::text AS amount FROM customer_credits WHERE customer = $1 GROUP BY currency ORDER BY currency',
    [own],
  );
  return {
    items: rows.map((row) => ({ ...row, amount: formatMinor(BigInt(row.amount), row.currency), at: toInstant(row.at) })),
    balances: sums.map(({ currency, amount }) => ({ currency, amount: formatMinor(BigInt(amount), currency) })),
  };
}
