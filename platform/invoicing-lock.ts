/**
 * Keeps an import from being undone at the moment an invoice becomes final with its rows: whoever decides an undo holds this lock alone until
 * that is committed, whoever makes an invoice final shares it. So one of the two sees what the other has done.
 */
import type { Queryable } from './postgres/postgres.ts';

/** Any number that nothing else in the database locks; "Invc" in ASCII. */
const LOCK = 0x496e7663;

/** Until the transaction ends. */
export async function shareInvoicing(transaction: Queryable): Promise<void> {
  await transaction.query('SELECT pg_advisory_xact_lock_shared($1)', [LOCK]);
}

/** Until the transaction ends. */
export async function stopInvoicing(transaction: Queryable): Promise<void> {
  await transaction.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
}
