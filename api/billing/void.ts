/** A final invoice is taken back whole. Its number stays taken; what it billed falls due again. */
import { ProblemError } from '../../core/errors.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { writeAudit } from '../../platform/access/audit.ts';
import type { Actor } from '../../platform/access/caller.ts';
import { creditsUsedBy, readCredits, writeCredit } from '../queries/credits.ts';
import { makeVoid, type StoredInvoice } from '../queries/invoices.ts';
import { unsettle } from '../queries/settled-periods.ts';
import { requireInvoice } from './read-invoice.ts';

/** May be repeated. Throws `not_found`, and `conflict` for a draft or where a later invoice has used the credit it left. */
export async function voidInvoice(
  platform: Platform,
  scope: EveryCustomer,
  { id, by, reason }: { id: string; by: Actor; reason: string },
): Promise<void> {
  await platform.postgres.transaction(async (transaction) => {
    const stored = await requireInvoice(transaction, scope, id, 'FOR UPDATE');
    if (stored.status === 'void') return;
    if (stored.status === 'draft') throw new ProblemError('conflict', `Invoice ${id} is a draft; only a final invoice can be voided.`);
    await transaction.query('SELECT FROM customers WHERE id = $1 FOR UPDATE', [stored.customer]);
    const at = platform.clock.now();
    await takeCreditBack(transaction, scope, stored, at);
    await makeVoid(transaction, id, { at, by: by.name, reason });
    await unsettle(transaction, stored.customer);
    const { number } = stored;
    await writeAudit(transaction, { at, by, what: 'invoice.voided', subject: `invoice/${id}`, reason, details: { number } });
  });
}

/** The credit that a total below zero has left goes; credits that were used come back. */
async function takeCreditBack(
  transaction: Transaction,
  scope: EveryCustomer,
  { id, number, customer, currency, snapshot }: StoredInvoice,
  at: Date,
): Promise<void> {
  for (const { invoice, amount } of await creditsUsedBy(transaction, scope, id))
    await writeCredit(transaction, { customer, currency, invoice, usedBy: id, amount, at });
  if (!snapshot.total.startsWith('-')) return;
  const left = (await readCredits(transaction, scope, [customer])).get(customer)?.find(({ invoice }) => invoice === id)?.amount ?? 0n;
  if (left !== BigInt(snapshot.total.replace(/[-.]/g, '')))
    throw new ProblemError('conflict', `Invoices after ${number} have used the credit that it left. Void them first.`);
  await writeCredit(transaction, { customer, currency, invoice: id, usedBy: null, amount: -left, at });
}
