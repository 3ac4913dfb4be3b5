/** One-time links for the administrator, printed where the program runs. */
import type { Queryable } from '../postgres/postgres.ts';
import { hashToken, newToken } from './tokens.ts';

/** Printed in a terminal and opened by hand: a day, so that yesterday's scrollback is worthless. */
const LINK_LIFETIME_MS = 24 * 60 * 60 * 1000;

export interface NewSignInLink {
  token: string;
  /** RFC 3339, UTC. */
  expiresAt: string;
}

/** Makes a token that signs in once, within 24 hours. It appears nowhere else: print it or lose it. */
export async function createSignInLink(postgres: Queryable, now: Date): Promise<NewSignInLink> {
  const token = newToken();
  const expiresAt = new Date(now.getTime() + LINK_LIFETIME_MS).toISOString();
  // Spent links are kept for a while, so that a second use can be told from a made-up token in the database.
  await postgres.query('DELETE FROM sign_in_links WHERE expires_at < $1', [new Date(now.getTime() - LINK_LIFETIME_MS).toISOString()]);
  await postgres.query('INSERT INTO sign_in_links (token_hash, expires_at) VALUES ($1, $2)', [hashToken(token), expiresAt]);
  return { token, expiresAt };
}

/** One statement takes it, so of two at once one wins; false when it is unknown, used or expired. */
export async function spendSignInLink(postgres: Queryable, now: Date, token: string): Promise<boolean> {
  const { rowCount } = await postgres.query(
    'UPDATE sign_in_links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2',
    [hashToken(token), now.toISOString()],
  );
  return rowCount === 1;
}
