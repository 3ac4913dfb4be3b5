/** Sign-in links and sessions. The stores keep hashes only: whoever reads the database cannot sign in with what it holds. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Postgres } from '../postgres/postgres.ts';

/** Printed in a terminal and opened by hand: a day, so that yesterday's scrollback is worthless. */
const LINK_LIFETIME_MS = 24 * 60 * 60 * 1000;
/** A month of daily use without signing in again. */
export const SESSION_LIFETIME_SECONDS = 30 * 24 * 60 * 60;
/** 256 bits: beyond guessing, so a plain fast hash is enough. */
const TOKEN_BYTES = 32;

export interface OpenSession {
  role: string;
  /** RFC 3339, UTC. */
  expiresAt: string;
}

/** Makes a token that signs in once, within 24 hours. It appears nowhere else: print it or lose it. */
export async function createSignInLink(postgres: Postgres, clock: Clock): Promise<string> {
  const token = newToken();
  const now = clock.now();
  // Spent links are kept for a while, so that a second use can be told from a made-up token in the database.
  await postgres.query('DELETE FROM sign_in_links WHERE expires_at < $1', [new Date(now.getTime() - LINK_LIFETIME_MS).toISOString()]);
  await postgres.query('INSERT INTO sign_in_links (token_hash, expires_at) VALUES ($1, $2)', [
    hashToken(token),
    new Date(now.getTime() + LINK_LIFETIME_MS).toISOString(),
  ]);
  return token;
}

/** Spends a sign-in link. One statement takes it, so of two at once one wins; undefined when it is unknown, used or expired. */
export async function redeemSignInLink(
  postgres: Postgres,
  clock: Clock,
  linkToken: string,
): Promise<{ token: string; session: OpenSession } | undefined> {
  const now = clock.now();
  const session: OpenSession = { role: 'admin', expiresAt: new Date(now.getTime() + SESSION_LIFETIME_SECONDS * 1000).toISOString() };
  const token = newToken();
  const redeemed = await postgres.transaction(async (transaction) => {
    const link = await transaction.query(
      'UPDATE sign_in_links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2',
      [hashToken(linkToken), now.toISOString()],
    );
    if (link.rowCount !== 1) return false;
    await transaction.query('DELETE FROM sessions WHERE expires_at < $1', [now.toISOString()]);
    await transaction.query('INSERT INTO sessions (token_hash, role, created_at, expires_at) VALUES ($1, $2, $3, $4)', [
      hashToken(token),
      session.role,
      now.toISOString(),
      session.expiresAt,
    ]);
    return true;
  });
  return redeemed ? { token, session } : undefined;
}

export async function findSession(postgres: Postgres, clock: Clock, token: string): Promise<OpenSession | undefined> {
  const { rows } = await postgres.query<{ role: string; expiresAtMs: string }>(
    'SELECT role, floor(extract(epoch FROM expires_at) * 1000)::text AS "expiresAtMs" FROM sessions WHERE token_hash = $1 AND expires_at > $2',
    [hashToken(token), clock.now().toISOString()],
  );
  const row = rows[0];
  return row === undefined ? undefined : { role: row.role, expiresAt: new Date(Number(row.expiresAtMs)).toISOString() };
}

export async function endSession(postgres: Postgres, token: string): Promise<void> {
  await postgres.query('DELETE FROM sessions WHERE token_hash = $1', [hashToken(token)]);
}

function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
