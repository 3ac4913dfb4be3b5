/** Credit notes: what was taken back of final invoices. */
import { toInstant } from '../../core/instant-text.ts';
import { customerWithin, type EveryCustomer, type Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { CreditNoteSummary } from '../../schemas/http/credit-notes.ts';
import type { CreditNote } from '../../schemas/http/invoices.ts';
import { inInvoiceScope, invoiceScopeValues } from './invoice-scope.ts';

/** Any number that nothing else in the database locks keys under; "Note" in ASCII. */
const KEYS_LOCK = 0x4e6f7465;

type Content = Pick<CreditNote, 'lines' | 'other' | 'tax' | 'total'>;

interface CreditNoteRow extends Pick<CreditNote, 'id' | 'number' | 'invoice' | 'reason' | 'createdAt'> {
  content: Content;
  [column: string]: unknown;
}

const NOTE = `n.credit_note_id::text AS id, n.number, n.invoice_id::text AS invoice, n.reason, n.content, n.created_at AS "createdAt"`;
const NOTES = 'credit_notes n JOIN invoices i ON i.invoice_id = n.invoice_id';

/** Of these invoices, oldest first. */
export async function findCreditNotes(postgres: Queryable, scope: Scope, invoiceIds: readonly string[]): Promise<CreditNote[]> {
  const { rows } = await postgres.query<CreditNoteRow>(
    `SELECT ${NOTE} FROM ${NOTES} WHERE n.invoice_id = ANY($1::bigint[]) AND ${inInvoiceScope('i', 2)} ORDER BY n.credit_note_id`,
    [invoiceIds, ...invoiceScopeValues(scope)],
  );
  return rows.map(toNote);
}

/** Who sent an `Idempotency-Key`, and SHA-256 of what it was sent with. */
export interface NoteKey {
  scope: string;
  key: string;
  requestHash: string;
}

/** The note that the key names, and what it was asked for with. Whoever else sends the same key waits until the transaction has ended. */
export async function findNoteByKey(
  transaction: Queryable,
  _scope: EveryCustomer,
  { scope, key }: NoteKey,
): Promise<{ note: CreditNote; requestHash: string } | undefined> {
  await transaction.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [KEYS_LOCK, JSON.stringify([scope, key])]);
  const { rows } = await transaction.query<CreditNoteRow & { requestHash: string }>(
    `SELECT ${NOTE}, request_hash AS "requestHash" FROM credit_notes n WHERE key_scope = $1 AND idempotency_key = $2`,
    [scope, key],
  );
  if (rows[0] === undefined) return undefined;
  const { requestHash, ...row } = rows[0];
  return { note: toNote(row), requestHash };
}

export async function findCreditNote(postgres: Queryable, scope: Scope, id: string): Promise<CreditNote | undefined> {
  const { rows } = await postgres.query<CreditNoteRow>(
    `SELECT ${NOTE} FROM ${NOTES} WHERE n.credit_note_id = $1::bigint AND ${inInvoiceScope('i', 2)}`,
    [id, ...invoiceScopeValues(scope)],
  );
  return rows[0] === undefined ? undefined : toNote(rows[0]);
}

function toNote({ content, createdAt, ...row }: CreditNoteRow): CreditNote {
  return { ...row, ...content, createdAt: toInstant(createdAt) };
}

export async function insertCreditNote(
  postgres: Queryable,
  _scope: EveryCustomer,
  note: { number: string; invoice: string; reason: string; content: Content; at: Date; by: string; key: NoteKey | undefined },
): Promise<string> {
  const { rows } = await postgres.query<{ id: string }>(
    `INSERT INTO credit_notes (number, invoice_id, reason, content, created_at, created_by, key_scope, idempotency_key, request_hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     RETURNING credit_note_id::text AS id`,
    [
      note.number,
      note.invoice,
      note.reason,
      JSON.stringify(note.content),
      note.at.toISOString(),
      note.by,
      note.key?.scope ?? null,
      note.key?.key ?? null,
      note.key?.requestHash ?? null,
    ],
  );
  if (rows[0] === undefined) throw new Error('the statement returned no row');
  return rows[0].id;
}

export interface CreditNoteFilter {
  customer: string | undefined;
  /** That of their invoices. */
  status: string | undefined;
  month: string | undefined;
}

/** Newest first. */
export async function listCreditNotes(
  postgres: Queryable,
  scope: Scope,
  { customer, status, month }: CreditNoteFilter,
  page: { before: string | undefined; rows: number },
): Promise<CreditNoteSummary[]> {
  const { rows } = await postgres.query<CreditNoteSummary & { [column: string]: unknown }>(
    `SELECT n.credit_note_id::text AS id, n.number, i.status, n.invoice_id::text AS invoice, i.number AS "invoiceNumber", i.customer,
            i.snapshot->>'customerName' AS "customerName", i.currency, i.month, n.reason, n.content->>'total' AS total, n.created_at AS "createdAt"
       FROM ${NOTES}
      WHERE ($1::text IS NULL OR i.customer = $1::text) AND ($2::text IS NULL OR i.status = $2::text) AND ($3::text IS NULL OR i.month = $3::text)
        AND ($4::bigint IS NULL OR n.credit_note_id < $4::bigint) AND ${inInvoiceScope('i', 6)}
      ORDER BY n.credit_note_id DESC LIMIT $5`,
    [customerWithin(scope, customer) ?? null, status ?? null, month ?? null, page.before ?? null, page.rows, ...invoiceScopeValues(scope)],
  );
  return rows.map(({ createdAt, ...row }) => ({ ...row, createdAt: toInstant(createdAt) }));
}
