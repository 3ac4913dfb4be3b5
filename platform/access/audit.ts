/** Who did what, when, why and from where. Written in the transaction that does it; nothing changes it afterwards. */
import { toInstant } from '../../core/instant-text.ts';
import type { Clock } from '../clock.ts';
import type { Postgres, Queryable } from '../postgres/postgres.ts';
import type { AuditEntry } from '../../schemas/http/access.ts';
import type { AuditFilter } from '../../schemas/http/audit.ts';
import type { Actor } from './caller.ts';

export interface AuditInput {
  at: Date;
  by: Actor;
  /** Such as `invoice.finalized`. */
  what: string;
  /** Such as `invoice/12`. */
  subject: string;
  reason?: string | undefined;
  details?: Record<string, unknown>;
}

export async function writeAudit(postgres: Queryable, { at, by, what, subject, reason, details }: AuditInput): Promise<void> {
  await postgres.query('INSERT INTO audit_entries (at, who, address, what, subject, reason, details) VALUES ($1, $2, $3, $4, $5, $6, $7)', [
    at.toISOString(),
    by.name,
    by.address,
    what,
    subject,
    reason ?? null,
    details ?? {},
  ]);
}

/** Refusals that are written down within an hour, of one address and in all: somebody who guesses keys must not fill the log. */
const REFUSALS_PER_ADDRESS = 20;
const REFUSALS_PER_HOUR = 200;
const HOUR_MS = 3_600_000;

/** A key that is not known, has expired or was revoked. Reads the latest refusals alone, by index, however long the log is. */
export async function noteRefusedKey(
  postgres: Postgres,
  clock: Clock,
  { address, answer }: { address: string; answer: { why: string; keyId?: string; name?: string } },
): Promise<void> {
  const at = clock.now();
  await postgres.query(
    `INSERT INTO audit_entries (at, who, address, what, subject, details)
     SELECT $1, $2, $3, 'key.refused', $4, $5::jsonb
       FROM (SELECT count(*) AS in_all, count(*) FILTER (WHERE address = $3) AS of_address
               FROM (SELECT at, what, address FROM audit_entries WHERE who = $2 ORDER BY entry_id DESC LIMIT ${REFUSALS_PER_HOUR}) AS latest
              WHERE at > $6 AND what = 'key.refused') AS recent
      WHERE in_all < ${REFUSALS_PER_HOUR} AND of_address < ${REFUSALS_PER_ADDRESS}`,
    [
      at.toISOString(),
      answer.name === undefined ? 'unknown key' : `key "${answer.name}"`,
      address,
      answer.keyId === undefined ? 'key' : `key/${answer.keyId}`,
      JSON.stringify({ why: answer.why }),
      new Date(at.getTime() - HOUR_MS).toISOString(),
    ],
  );
}

interface AuditRow extends AuditEntry {
  [column: string]: unknown;
}

/** Newest first. `from` and `to` are RFC 3339 in UTC. */
export async function listAudit(
  postgres: Queryable,
  { subject, who, what, from, to }: AuditFilter,
  page: { before: string | undefined; rows: number },
): Promise<AuditEntry[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const conditions = ['true'];
  if (subject !== undefined) conditions.push(`subject = ${bind(subject)}`);
  if (who !== undefined) conditions.push(`who = ${bind(who)}`);
  if (what !== undefined) conditions.push(`(what = ${bind(what)} OR starts_with(what, ${bind(`${what}.`)}))`);
  if (from !== undefined) conditions.push(`at >= ${bind(from)}`);
  if (to !== undefined) conditions.push(`at < ${bind(to)}`);
  if (page.before !== undefined) conditions.push(`entry_id < ${bind(page.before)}::bigint`);
  const { rows } = await postgres.query<AuditRow>(
    `SELECT entry_id::text AS id, at, who, address, what, subject, reason, details FROM audit_entries
      WHERE ${conditions.join(' AND ')} ORDER BY entry_id DESC LIMIT ${bind(page.rows)}`,
    values,
  );
  return rows.map((row) => ({ ...row, at: toInstant(row.at) }));
}
