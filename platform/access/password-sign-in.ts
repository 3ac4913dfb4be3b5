/** Coming in with an e-mail address and a password, and choosing a new one. */
import { ProblemError } from '../../core/errors.ts';
import type { Clock } from '../clock.ts';
import type { Postgres, Queryable } from '../postgres/postgres.ts';
import { type TakenAttempt, takeAttempt } from './attempts.ts';
import { writeAudit } from './audit.ts';
import { passwordFault } from './password-rules.ts';
import type { Passwords } from './passwords.ts';
import { endSessionsOf, openSession, type Origin } from './sessions.ts';
import { dropUserLinks, findUserLink, spendUserLink } from './user-links.ts';
import { normalizedEmail, setPasswordHash } from './users.ts';

export interface PasswordDoor {
  postgres: Postgres;
  clock: Clock;
  passwords: Passwords;
}

interface Account {
  userId: string;
  email: string;
  phc: string;
  [column: string]: unknown;
}

const REFUSED = 'The e-mail address or the password is not right. Who has forgotten the password can ask an administrator for a link.';

/** The token of a new session. Whether there is such a person, they were disabled or have no password: one answer, after the same work. */
export async function signInByPassword(
  door: PasswordDoor,
  { email, password, origin, replaces }: { email: string; password: string; origin: Origin; replaces: string | undefined },
): Promise<string> {
  const { postgres, clock, passwords } = door;
  const { address } = origin;
  const attempt = await takeAttempt(postgres, clock.now(), { kind: 'password', email, address });
  const account = await findAccount(postgres, email);
  const verified = await verifyOnce(door, attempt, { account, password, address });
  if (account === undefined || verified === undefined) throw new ProblemError('sign_in_refused', REFUSED);
  const phc = verified.isOutdated ? await passwords.hash(password) : undefined;
  return postgres.transaction(async (transaction) => {
    const now = clock.now();
    if (!(await isStillSo(transaction, account))) throw new ProblemError('sign_in_refused', REFUSED);
    if (phc !== undefined) await setPasswordHash(transaction, now, { userId: account.userId, phc });
    const token = await openSession(transaction, now, { userId: account.userId, origin, replaces });
    await noteOpened(transaction, now, { userId: account.userId, name: account.email, address, by: 'password' });
    return token;
  });
}

/** Undefined where the password is wrong, or nobody's: that is written down, and the attempt counts. */
async function verifyOnce(
  { postgres, clock, passwords }: PasswordDoor,
  attempt: TakenAttempt,
  { account, password, address }: { account: Account | undefined; password: string; address: string },
): Promise<{ isOutdated: boolean } | undefined> {
  const verifying = parametersInUse(postgres).then((inUse) => passwords.verify(password, account?.phc, inUse));
  const { isRight, isOutdated } = await verifying.catch(async (error: unknown) => {
    await attempt.giveBack();
    throw error;
  });
  if (!isRight || account === undefined) {
    await noteRefusal(postgres, clock.now(), { account, address, isLast: attempt.isLast });
    return undefined;
  }
  await attempt.forget();
  return { isOutdated };
}

export async function noteOpened(
  transaction: Queryable,
  at: Date,
  session: { userId: string | null; name: string; address: string; by: 'password' | 'link' | 'identity provider' },
): Promise<void> {
  await writeAudit(transaction, {
    at,
    by: { name: session.name, address: session.address },
    what: 'session.opened',
    subject: session.userId === null ? session.name : `user/${session.userId}`,
    details: { by: session.by },
  });
}

async function findAccount(postgres: Queryable, email: string): Promise<Account | undefined> {
  const { rows } = await postgres.query<Account>(
    `SELECT user_id::text AS "userId", email, password_hash AS phc FROM users
      WHERE email = $1 AND password_hash IS NOT NULL AND disabled_at IS NULL`,
    [normalizedEmail(email)],
  );
  return rows[0];
}

/** Of the passwords that somebody can come in with: one, until the parameters change; then more, until all have signed in once. */
export async function parametersInUse(postgres: Queryable): Promise<string[]> {
  const { rows } = await postgres.query<{ parameters: string }>(
    `SELECT DISTINCT array_to_string((string_to_array(password_hash, '$'))[2:4], '$') AS parameters FROM users
      WHERE password_hash IS NOT NULL AND disabled_at IS NULL`,
  );
  return rows.map(({ parameters }) => parameters);
}

