/**
 * A draft becomes final: in one transaction that holds the customer's usage still, it is rated once more, and its snapshot, charges, number,
 * hash and place in the log are committed together. Whatever fails before that commit leaves the draft, and no gap in the numbers.
 *
 * Order of the locks: invoice, undo decisions, customer, offsets of the consumers, number series. Two at once: the second waits for the
 * invoice and finds it final.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { contentHash } from '../../core/canonical.ts';
import { ProblemError } from '../../core/errors.ts';
import { dateOf, instantText } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import { shareInvoicing } from '../../platform/invoicing-lock.ts';
import { announceMoment } from '../../platform/moments.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { writeAudit } from '../../platform/access/audit.ts';
import type { Actor } from '../../platform/access/caller.ts';
import { writeCredit } from '../queries/credits.ts';
import { chargeTexts, insertCharges, type ChargeText } from '../queries/invoice-charges.ts';
import { takeNumber } from '../queries/invoice-numbers.ts';
import {
  findInvoice,
  findIssuedInvoices,
  makeFinal,
  type InvoiceTerms,
  type IssuedInvoice,
  type StoredInvoice,
} from '../queries/invoices.ts';
import { readLeftOut } from '../queries/left-out.ts';
import { readSettings } from '../queries/settings.ts';
import { settlePeriods } from '../queries/settled-periods.ts';
import { invoiceCharges } from './charges.ts';
import { rateDraft, writeDraft, type Draft } from './draft.ts';
import { holdUsage, readWhileHeld } from './hold-usage.ts';

/** While files stream in, both stores are level for moments only: a few looks before the caller is told to come back. */
const LOOKS = 5;
const BETWEEN_LOOKS_MS = 200;

export interface FinalizeRequest {
  scope: EveryCustomer;
  id: string;
  by: Actor;
  /** Why it becomes final although its period is not over. */
  force?: { reason: string } | undefined;
}

/** What an invoice's hash stands for. */
export interface FinalContent {
  snapshot: unknown;
  terms: InvoiceTerms;
  charges: readonly ChargeText[];
}

export function hashOf({ snapshot, terms, charges }: FinalContent): string {
  return contentHash({ snapshot, terms, charges });
}

/**
 * May be repeated: a final invoice stays what it is. Throws `not_found`, `conflict` (void, or billed otherwise by now), `period_not_over`,
 * `behind`, `import_running`, `reconciliation_red`.
 */
export async function finalizeInvoice(platform: Platform, request: FinalizeRequest): Promise<void> {
  for (let look = 1; ; look++) {
    try {
      return await platform.postgres.transaction((transaction) => finalize(platform, transaction, request));
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'behind' || look === LOOKS) throw error;
      await delay(BETWEEN_LOOKS_MS);
    }
  }
}

async function finalize(platform: Platform, transaction: Transaction, { scope, id, by, force }: FinalizeRequest): Promise<void> {
  const stored = await findInvoice(transaction, scope, id, 'FOR UPDATE');
  if (stored === undefined) throw new ProblemError('not_found', `There is no invoice ${id}.`);
  if (stored.status === 'final') return;
  if (stored.status === 'void') throw new ProblemError('conflict', `Invoice ${stored.number} is void.`);
  const { customer, month } = stored;
  await shareInvoicing(transaction);
  await transaction.query('SELECT FROM customers WHERE id = $1 FOR UPDATE', [customer]);
  const position = await holdUsage(transaction, platform.log, customer);
  const now = platform.clock.now();
  const clickhouse = readWhileHeld(platform.clickhouse, transaction);
  const draft = await rateDraft({ ...platform, clickhouse }, scope, { customer, month, transaction });
  const { period } = draft.rating.input;
  const issued = await findIssuedInvoices(transaction, scope, [customer]);
  requireOver(period.to, now, force);
  requireUnbilled(stored, period, issued);
  // Before the number: it reads ClickHouse, and everybody else who finalizes waits for the number.
  const own = { customer, period: { from: period.from, to: period.to } };
  await settlePeriods({ postgres: transaction, clickhouse }, [...draft.adjusted, own]);
  const { snapshot, charges, terms, number } = await freeze(transaction, scope, { stored, draft, now });
  await insertCharges(transaction, 'invoice', id, charges);
  await makeFinal(transaction, id, {
    number,
    position,
    snapshot,
    terms,
    contentHash: hashOf({ snapshot, terms, charges }),
    period,
    at: now,
    by: by.name,
  });
  await moveCredits(transaction, stored, draft, now);
  announceMoment('numbered');
  await writeAudit(transaction, {
    at: now,
    by,
    what: 'invoice.finalized',
    subject: `invoice/${id}`,
    reason: force?.reason,
    details: { number, total: snapshot.total, currency: snapshot.currency, position },
  });
}

