/**
 * Leases on imports: who receives or publishes one says so again and again, by time, whether or not anything arrives. One whose
 * holder has fallen silent is taken over by another replica.
 *
 * A holder that slept (SIGSTOP, a frozen machine) may find its lease gone; `lost` then fires, but every step that counts is also
 * fenced in Postgres by the holder's name.
 */
import type { Logger } from 'pino';
import type { Postgres } from '../platform/postgres/postgres.ts';
import { Waker } from '../platform/waker.ts';

/** Renewals in the length of a lease: two may fail without harm. */
const RENEWALS_PER_LEASE = 3;
/** After a renewal that failed. Whoever looks for lost leases gives holders more time than this once Postgres is back. */
const RETRY_MS = 500;

const NEVER = new AbortController().signal;

export interface LeaseOptions {
  postgres: Postgres;
  /** The holder, as in `lease_owner`. */
  instance: string;
  leaseSeconds: number;
  logger: Logger;
}

export interface Lease {
  /** Fires when Postgres says that the lease is another's, or nobody's. */
  readonly lost: AbortSignal;
  /** Ends the renewals; what Postgres says is left as it is. */
  release(): void;
}

export class Leases {
  readonly instance: string;
  readonly leaseSeconds: number;
  readonly #postgres: Postgres;
  readonly #logger: Logger;
  readonly #held = new Map<string, AbortController>();
  readonly #idle = new Waker();
  #renewing: Promise<void> | undefined;

  constructor({ postgres, instance, leaseSeconds, logger }: LeaseOptions) {
    this.instance = instance;
    this.leaseSeconds = leaseSeconds;
    this.#postgres = postgres;
    this.#logger = logger;
  }

  /** Renews the lease of an import from now on. It was just taken in Postgres, under the name `instance`. */
  hold(importId: string): Lease {
    const lost = new AbortController();
    this.#held.set(importId, lost);
    this.#renewing ??= this.#renewWhileHeld();
    return {
      lost: lost.signal,
      release: () => {
        if (this.#held.get(importId) === lost) this.#held.delete(importId);
        if (this.#held.size === 0) this.#idle.wake();
      },
    };
  }

  async #renewWhileHeld(): Promise<void> {
    const intervalMs = (this.leaseSeconds * 1_000) / RENEWALS_PER_LEASE;
    let waitMs = intervalMs;
    while (this.#held.size > 0) {
      await this.#idle.wait(waitMs, NEVER);
      const isRenewed = await this.#renewInTime(intervalMs);
      waitMs = isRenewed ? intervalMs : Math.min(intervalMs, RETRY_MS);
    }
    this.#renewing = undefined;
  }

  /** A renewal that is not answered must not stand in the way of the next, which may have another connection. */
  async #renewInTime(limitMs: number): Promise<boolean> {
    const answered = new AbortController();
    const late = new Waker().wait(limitMs, answered.signal).then(() => false);
    const isRenewed = await Promise.race([this.#renew(), late]);
    answered.abort();
    return isRenewed;
  }

  async #renew(): Promise<boolean> {
    const asked = new Map(this.#held);
    if (asked.size === 0) return true;
    try {
      const { rows } = await this.#postgres.query<{ id: string }>(
        `UPDATE imports SET lease_until = now() + make_interval(secs => $3)
         WHERE id = ANY($1::bigint[]) AND lease_owner = $2 AND status IN ('received', 'publishing') RETURNING id`,
        [[...asked.keys()], this.instance, this.leaseSeconds],
      );
      for (const { id } of rows) asked.delete(id);
      for (const [id, lost] of asked) {
        if (this.#held.get(id) !== lost) continue;
        this.#held.delete(id);
        lost.abort();
      }
      return true;
    } catch (error) {
      this.#logger.warn({ err: error, imports: asked.size }, 'leases could not be renewed, trying again');
      return false;
    }
  }
}
