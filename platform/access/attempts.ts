/**
 * How often somebody may try: by account, whether there is such an account or not, and by address. Kept in Postgres, so that all processes
 * count together. An attempt is written down before it is made: a thousand at once are no more than a thousand in a row.
 */
import { isIPv6 } from 'node:net';
import { ProblemError } from '../../core/errors.ts';
import { toInstant } from '../../core/instant-text.ts';
import type { Postgres, Transaction } from '../postgres/postgres.ts';
import { hashToken } from './tokens.ts';
import { normalizedEmail } from './users.ts';

const WINDOW_MS = 15 * 60 * 1000;
/** Mistyping, capitals, the password of last year; a guesser has 960 a day. */
const ACCOUNT_MAX = 10;
/** An office behind one address, on the morning after a holiday. */
const ADDRESS_MAX = 50;
/** Mails to one person: the first one that did not come, and one more. */
const MAILS_MAX = 3;

const MOST = { password: ACCOUNT_MAX, mail: MAILS_MAX } as const;
/** Keeps a password and a mail from being one account. */
const PREFIX = { password: '', mail: 'mail ' } as const;

export interface Attempt {
  kind: keyof typeof MOST;
  /** As it was typed. */
  email: string;
  address: string;
}

export interface TakenAttempt {
  /** It was a good one: neither it nor what was mistyped before it, here, counts any more. */
  forget(): Promise<void>;
  /** It came to nothing, for a reason on our side: it does not count. */
  giveBack(): Promise<void>;
  /** The next one will be refused. */
  isLast: boolean;
}

/** Throws `too_many_attempts`, before anything is tried. */
export async function takeAttempt(postgres: Postgres, now: Date, attempt: Attempt): Promise<TakenAttempt> {
  const account = hashToken(PREFIX[attempt.kind] + normalizedEmail(attempt.email));
  const address = networkOf(attempt.address);
  await postgres.query('DELETE FROM sign_in_failures WHERE at <= $1', [windowStart(now)]);
  const taken = await postgres.transaction(async (transaction) => {
    // In this order in every process; who holds the second one waits for nothing.
    for (const name of [account, address]) await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
    const byAccount = await freeAgain(transaction, now, { column: 'account', value: account, most: MOST[attempt.kind] });
    const byAddress = await freeAgain(transaction, now, { column: 'address', value: address, most: ADDRESS_MAX });
    const waitMs = Math.max(byAccount.waitMs, byAddress.waitMs);
    if (waitMs > 0) throw tooMany(waitMs);
    const { rows } = await transaction.query<{ id: string }>(
      'INSERT INTO sign_in_failures (account, address, at) VALUES ($1, $2, $3) RETURNING failure_id::text AS id',
      [account, address, now.toISOString()],
    );
    return { id: rows[0]?.id, isLast: byAccount.tried + 1 === MOST[attempt.kind] };
  });
  return {
    isLast: taken.isLast,
    forget: async () => {
      await postgres.query('DELETE FROM sign_in_failures WHERE account = $1 AND address = $2', [account, address]);
    },
    giveBack: async () => {
      await postgres.query('DELETE FROM sign_in_failures WHERE failure_id = $1::bigint', [taken.id]);
    },
  };
}

/** How many there were in the window, and for how long there can be no other. */
async function freeAgain(
  transaction: Transaction,
  now: Date,
  { column, value, most }: { column: 'account' | 'address'; value: string; most: number },
): Promise<{ tried: number; waitMs: number }> {
  const { rows } = await transaction.query<{ at: string }>(
    `SELECT at FROM sign_in_failures WHERE ${column} = $1 AND at > $2 ORDER BY at DESC LIMIT ${most}`,
    [value, windowStart(now)],
  );
  const oldest = rows[most - 1];
  return {
    tried: rows.length,
    waitMs: oldest === undefined ? 0 : Math.max(1, Date.parse(toInstant(oldest.at)) + WINDOW_MS - now.getTime()),
  };
}

function windowStart(now: Date): string {
  return new Date(now.getTime() - WINDOW_MS).toISOString();
}

function tooMany(waitMs: number): ProblemError {
  const minutes = Math.ceil(waitMs / 60_000);
  return new ProblemError(
    'too_many_attempts',
    `There were too many attempts. Try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}; until then the right password is refused too.`,
    { retryAfterSeconds: Math.ceil(waitMs / 1000) },
  );
}

/** Whoever has one address of IPv6 has 2^64 of them (RFC 6177): the network counts. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address.replace(/^::ffff:/, '');
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  const filled =
    tail === undefined
      ? groups
      : [...groups, ...Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => '0'), ...behind];
  return `${filled
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