/** Hashing takes a while, in which they may have been disabled or the password changed. Locked until the transaction ends. */
async function isStillSo(transaction: Queryable, { userId, phc }: Account): Promise<boolean> {
  const { rows } = await transaction.query(
    'SELECT FROM users WHERE user_id = $1::bigint AND password_hash = $2 AND disabled_at IS NULL FOR NO KEY UPDATE',
    [userId, phc],
  );
  return rows.length === 1;
}

/** What was typed as the address of nobody is not written down: it may be a password. */
async function noteRefusal(
  postgres: Postgres,
  at: Date,
  { account, address, isLast }: { account: Account | undefined; address: string; isLast: boolean },
): Promise<void> {
  await writeAudit(postgres, {
    at,
    by: { name: account?.email ?? 'unknown user', address },
    what: 'session.refused',
    subject: account === undefined ? 'user' : `user/${account.userId}`,
    details: {
      why: account === undefined ? 'no such user with a password' : 'wrong password',
      ...(isLast ? { lockedForMinutes: 15 } : {}),
    },
  });
}

const LINK_INVALID = 'This link was used before, was replaced by a newer one, or has expired. Ask an administrator for a new one.';

export function linkInvalid(): ProblemError {
  return new ProblemError('password_link_invalid', LINK_INVALID);
}

/** Spends a link of the user. The token of a new session; all that they had end. */
export async function choosePassword(
  { postgres, clock, passwords }: PasswordDoor,
  choice: { token: string; password: string; origin: Origin; replaces: string | undefined },
): Promise<string> {
  const link = await findUserLink(postgres, clock.now(), choice.token);
  if (link === undefined) throw linkInvalid();
  requireGoodPassword(choice.password, link.email);
  const phc = await passwords.hash(choice.password);
  return postgres.transaction(async (transaction) => {
    const now = clock.now();
    await transaction.query('SELECT FROM users WHERE user_id = $1::bigint FOR NO KEY UPDATE', [link.userId]);
    const spent = await spendUserLink(transaction, now, choice.token);
    if (spent === undefined) throw linkInvalid();
    return replacePassword(transaction, now, { ...spent, phc, origin: choice.origin, replaces: choice.replaces, by: spent.purpose });
  });
}

/** By somebody who is signed in and knows the old one. The token of a new session; all that they had end. */
export async function changePassword(
  door: PasswordDoor,
  change: { userId: string; email: string; current: string; password: string; origin: Origin },
): Promise<string> {
  const { postgres, clock, passwords } = door;
  const { userId, email, origin } = change;
  const account = await findAccount(postgres, email);
  if (account === undefined)
    throw new ProblemError(
      'conflict',
      'You have no password yet: you come in another way. An administrator can make a link to choose one.',
    );
  requireGoodPassword(change.password, email);
  // Whoever sits down at a browser that was left open is not to find the password out by trying.
  const { address } = origin;
  const attempt = await takeAttempt(postgres, clock.now(), { kind: 'password', email, address });
  if ((await verifyOnce(door, attempt, { account, password: change.current, address })) === undefined) {
    const message = 'is not your password';
    throw new ProblemError('unacceptable_password', `current: ${message}.`, { errors: [{ path: 'current', code: 'wrong', message }] });
  }
  const phc = await passwords.hash(change.password);
  return postgres.transaction(async (transaction) => {
    if (!(await isStillSo(transaction, account)))
      throw new ProblemError('conflict', 'The password was changed by somebody else at this moment. Sign in again.');
    return replacePassword(transaction, clock.now(), { userId, email, phc, origin, replaces: undefined, by: 'change' });
  });
}

async function replacePassword(
  transaction: Queryable,
  now: Date,
  {
    userId,
    email,
    phc,
    origin,
    replaces,
    by,
  }: { userId: string; email: string; phc: string; origin: Origin; replaces: string | undefined; by: string },
): Promise<string> {
  await setPasswordHash(transaction, now, { userId, phc });
  await dropUserLinks(transaction, userId);
  await endSessionsOf(transaction, userId);
  const token = await openSession(transaction, now, { userId, origin, replaces });
  await writeAudit(transaction, {
    at: now,
    by: { name: email, address: origin.address },
    what: 'password.changed',
    subject: `user/${userId}`,
    details: { by },
  });
  if (by !== 'change') await noteOpened(transaction, now, { userId, name: email, address: origin.address, by: 'link' });
  return token;
}

function requireGoodPassword(password: string, email: string): void {
  const fault = passwordFault(password, { email });
  if (fault === undefined) return;
  throw new ProblemError('unacceptable_password', `password: ${fault.message}.`, { errors: [{ path: 'password', ...fault }] });
}
