/** People who may come in. A row stays for ever, because what they did names them: who leaves is disabled. */
import { ProblemError } from '../../core/errors.ts';
import { toInstant } from '../../core/instant-text.ts';
import type { User } from '../../schemas/http/users.ts';
import type { Queryable } from '../postgres/postgres.ts';

/** As addresses are compared and kept. */
export function normalizedEmail(email: string): string {
  return email.normalize('NFC').toLowerCase();
}

const STATUS = `CASE WHEN disabled_at IS NOT NULL THEN 'disabled' WHEN password_hash IS NULL AND subject IS NULL THEN 'invited' ELSE 'active' END`;
const COLUMNS = `user_id::text AS id, email, name, role, customer, ${STATUS} AS status, created_at AS "createdAt", created_by AS "createdBy",
  last_seen_at AS "lastSeenAt"`;
const ACTIVE_ADMIN = `role = 'admin' AND disabled_at IS NULL AND (password_hash IS NOT NULL OR subject IS NOT NULL)`;

type UserRow = User & Record<string, unknown>;

function toUser({ createdAt, lastSeenAt, ...row }: UserRow): User {
  return { ...row, createdAt: toInstant(createdAt), lastSeenAt: toInstant(lastSeenAt) };
}

/** Newest first. */
export async function listUsers(postgres: Queryable, page: { before: string | undefined; rows: number }): Promise<User[]> {
  const { rows } = await postgres.query<UserRow>(
    `SELECT ${COLUMNS} FROM users WHERE ($1::bigint IS NULL OR user_id < $1) ORDER BY user_id DESC LIMIT $2`,
    [page.before ?? null, page.rows],
  );
  return rows.map(toUser);
}

/** `lock`: nobody changes them until the transaction ends. */
export async function findUser(postgres: Queryable, id: string, { lock = false } = {}): Promise<User | undefined> {
  const { rows } = await postgres.query<UserRow>(
    `SELECT ${COLUMNS} FROM users WHERE user_id = $1::bigint${lock ? ' FOR NO KEY UPDATE' : ''}`,
    [id],
  );
  return rows[0] && toUser(rows[0]);
}

/** Who may choose a password by a mail to them: not those who come in through the identity provider alone, nor who was disabled. */
export async function findForReset(postgres: Queryable, email: string): Promise<User | undefined> {
  const { rows } = await postgres.query<UserRow>(
    `SELECT ${COLUMNS} FROM users WHERE email = $1 AND disabled_at IS NULL AND (password_hash IS NOT NULL OR subject IS NULL)`,
    [normalizedEmail(email)],
  );
  return rows[0] && toUser(rows[0]);
}

export interface NewUser {
  email: string;
  name: string;
  role: User['role'];
  customer: string | null;
  createdBy: string;
}

/** Undefined where somebody has the address already. */
export async function insertUser(transaction: Queryable, now: Date, user: NewUser): Promise<User | undefined> {
  const { rows } = await transaction.query<UserRow>(
    `INSERT INTO users (email, name, role, customer, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (email) DO NOTHING RETURNING ${COLUMNS}`,
    [normalizedEmail(user.email), user.name, user.role, user.customer, now.toISOString(), user.createdBy],
  );
  return rows[0] && toUser(rows[0]);
}

export type UserState = Pick<User, 'name' | 'role' | 'customer'> & { isDisabled: boolean };

export async function updateUser(transaction: Queryable, now: Date, change: { id: string; by: string; to: UserState }): Promise<User> {
  const { name, role, customer, isDisabled } = change.to;
  const { rows } = await transaction.query<UserRow>(
    `UPDATE users SET name = $2, role = $3, customer = $4, disabled_at = CASE WHEN $5 THEN coalesce(disabled_at, $6::timestamptz) END,
            disabled_by = CASE WHEN $5 THEN coalesce(disabled_by, $7) END
      WHERE user_id = $1::bigint RETURNING ${COLUMNS}`,
    [change.id, name, role, customer, isDisabled, now.toISOString(), change.by],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`user ${change.id} is gone`);
  return toUser(row);
}

export async function setPasswordHash(transaction: Queryable, now: Date, { userId, phc }: { userId: string; phc: string }): Promise<void> {
  await transaction.query('UPDATE users SET password_hash = $2, password_at = $3 WHERE user_id = $1::bigint', [
    userId,
    phc,
    now.toISOString(),
  ]);
}

/** Who can sign in as administrator. The program prints a link only while there is nobody. */
export async function hasActiveAdmin(postgres: Queryable): Promise<boolean> {
  const { rows } = await postgres.query(`SELECT FROM users WHERE ${ACTIVE_ADMIN} LIMIT 1`);
  return rows.length > 0;
}

/**
 * Throws `conflict` where nobody else could sign in as administrator. All of them are locked, in one order, until the transaction ends: of two
 * who take the role from each other at once, the second finds itself alone.
 */
export async function requireAnotherAdmin(transaction: Queryable, id: string): Promise<void> {
  const { rows } = await transaction.query<{ id: string }>(
    `SELECT user_id::text AS id FROM users WHERE ${ACTIVE_ADMIN} ORDER BY user_id FOR NO KEY UPDATE`,
  );
  if (rows.some((admin) => admin.id === id) && rows.length === 1)
    throw new ProblemError(
      'conflict',
      'This is the last administrator who can sign in. Invite another one, who chooses a password, before.',
    );
}
