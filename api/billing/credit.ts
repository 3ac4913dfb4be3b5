/** A credit note takes back lines of a final invoice, or all of it, and leaves the invoice as it is. */
import { contentHash } from '../../core/canonical.ts';
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { ProblemError } from '../../core/errors.ts';
import { formatMinor, minorDigits, percentOf } from '../../core/money.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { sumOf } from '../../core/totals.ts';
import { dateOf } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Queryable, Transaction } from '../../platform/postgres/postgres.ts';
import type { CreditNoteInput } from '../../schemas/http/invoice-life.ts';
import type { CreditNote, CreditNoteContent } from '../../schemas/http/invoices.ts';
import { writeAudit } from '../../platform/access/audit.ts';
import type { Actor } from '../../platform/access/caller.ts';
import { findCreditNote, findCreditNotes, findNoteByKey, insertCreditNote, type NoteKey } from '../queries/credit-notes.ts';
import { chargeTexts, insertCharges, readCharges, type StoredCharge } from '../queries/invoice-charges.ts';
import { takeNumber } from '../queries/invoice-numbers.ts';
import type { StoredInvoice } from '../queries/invoices.ts';
import { readSettings } from '../queries/settings.ts';
import { unsettle } from '../queries/settled-periods.ts';
import { requireInvoice } from './read-invoice.ts';

type CreditedLines = Pick<CreditNoteInput, 'full' | 'lines'>;

export interface CreditRequest {
  scope: EveryCustomer;
  /** Of the invoice. */
  id: string;
  input: CreditNoteInput;
  by: Actor;
  /** Names the note: the same call again answers it, whatever has become of its invoice. */
  idempotencyKey: string | undefined;
}

/**
 * Throws `not_found`, `conflict` for an invoice that is not final, `invalid_request` and `unprocessable` for more than there is left,
 * `idempotency_key_reused`.
 *
 * Order of the locks: key, invoice, customer, number series.
 */
export async function createCreditNote(platform: Platform, request: CreditRequest): Promise<{ note: CreditNote; isNew: boolean }> {
  const { scope, id, input, by, idempotencyKey } = request;
  requireEither(input);
  const key = idempotencyKey === undefined ? undefined : { scope: by.name, key: idempotencyKey, requestHash: contentHash({ id, input }) };
  return platform.postgres.transaction(async (transaction) => {
    const known = key === undefined ? undefined : await findNoteByKey(transaction, scope, key);
    if (known === undefined) return { note: await insertNote(platform, transaction, request, key), isNew: true };
    if (known.requestHash === key?.requestHash) return { note: known.note, isNew: false };
    const what = `credit note ${known.note.number}, which was asked for with another body or for another invoice`;
    throw new ProblemError('idempotency_key_reused', `Idempotency-Key "${idempotencyKey}" names ${what}. Use a new key for a new note.`);
  });
}

async function insertNote(
  platform: Platform,
  transaction: Transaction,
  { scope, id, input, by }: CreditRequest,
  key: NoteKey | undefined,
): Promise<CreditNote> {
  const stored = await requireInvoice(transaction, scope, id, 'FOR UPDATE');
  requireFinal(stored);
  await transaction.query('SELECT FROM customers WHERE id = $1 FOR UPDATE', [stored.customer]);
  const charges = await chargesOfNote(transaction, scope, stored, input);
  const at = platform.clock.now();
  const { numbering } = await readSettings(transaction);
  const number = await takeNumber(transaction, 'credit_notes', numbering.creditNote, dateOf(at.getTime(), stored.timeZone));
  const content = contentOf(stored, charges);
  const noteId = await insertCreditNote(transaction, scope, { number, invoice: id, reason: input.reason, content, at, by: by.name, key });
  await insertCharges(transaction, 'credit-note', noteId, chargeTexts(charges.map((charge, n) => ({ ...charge, n: n + 1 }))));
  await unsettle(transaction, stored.customer);
  await writeAudit(transaction, {
    at,
    by,
    what: 'credit-note.created',
    subject: `invoice/${id}`,
    reason: input.reason,
    details: { number, total: content.total },
  });
  const created = await findCreditNote(transaction, scope, noteId);
  if (created === undefined) throw new Error(`credit note ${noteId} is gone`);
  return created;
}

/** What a credit note would take back, in the very amounts that it would have. Throws as `createCreditNote` does. */
export async function previewCreditNote(
  postgres: Queryable,
  scope: EveryCustomer,
  id: string,
  input: CreditedLines,
): Promise<CreditNoteContent> {
  requireEither(input);
  const stored = await requireInvoice(postgres, scope, id);
  requireFinal(stored);
  return contentOf(stored, await chargesOfNote(postgres, scope, stored, input));
}

function requireEither({ full, lines }: CreditedLines): void {
  if ((full === undefined) === (lines === undefined)) throw new ProblemError('invalid_request', 'Give either lines, or full: true.');
}

function requireFinal({ id, number, status }: StoredInvoice): void {
  if (status !== 'final') throw new ProblemError('conflict', `Invoice ${number ?? id} is ${status}, not final.`);
}

async function chargesOfNote(
  postgres: Queryable,
  scope: EveryCustomer,
  stored: StoredInvoice,
  { lines }: CreditedLines,
): Promise<StoredCharge[]> {
  const left = await readLeft(postgres, scope, stored.id);
  const charges = lines === undefined ? left.filter(isLeft).map(negated) : creditLines(stored, left, lines);
  if (charges.length === 0) throw new ProblemError('unprocessable', 'Nothing of this invoice is left to be credited.');
  requireCovered(stored, left, charges);
  return charges;
}