async function freeze(
  transaction: Transaction,
  scope: EveryCustomer,
  { stored: { id, month }, draft, now }: { stored: StoredInvoice; draft: Draft; now: Date },
) {
  const { input, rated, terms } = draft.rating;
  const settings = await readSettings(transaction);
  // While usage is held still: what it leaves out at this moment cannot be told later.
  const lines = rated.lines.map(({ meter = '', segment }) => ({ meter, window: { from: segment.from, to: segment.to } }));
  const leftOut = await readLeftOut(transaction, scope, input.customer.id, lines);
  const adjustments = rated.adjustments.flatMap((one) => one.charges.map(({ key, basis }) => ({ period: one.period.from, key, ...basis })));
  const charges = chargeTexts(invoiceCharges(input, rated));
  // Last, as it makes everybody else who finalizes wait.
  const number = await takeNumber(transaction, 'invoices', settings.numbering.invoice, dateOf(now.getTime(), input.period.timeZone));
  const snapshot = {
    ...writeDraft(draft, month, { hours: false }),
    id,
    number,
    status: 'final' as const,
    finalizedAt: instantText(now.getTime()),
  };
  return { snapshot, charges, number, terms: { billing: terms, seller: settings.seller, leftOut, adjustments } };
}

function requireOver(end: number, now: Date, force: FinalizeRequest['force']): void {
  if (force !== undefined || end <= now.getTime()) return;
  throw new ProblemError(
    'period_not_over',
    `The period ends at ${instantText(end)}. Send {"force": {"reason": "…"}} to make the invoice final before; later usage is then an adjustment.`,
  );
}

/** Of the customer's time, nothing may be billed by two invoices; and what has fallen due on a later invoice is not billed here again. */
function requireUnbilled({ id, month }: StoredInvoice, period: { from: number; to: number }, issued: readonly IssuedInvoice[]): void {
  const others = issued.filter((one) => one.id !== id);
  const overlapping = others.find((one) => one.status === 'final' && one.period.from < period.to && one.period.to > period.from);
  if (overlapping !== undefined) throw new ProblemError('conflict', `Invoice ${overlapping.number} bills a part of this period already.`);
  const wasBilled = others.some((one) => one.status === 'void' && one.month === month);
  const later = others.find((one) => one.status === 'final' && one.month > month);
  if (wasBilled && later !== undefined)
    throw new ProblemError('conflict', `This month was billed by a void invoice, and has fallen due on invoice ${later.number} since.`);
}

async function moveCredits(transaction: Transaction, { id, customer }: StoredInvoice, draft: Draft, at: Date): Promise<void> {
  const { currency } = draft.rating.input;
  for (const { invoice, amount } of draft.settlement.applied)
    await writeCredit(transaction, { customer, currency, invoice, usedBy: id, amount: -amount, at });
  const { carried } = draft.settlement;
  if (carried > 0n) await writeCredit(transaction, { customer, currency, invoice: id, usedBy: null, amount: carried, at });
}
