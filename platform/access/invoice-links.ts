/**
 * Signed links to one invoice. The token says which link it is and until when, and carries an HMAC-SHA256 (RFC 2104) of both: what is made up or
 * expired is refused without asking the database, which knows what was revoked.
 */
import { createHmac } from 'node:crypto';
import { ProblemError } from '../../core/errors.ts';
import { toInstant } from '../../core/instant-text.ts';
import type { InvoiceLink } from '../../schemas/http/invoice-links.ts';
import type { Clock } from '../clock.ts';
import type { Postgres, Queryable, Transaction } from '../postgres/postgres.ts';
import { writeAudit } from './audit.ts';
import type { Actor } from './caller.ts';
import { announceEnd } from './credential-watch.ts';
import { readInstallationSecret } from './installation-secret.ts';
import { createSecretCheck } from './tokens.ts';

export const LINK_PREFIX = 'invoice_';
const SECRET = 'invoice-links';
const TOKEN = /^invoice_(\d{1,18})\.(\d{1,11})\.([\w-]{43})$/;
/** Readings so close to each other count as one: a link that is passed around costs a write a minute, not one a reader. */
const OPENED_EVERY_MS = 60_000;

export interface LinkedInvoice {
  linkId: string;
  invoice: string;
  customer: string;
}

/** The token of a link that is stored already. `expiresAt` of the link, a whole second. */
export async function signInvoiceLink(postgres: Postgres, { id, expiresAt }: { id: string; expiresAt: string }): Promise<string> {
  const name = `${id}.${Date.parse(expiresAt) / 1000}`;
  return `${LINK_PREFIX}${name}.${signatureOf(await readInstallationSecret(postgres, SECRET), name)}`;
}

/** The invoice that a token shows; undefined where it was made up, has expired or was revoked. */
export async function openInvoiceLink(postgres: Postgres, clock: Clock, token: string): Promise<LinkedInvoice | undefined> {
  const [, linkId, expiresAt, signature] = TOKEN.exec(token) ?? [];
  if (linkId === undefined || expiresAt === undefined || signature === undefined) return undefined;
  if (Number(expiresAt) * 1000 <= clock.now().getTime()) return undefined;
  const isSigned = createSecretCheck(signatureOf(await readInstallationSecret(postgres, SECRET), `${linkId}.${expiresAt}`));
  if (!isSigned(signature)) return undefined;
  const { rows } = await postgres.query<{ invoice: string; customer: string }>(
    `SELECT i.invoice_id::text AS invoice, i.customer FROM invoice_links AS l JOIN invoices AS i USING (invoice_id)
      WHERE l.link_id = $1::bigint AND l.revoked_at IS NULL`,
    [linkId],
  );
  return rows[0] && { linkId, ...rows[0] };
}

function signatureOf(secret: string, name: string): string {
  return createHmac('sha256', secret).update(name).digest('base64url');
}

type StoredLink = Omit<InvoiceLink, 'url'>;
interface LinkRow extends StoredLink {
  [column: string]: unknown;
}

const COLUMNS = `link_id::text AS id, created_at AS "createdAt", created_by AS "createdBy", expires_at AS "expiresAt", revoked_at AS "revokedAt",
  revoked_by AS "revokedBy", opened::integer AS opened, last_opened_at AS "lastOpenedAt"`;

/** Throws `not_found`, and `conflict` for a draft, whose amounts are still on the move. */
export async function createInvoiceLink(
  transaction: Transaction,
  invoice: string,
  { at, by, days }: { at: Date; by: Actor; days: number },
): Promise<StoredLink> {
  const { rows: found } = await transaction.query<{ status: string }>(
    'SELECT status FROM invoices WHERE invoice_id = $1::bigint FOR SHARE',
    [invoice],
  );
  if (found[0] === undefined) throw noSuchInvoice(invoice);
  if (found[0].status === 'draft')
    throw new ProblemError('conflict', `Invoice ${invoice} is a draft, and its amounts may change. Finalize it, then share it.`);
  // Whole seconds are what the token says.
  const expiresAt = new Date((Math.floor(at.getTime() / 1000) + days * 86_400) * 1000).toISOString();
  const { rows } = await transaction.query<LinkRow>(
    `INSERT INTO invoice_links (invoice_id, created_at, created_by, expires_at) VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`,
    [invoice, at.toISOString(), by.name, expiresAt],
  );
  if (rows[0] === undefined) throw new Error('the statement returned no row');
  const link = toLink(rows[0]);
  const details = { link: link.id, expiresAt: link.expiresAt };
  await writeAudit(transaction, { at, by, what: 'link.created', subject: `invoice/${invoice}`, details });
  return link;
}

/** Of an invoice, newest first. Throws `not_found` where there is no such invoice. */
export async function listInvoiceLinks(
  postgres: Queryable,
  invoice: string,
  page: { before: string | undefined; rows: number },
): Promise<StoredLink[]> {
  const { rows } = await postgres.query<LinkRow>(
    `SELECT ${COLUMNS} FROM invoice_links WHERE invoice_id = $1::bigint AND ($2::bigint IS NULL OR link_id < $2::bigint) ORDER BY link_id DESC LIMIT $3`,
    [invoice, page.before ?? null, page.rows],
  );
  if (rows.length === 0) {
    const { rowCount } = await postgres.query('SELECT FROM invoices WHERE invoice_id = $1::bigint', [invoice]);
    if (rowCount === 0) throw noSuchInvoice(invoice);
  }
  return rows.map(toLink);
}

/** May be repeated: the first time stands. False: the invoice has no such link. */
export async function revokeInvoiceLink(
  transaction: Transaction,
  { invoice, link }: { invoice: string; link: string },
  { at, by }: { at: Date; by: Actor },
): Promise<boolean> {
  const { rowCount } = await transaction.query(
    'UPDATE invoice_links SET revoked_at = $3, revoked_by = $4 WHERE link_id = $1::bigint AND invoice_id = $2::bigint AND revoked_at IS NULL',
    [link, invoice, at.toISOString(), by.name],
  );
  if (rowCount === 1) {
    await announceEnd(transaction);
    await writeAudit(transaction, { at, by, what: 'link.revoked', subject: `invoice/${invoice}`, details: { link } });
    return true;
  }
  const { rowCount: known } = await transaction.query('SELECT FROM invoice_links WHERE link_id = $1::bigint AND invoice_id = $2::bigint', [
    link,
    invoice,
  ]);
  return known === 1;
}

/** The invoice was read by the link. */
export async function countOpening(postgres: Queryable, clock: Clock, linkId: string): Promise<void> {
  const now = clock.now();
  await postgres.query(
    `UPDATE invoice_links SET opened = opened + 1, last_opened_at = $2 WHERE link_id =
       (SELECT link_id FROM invoice_links WHERE link_id = $1::bigint AND coalesce(last_opened_at < $3, true) FOR NO KEY UPDATE SKIP LOCKED)`,
    [linkId, now.toISOString(), new Date(now.getTime() - OPENED_EVERY_MS).toISOString()],
  );
}

function noSuchInvoice(id: string): ProblemError {
  return new ProblemError('not_found', `There is no invoice ${id}.`);
}

function toLink({ createdAt, expiresAt, revokedAt, lastOpenedAt, ...row }: LinkRow): StoredLink {
  return {
    ...row,
    createdAt: toInstant(createdAt),
    expiresAt: toInstant(expiresAt),
    revokedAt: toInstant(revokedAt),
    lastOpenedAt: toInstant(lastOpenedAt),
  };
}
