/** Who did what, when and why. Written in the transaction that does it. */
import { toInstant } from '../../core/instant-text.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { AuditEntry } from '../../schemas/http/invoice-life.ts';

export interface AuditInput {
  at: Date;
  who: string;
  /** Such as `invoice.finalized`. */
  what: string;
  /** Such as `invoice/12`. */
  subject: string;
  reason?: string | undefined;
  details?: Record<string, unknown>;
}

export async function writeAudit(postgres: Queryable, { at, who, what, subject, reason, details }: AuditInput): Promise<void> {
  await postgres.query('INSERT INTO audit_entries (at, who, what, subject, reason, details) VALUES ($1, $2, $3, $4, $5, $6)', [
    at.toISOString(),
    who,
    what,
    subject,
    reason ?? null,
    JSON.stringify(details ?? {}),
  ]);
}

interface AuditRow extends Omit<AuditEntry, 'id'> {
  id: string;
  [column: string]: unknown;
}

/** Newest first. */
export async function listAudit(
  postgres: Queryable,
  filter: { subject: string | undefined; before: string | undefined; rows: number },
): Promise<AuditEntry[]> {
  const { rows } = await postgres.query<AuditRow>(
    `SELECT entry_id::text AS id, at, who, what, subject, reason, details FROM audit_entries
      WHERE ($1::text IS NULL OR subject = $1) AND ($2::bigint IS NULL OR entry_id < $2) ORDER BY entry_id DESC LIMIT $3`,
    [filter.subject ?? null, filter.before ?? null, filter.rows],
  );
  return rows.map((row) => ({ ...row, at: toInstant(row.at) }));
}
