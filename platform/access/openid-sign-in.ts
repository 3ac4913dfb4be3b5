/** Whom an identity of the provider is here. Nobody becomes a user by having an account there: an administrator invites. */
import { ProblemError } from '../../core/errors.ts';
import type { Clock } from '../clock.ts';
import type { Postgres, Transaction } from '../postgres/postgres.ts';
import { writeAudit } from './audit.ts';
import { OpenIdError, type ProvenIdentity } from './openid.ts';
import { noteOpened } from './password-sign-in.ts';
import { openSession, type Origin } from './sessions.ts';
import { dropUserLinks } from './user-links.ts';
import { normalizedEmail } from './users.ts';

interface Person {
  userId: string;
  email: string;
  isDisabled: boolean;
  isLinked: boolean;
  [column: string]: unknown;
}

const PERSON = `SELECT user_id::text AS "userId", email, disabled_at IS NOT NULL AS "isDisabled", subject IS NOT NULL AS "isLinked" FROM users`;

/** The token of a new session. Throws `OpenIdError`. */
export async function signInByIdentity(
  { postgres, clock }: { postgres: Postgres; clock: Clock },
  { identity, origin, replaces }: { identity: ProvenIdentity; origin: Origin; replaces: string | undefined },
): Promise<string> {
  try {
    return await postgres.transaction(async (transaction) => {
      const now = clock.now();
      const { userId, email } = await findPerson(transaction, now, { identity, origin });
      const token = await openSession(transaction, now, { userId, origin, replaces });
      await noteOpened(transaction, now, { userId, name: email, address: origin.address, by: 'identity provider' });
      return token;
    });
  } catch (error) {
    if (error instanceof OpenIdError)
      await writeAudit(postgres, {
        at: clock.now(),
        by: { name: 'unknown user', address: origin.address },
        what: 'session.refused',
        subject: 'user',
        details: { why: error.problem, issuer: identity.issuer, subject: identity.subject, email: identity.email ?? null },
      });
    throw error;
  }
}

/** By issuer and subject, which never change hands; the first time by the address, if the provider vouches for it. */
async function findPerson(
  transaction: Transaction,
  now: Date,
  { identity, origin }: { identity: ProvenIdentity; origin: Origin },
): Promise<Person> {
  const { issuer, subject, email, isEmailVerified } = identity;
  const known = await findOne(transaction, `${PERSON} WHERE issuer = $1 AND subject = $2 FOR NO KEY UPDATE`, [issuer, subject]);
  if (known?.isDisabled === true) throw new OpenIdError('user_disabled');
  if (known !== undefined) return known;
  if (email === undefined) throw new OpenIdError('unknown_user');
  if (!isEmailVerified) throw new OpenIdError('unverified_email');
  const invited = await findOne(transaction, `${PERSON} WHERE email = $1 FOR NO KEY UPDATE`, [normalizedEmail(email)]);
  // Linked already, to somebody else: the provider has given the address to another person.
  if (invited === undefined || invited.isLinked) throw new OpenIdError('unknown_user');
  if (invited.isDisabled) throw new OpenIdError('user_disabled');
  await transaction.query('UPDATE users SET issuer = $2, subject = $3 WHERE user_id = $1::bigint', [invited.userId, issuer, subject]);
  await dropUserLinks(transaction, invited.userId);
  await writeAudit(transaction, {
    at: now,
    by: { name: invited.email, address: origin.address },
    what: 'user.linked',
    subject: `user/${invited.userId}`,
    details: { issuer, subject },
  });
  return invited;
}

async function findOne(transaction: Transaction, sql: string, values: readonly unknown[]): Promise<Person | undefined> {
  const { rows } = await transaction.query<Person>(sql, values);
  return rows[0];
}

/** Path of this site to go to after signing in; throws where it would lead anywhere else. */
export function localPath(to: string | undefined): string {
  if (to === undefined) return '/';
  const base = 'http://here.invalid';
  const parsed = /^\/(?![/\\])/.test(to) ? URL.parse(to, base) : null;
  if (parsed?.origin === base) return `${parsed.pathname}${parsed.search}${parsed.hash}`.replace(/^\/+/, '/');
  const message = 'is not a path of this site such as /invoices';
  throw new ProblemError('invalid_request', `to ${message}.`, { errors: [{ path: 'to', code: 'not_local', message }] });
}