/** What the invoice says, less its credit notes: by place on the invoice, without those hours that are taken back whole. */
async function readLeft(postgres: Queryable, scope: EveryCustomer, id: string): Promise<StoredCharge[]> {
  const notes = (await findCreditNotes(postgres, scope, [id])).map((note) => note.id);
  const taken = [...(await readCharges(postgres, scope, 'credit-note', notes)).values()].flat();
  const charges = (await readCharges(postgres, scope, 'invoice', [id])).get(id) ?? [];
  return charges.map((charge) => {
    const same = taken.filter(({ key, period }) => key === charge.key && period.from === charge.period.from);
    if (same.length === 0) return charge;
    const [quantity, amount] = same.reduce(([q, a], one) => [q + one.quantity, a + one.amount], [charge.quantity, charge.amount]);
    return { ...charge, quantity, amount, hours: [] };
  });
}

/**
 * Adjustments below zero leave less of an invoice than its lines come to. Where all of it comes to less than nothing, it is a credit, which
 * later invoices use: to take it back by a note would leave the credit, and be a debt besides.
 */
function requireCovered({ number, currency }: StoredInvoice, left: readonly StoredCharge[], charges: readonly StoredCharge[]): void {
  const [rest, taken] = [sumOf(left), -sumOf(charges)];
  if (taken >= 0n && taken <= rest) return;
  const advice = rest < 0n ? 'Void it to take it back' : 'Take back no more than that';
  throw new ProblemError(
    'unprocessable',
    `With its adjustments and tax, less its credit notes, invoice ${number} comes to ${formatMinor(rest, currency)}. ${advice}.`,
  );
}

function isLeft({ quantity, amount }: StoredCharge): boolean {
  return quantity !== 0n || amount !== 0n;
}

function negated(charge: StoredCharge): StoredCharge {
  const hours = charge.hours.map((hour) => ({ ...hour, quantity: -hour.quantity, amount: -hour.amount, events: 0 }));
  return { ...charge, quantity: -charge.quantity, amount: -charge.amount, hours };
}

function creditLines(stored: StoredInvoice, left: readonly StoredCharge[], lines: NonNullable<CreditNoteInput['lines']>): StoredCharge[] {
  const { currency, terms, snapshot } = stored;
  const charges = lines.map(({ n, quantity = '0', amount }, at) => {
    const charge = n <= snapshot.lines.length ? left[n - 1] : undefined;
    if (charge === undefined) throw refused(`lines/${at}/n`, 'no_such_line', `the invoice has no line ${n}`);
    const minor = toScaledAmount(amount, currency, `lines/${at}/amount`);
    if (minor > charge.amount || minor <= 0n)
      throw refused(`lines/${at}/amount`, 'too_much', `between 0 and ${formatMinor(charge.amount, currency)}, what is left of line ${n}`);
    const units = toScaled(quantity, QUANTITY_SCALE);
    if (units > 0n && units > charge.quantity)
      throw refused(
        `lines/${at}/quantity`,
        'too_much',
        `no more than ${formatDecimal(charge.quantity, QUANTITY_SCALE)}, what is left of line ${n}`,
      );
    return { ...charge, quantity: -units, amount: -minor, hours: [] };
  });
  if (new Set(charges.map(({ n }) => n)).size < charges.length) throw refused('lines', 'line_twice', 'names each line once');
  const own = left.filter(({ period }) => period.from === stored.period.from);
  const [taken, net] = [-sumOf(charges), sumOf(own.filter(({ kind }) => kind !== 'tax'))];
  // Lines stand on the invoice before its discounts: all of them together may come to more than it does.
  if (taken > net)
    throw refused(
      'lines',
      'too_much',
      `together between 0 and ${formatMinor(net > 0n ? net : 0n, currency)}, what is left after discounts`,
    );
  const tax = own.find(({ kind }) => kind === 'tax');
  if (tax === undefined) return charges;
  const { taxRate, rounding } = terms?.billing ?? { taxRate: '0', rounding: 'half-away' as const };
  const share = percentOf(taken, taxRate, rounding);
  // Each note rounds: the last one takes what is left, and none takes more.
  const amount = taken === net || share > tax.amount ? tax.amount : share;
  return amount === 0n ? charges : [...charges, { ...tax, quantity: 0n, amount: -amount, hours: [] }];
}

function toScaledAmount(amount: string, currency: string, path: string): bigint {
  try {
    return toScaled(amount, minorDigits(currency));
  } catch {
    throw refused(path, 'too_many_fraction_digits', `${currency} has ${minorDigits(currency)} fraction digits`);
  }
}

function contentOf({ currency, period, snapshot }: StoredInvoice, charges: readonly StoredCharge[]): CreditNoteContent {
  const money = (minor: bigint): string => formatMinor(minor, currency);
  const isLine = ({ n }: StoredCharge): boolean => n <= snapshot.lines.length;
  const isTax = ({ kind, period: { from } }: StoredCharge): boolean => kind === 'tax' && from === period.from;
  return {
    lines: charges.filter(isLine).map(({ n, key, quantity, amount }) => ({
      n,
      key,
      ...(quantity === 0n ? {} : { quantity: formatDecimal(quantity, QUANTITY_SCALE) }),
      amount: money(amount),
    })),
    other: money(sumOf(charges.filter((charge) => !isLine(charge) && !isTax(charge)))),
    tax: money(sumOf(charges.filter(isTax))),
    total: money(sumOf(charges)),
  };
}

function refused(path: string, code: string, message: string): ProblemError {
  return new ProblemError('unprocessable', `${path}: ${message}.`, { errors: [{ path, code, message }] });
}
