/** Invitations and resets: whoever holds the link chooses the password, once. */
import { toInstant } from '../../core/instant-text.ts';
import type { PasswordLink } from '../../schemas/http/users.ts';
import type { Queryable } from '../postgres/postgres.ts';
import { hashToken, newToken } from './tokens.ts';

type Purpose = PasswordLink['purpose'];

const HOUR_MS = 3_600_000;
/** An invitation waits for somebody who may be away; a reset was asked for just now. */
const LIFETIME_MS: Readonly<Record<Purpose, number>> = { invitation: 7 * 24 * HOUR_MS, reset: 24 * HOUR_MS };

export interface NewUserLink {
  token: string;
  purpose: Purpose;
  /** RFC 3339, UTC. */
  expiresAt: string;
}

/** An invitation while there is no password, else a reset. Replaces all that the user had. The token appears nowhere else. */
export async function createUserLink(transaction: Queryable, now: Date, link: { userId: string; createdBy: string }): Promise<NewUserLink> {
  const token = newToken();
  // Two made at once take turns, so that the later one takes the place of the earlier one.
  const { rows } = await transaction.query<{ purpose: Purpose }>(
    `SELECT CASE WHEN password_hash IS NULL THEN 'invitation' ELSE 'reset' END AS purpose FROM users WHERE user_id = $1::bigint FOR NO KEY UPDATE`,
    [link.userId],
  );
  const purpose = rows[0]?.purpose ?? 'invitation';
  const expiresAt = new Date(now.getTime() + LIFETIME_MS[purpose]).toISOString();
  await dropUserLinks(transaction, link.userId);
  await transaction.query(
    'INSERT INTO user_links (token_hash, user_id, purpose, created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6)',
    [hashToken(token), link.userId, purpose, now.toISOString(), link.createdBy, expiresAt],
  );
  return { token, purpose, expiresAt };
}

export async function dropUserLinks(transaction: Queryable, userId: string): Promise<void> {
  await transaction.query('DELETE FROM user_links WHERE user_id = $1::bigint', [userId]);
}

export interface OpenUserLink extends PasswordLink {
  userId: string;
}

const OPEN = `FROM users AS u WHERE u.user_id = l.user_id AND u.disabled_at IS NULL AND l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > $2`;
const SHOWN = 'u.user_id::text AS "userId", u.email, l.purpose, l.expires_at AS "expiresAt"';

/** Undefined where it is unknown, was used or has expired, or its user was disabled: one answer to all of them. */
export async function findUserLink(postgres: Queryable, now: Date, token: string): Promise<OpenUserLink | undefined> {
  const { rows } = await postgres.query<OpenUserLink & Record<string, unknown>>(
    `SELECT ${SHOWN} ${OPEN.replace('FROM users AS u', 'FROM user_links AS l, users AS u')}`,
    [hashToken(token), now.toISOString()],
  );
  return rows[0] && { ...rows[0], expiresAt: toInstant(rows[0].expiresAt) };
}

/** One statement takes it, so of two at once one wins. */
export async function spendUserLink(transaction: Queryable, now: Date, token: string): Promise<OpenUserLink | undefined> {
  const { rows } = await transaction.query<OpenUserLink & Record<string, unknown>>(
    `UPDATE user_links AS l SET used_at = $2 ${OPEN} RETURNING ${SHOWN}`,
    [hashToken(token), now.toISOString()],
  );
  return rows[0] && { ...rows[0], expiresAt: toInstant(rows[0].expiresAt) };
}
