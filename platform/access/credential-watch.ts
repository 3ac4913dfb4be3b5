/**
 * Whether the credentials that open answers were asked for with still hold. An ordinary call looks at its own once; an answer that lasts for hours would
 * outlive a session that was ended, or a key that was revoked. One statement asks for all of this process, whichever process ended them.
 */
import type { Logger } from 'pino';
import { ProblemError } from '../../core/errors.ts';
import type { Clock } from '../clock.ts';
import type { Postgres, Queryable } from '../postgres/postgres.ts';
import type { Caller } from './caller.ts';

/** Postgres channel, without payload: some credential has ended. */
const CHANNEL = 'access';
/** What ends by its date, or unheard, ends this much later at the most; more often, and an idle process would ask all day for nothing. */
const LOOK_EVERY_MS = 5_000;

/** The right to one answer. */
export interface Right {
  /** Fires when the credential holds no more, with the problem that its next call is answered with (`ProblemError`). */
  readonly ended: AbortSignal;
  /** The answer is over. */
  release(): void;
}

/** Has all processes look at once. Call it in the transaction that ends a credential: they hear of it when that is committed. */
export async function announceEnd(transaction: Queryable): Promise<void> {
  await transaction.query(`SELECT pg_notify('${CHANNEL}', '')`);
}

interface Held {
  caller: Caller;
  ending: AbortController;
}

export class CredentialWatch {
  readonly #postgres: Postgres;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #held = new Set<Held>();
  #listening: Promise<(() => Promise<void>) | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  /** Something ended while it was looked. */
  #isDue = false;

  constructor({ postgres, clock, logger }: { postgres: Postgres; clock: Clock; logger: Logger }) {
    this.#postgres = postgres;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** From now on, until it is released. The admin key of the installation ends with the process. */
  hold(caller: Caller): Right {
    const held: Held = { caller, ending: new AbortController() };
    if (idOf(caller) !== null) {
      this.#held.add(held);
      this.#listening ??= this.#listen();
      this.#schedule();
    }
    return { ended: held.ending.signal, release: () => void this.#held.delete(held) };
  }

  async close(): Promise<void> {
    this.#held.clear();
    clearTimeout(this.#timer);
    const unlisten = await this.#listening;
    await unlisten?.();
  }

  async #listen(): Promise<(() => Promise<void>) | undefined> {
    try {
      return await this.#postgres.listen(CHANNEL, () => void this.#look());
    } catch (error) {
      // The next one to be held tries again; until then it is looked now and then.
      this.#listening = undefined;
      this.#logger.warn({ err: error }, 'ends of sessions and keys cannot be heard of');
      return undefined;
    }
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, LOOK_EVERY_MS).unref();
  }

  async #look(): Promise<void> {
    this.#isDue = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#isDue && this.#held.size > 0) {
        this.#isDue = false;
        await this.#endThoseWithout();
      }
    } catch (error) {
      // Answers that last read from Postgres themselves: while it is away they have nothing to tell.
      this.#logger.warn({ err: error }, 'whether credentials still hold could not be read');
    } finally {
      this.#isLooking = false;
      if (this.#held.size > 0) this.#schedule();
    }
  }

  async #endThoseWithout(): Promise<void> {
    const asked = [...this.#held];
    const good = await readGood(
      this.#postgres,
      this.#clock.now(),
      asked.map(({ caller }) => caller),
    );
    for (const held of asked) {
      if (good.has(rightsOf(held.caller)) || !this.#held.delete(held)) continue;
      held.ending.abort(problemOf(held.caller));
    }
  }
}

interface GoodRow {
  means: Caller['means'];
  id: string;
  role: string;
  customer: string | null;
  invoice: string | null;
  [column: string]: unknown;
}

/** Credential and standing: with another role or customer, what is open shows what it may not show any more, or less than it may. */
const GOOD = `
  SELECT 'session' AS means, s.session_id::text AS id, CASE WHEN s.user_id IS NULL THEN 'admin' ELSE u.role END AS role, u.customer, NULL AS invoice
    FROM sessions AS s LEFT JOIN users AS u USING (user_id)
   WHERE s.session_id = ANY($1::bigint[]) AND s.expires_at > $4 AND u.disabled_at IS NULL
  UNION ALL
  SELECT 'key', key_id::text, role, customer, NULL
    FROM api_keys WHERE key_id = ANY($2::bigint[]) AND revoked_at IS NULL AND coalesce(expires_at > $4, true)
  UNION ALL
  SELECT 'link', l.link_id::text, 'link', i.customer, i.invoice_id::text
    FROM invoice_links AS l JOIN invoices AS i USING (invoice_id)
   WHERE l.link_id = ANY($3::bigint[]) AND l.revoked_at IS NULL AND l.expires_at > $4`;

async function readGood(postgres: Postgres, now: Date, callers: readonly Caller[]): Promise<Set<string>> {
  const idsOf = (means: Caller['means']) => [...new Set(callers.filter((caller) => caller.means === means).map(idOf))];
  const { rows } = await postgres.query<GoodRow>(GOOD, [idsOf('session'), idsOf('key'), idsOf('link'), now.toISOString()], {
    // A statement that hangs must not keep the next one from being tried.
    timeoutMs: LOOK_EVERY_MS,
  });
  return new Set(rows.map(textOf));
}

function rightsOf(caller: Caller): string {
  const customer = 'customer' in caller ? caller.customer : null;
  const invoice = 'invoice' in caller ? caller.invoice : null;
  return textOf({ means: caller.means, id: idOf(caller) ?? '', role: caller.role, customer, invoice });
}

function textOf({ means, id, role, customer, invoice }: GoodRow): string {
  return JSON.stringify([means, id, role, customer, invoice]);
}

/** Null for the admin key, which is in no table. */
function idOf(caller: Caller): string | null {
  switch (caller.means) {
    case 'session':
      return caller.sessionId;
    case 'key':
      return caller.keyId;
    case 'link':
      return caller.linkId;
  }
}

function problemOf({ means, name }: Caller): ProblemError {
  switch (means) {
    case 'session':
      return new ProblemError('unauthenticated', 'The session has ended, or may see something else now. Sign in, and begin again.');
    case 'key':
      return new ProblemError('unauthenticated', `The API ${name} has expired or was revoked; an administrator can make a new one.`);
    case 'link':
      return new ProblemError('invoice_link_invalid', 'This link has expired or was taken back. Ask whoever sent it for a new one.');
  }
}
