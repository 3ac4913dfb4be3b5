/** Credit notes: what was taken back of final invoices. */
import { toInstant } from '../../core/instant-text.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { CreditNote } from '../../schemas/http/invoices.ts';

type Content = Pick<CreditNote, 'lines' | 'other' | 'tax' | 'total'>;

interface CreditNoteRow extends Pick<CreditNote, 'id' | 'number' | 'invoice' | 'reason' | 'createdAt'> {
  content: Content;
  [column: string]: unknown;
}

const NOTE = `credit_note_id::text AS id, number, invoice_id::text AS invoice, reason, content, created_at AS "createdAt"`;

/** Of these invoices, oldest first. */
export async function findCreditNotes(postgres: Queryable, invoiceIds: readonly string[]): Promise<CreditNote[]> {
  const { rows } = await postgres.query<CreditNoteRow>(
    `SELECT ${NOTE} FROM credit_notes WHERE invoice_id = ANY($1::bigint[]) ORDER BY credit_note_id`,
    [invoiceIds],
  );
  return rows.map(toNote);
}

export async function findCreditNote(postgres: Queryable, id: string): Promise<CreditNote | undefined> {
  const { rows } = await postgres.query<CreditNoteRow>(`SELECT ${NOTE} FROM credit_notes WHERE credit_note_id = $1::bigint`, [id]);
  return rows[0] === undefined ? undefined : toNote(rows[0]);
}

function toNote({ content, createdAt, ...row }: CreditNoteRow): CreditNote {
  return { ...row, ...content, createdAt: toInstant(createdAt) };
}

export async function insertCreditNote(
  postgres: Queryable,
  note: { number: string; invoice: string; reason: string; content: Content; at: Date; by: string },
): Promise<string> {
  const { rows } = await postgres.query<{ id: string }>(
    `INSERT INTO credit_notes (number, invoice_id, reason, content, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)
     RETURNING credit_note_id::text AS id`,
    [note.number, note.invoice, note.reason, JSON.stringify(note.content), note.at.toISOString(), note.by],
  );
  if (rows[0] === undefined) throw new Error('the statement returned no row');
  return rows[0].id;
}
