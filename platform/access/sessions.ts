/** Sessions of browsers, on the server: what the cookie names can be listed and ended. */
import { toInstant } from '../../core/instant-text.ts';
import type { Clock } from '../clock.ts';
import type { Postgres, Queryable } from '../postgres/postgres.ts';
import { type Standing, standingOf } from './caller.ts';
import { announceEnd } from './credential-watch.ts';
import type { UserRole } from './roles.ts';
import { hashToken, newToken } from './tokens.ts';

/** A month of daily use without signing in again. */
export const SESSION_LIFETIME_SECONDS = 30 * 24 * 60 * 60;
/** How late `last_seen_at` may be: one write a minute instead of one a request. */
const SEEN_EVERY_MS = 60_000;
/** What browsers say of themselves, as far as a list shows it. */
const USER_AGENT_LENGTH_MAX = 300;

/** Who signs in; the name of the administrator by a printed link, who is no user, is `admin`. */
export const LINK_ADMIN = 'admin';

export interface Origin {
  address: string;
  userAgent: string;
}

export interface OpenSession {
  sessionId: string;
  userId: string | null;
  /** E-mail address, or `admin`. */
  name: string;
  standing: Standing;
  /** RFC 3339, UTC. */
  expiresAt: string;
}

/**
 * A new token at every sign-in: one from before it, perhaps planted, is worth nothing. The session that the browser had, `replaces`, ends.
 * Of a user, call it in a transaction that has locked the row, or that may not be disabled meanwhile.
 */
export async function openSession(
  postgres: Queryable,
  now: Date,
  { userId, origin, replaces }: { userId: string | null; origin: Origin; replaces?: string | undefined },
): Promise<string> {
  const token = newToken();
  if (userId !== null) await noteUserSeen(postgres, now, userId);
  if (replaces !== undefined) {
    await postgres.query('DELETE FROM sessions WHERE token_hash = $1', [hashToken(replaces)]);
    await announceEnd(postgres);
  }
  const expiresAt = new Date(now.getTime() + SESSION_LIFETIME_SECONDS * 1000).toISOString();
  await postgres.query('DELETE FROM sessions WHERE expires_at < $1', [now.toISOString()]);
  await postgres.query(
    `INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at, address, user_agent) VALUES ($1, $2, $3, $3, $4, $5, $6)`,
    [hashToken(token), userId, now.toISOString(), expiresAt, origin.address, origin.userAgent.slice(0, USER_AGENT_LENGTH_MAX)],
  );
  return token;
}

type SessionRow = {
  sessionId: string;
  customer: string | null;
  expiresAt: string;
  isStale: boolean;
} & ({ userId: null; email: null; role: null } | { userId: string; email: string; role: UserRole }) &
  Record<string, unknown>;

/** Undefined where it has ended, or its user may not come in any more. */
export async function findSession(postgres: Postgres, clock: Clock, token: string): Promise<OpenSession | undefined> {
  const now = clock.now();
  const { rows } = await postgres.query<SessionRow>(
    `SELECT s.session_id::text AS "sessionId", s.user_id::text AS "userId", u.email, u.role, u.customer, s.expires_at AS "expiresAt",
            s.last_seen_at < $3 AS "isStale"
       FROM sessions AS s LEFT JOIN users AS u USING (user_id)
      WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.disabled_at IS NULL`,
    [hashToken(token), now.toISOString(), new Date(now.getTime() - SEEN_EVERY_MS).toISOString()],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { sessionId, userId, customer } = row;
  if (row.isStale) {
    await postgres.query('UPDATE sessions SET last_seen_at = $2 WHERE session_id = $1', [sessionId, now.toISOString()]);
    // By itself: both rows in one statement would be locked in another order than by whoever changes the user.
    if (userId !== null) await noteUserSeen(postgres, now, userId);
  }
  return {
    sessionId,
    userId,
    name: row.email ?? LINK_ADMIN,
    standing: row.userId === null ? { role: 'admin' } : standingOf({ name: row.email, role: row.role, customer }),
    expiresAt: toInstant(row.expiresAt),
  };
}

async function noteUserSeen(postgres: Queryable, now: Date, userId: string): Promise<void> {
  await postgres.query('UPDATE users SET last_seen_at = $2 WHERE user_id = $1::bigint', [userId, now.toISOString()]);
}

/** Ends it; the next request of its browser is a stranger's, and what is open ends. */
export async function endSession(postgres: Queryable, sessionId: string): Promise<void> {
  await postgres.query('DELETE FROM sessions WHERE session_id = $1::bigint', [sessionId]);
  await announceEnd(postgres);
}

/** All of theirs, wherever they are. */
export async function endSessionsOf(postgres: Queryable, userId: string): Promise<void> {
  await postgres.query('DELETE FROM sessions WHERE user_id = $1::bigint', [userId]);
  await announceEnd(postgres);
}
