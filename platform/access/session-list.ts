/** Where people are signed in. */
import { toInstant } from '../../core/instant-text.ts';
import type { BrowserSession } from '../../schemas/http/users.ts';
import type { Queryable } from '../postgres/postgres.ts';
import { endSession, LINK_ADMIN } from './sessions.ts';

/** Whose sessions: of one user, of the administrator by a printed link, or of everybody. */
export type Whose = { userId: string } | 'link admin' | 'everybody';

export type ListedSession = Omit<BrowserSession, 'isCurrent'>;

type SessionRow = ListedSession & Record<string, unknown>;

const LISTED = `SELECT s.session_id::text AS id, s.user_id::text AS "user", coalesce(u.email, '${LINK_ADMIN}') AS name, s.created_at AS "createdAt",
    s.last_seen_at AS "lastSeenAt", s.expires_at AS "expiresAt", s.address, s.user_agent AS "userAgent"
  FROM sessions AS s LEFT JOIN users AS u USING (user_id)`;

function toSession(row: SessionRow): ListedSession {
  return { ...row, createdAt: toInstant(row.createdAt), lastSeenAt: toInstant(row.lastSeenAt), expiresAt: toInstant(row.expiresAt) };
}

function condition(whose: Whose): { sql: string; user: string | null } {
  if (whose === 'everybody') return { sql: '$1::bigint IS NULL', user: null };
  if (whose === 'link admin') return { sql: '$1::bigint IS NULL AND s.user_id IS NULL', user: null };
  return { sql: 's.user_id = $1::bigint', user: whose.userId };
}

/** Newest first. */
export async function listSessions(
  postgres: Queryable,
  now: Date,
  { whose, before, rows: limit }: { whose: Whose; before: string | undefined; rows: number },
): Promise<ListedSession[]> {
  const { sql, user } = condition(whose);
  const { rows } = await postgres.query<SessionRow>(
    `${LISTED} WHERE ${sql} AND s.expires_at > $2 AND ($3::bigint IS NULL OR s.session_id < $3) ORDER BY s.session_id DESC LIMIT $4`,
    [user, now.toISOString(), before ?? null, limit],
  );
  return rows.map(toSession);
}

/** Ends it where it is among `whose`. Answers the session that was ended. */
export async function takeSession(transaction: Queryable, { whose, id }: { whose: Whose; id: string }): Promise<ListedSession | undefined> {
  const { sql, user } = condition(whose);
  const { rows } = await transaction.query<SessionRow>(`${LISTED} WHERE ${sql} AND s.session_id = $2::bigint FOR UPDATE OF s`, [user, id]);
  const [row] = rows;
  if (row === undefined) return undefined;
  await endSession(transaction, id);
  return toSession(row);
}
