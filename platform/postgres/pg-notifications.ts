/**
 * LISTEN on one connection of its own, for all channels of the process.
 *
 * `wanted` says which channels have listeners, `listening` what the present connection listens to. `reconcile` makes the
 * second equal to the first, one run at a time; a lost connection only empties `listening` and asks for another run.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Client } from 'pg';
import type { Logger } from 'pino';

export interface NotificationOptions {
  createClient: () => Client;
  logger: Logger;
}

/** First wait after a lost connection; doubled up to the last. A restarted server is back within a second or two, and
 *  nothing is lost by asking an absent one every five. */
const RECONNECT_FIRST_MS = 100;
const RECONNECT_LAST_MS = 5_000;

export class Notifications {
  readonly #createClient: () => Client;
  readonly #logger: Logger;
  readonly #wanted = new Map<string, Set<(payload: string) => void>>();
  readonly #closed = new AbortController();
  #listening = new Set<string>();
  #client: Client | undefined;
  #everConnected = false;
  #queue: Promise<void> = Promise.resolve();

  constructor({ createClient, logger }: NotificationOptions) {
    this.#createClient = createClient;
    this.#logger = logger;
  }

  /** See `Postgres.listen`. Rejects when the very first connection fails; later it waits for the next one. */
  async listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>> {
    // The same function may listen twice; each call has its own entry.
    const entry = (payload: string) => onNotify(payload);
    const entries = this.#wanted.get(channel) ?? new Set();
    this.#wanted.set(channel, entries.add(entry));
    const remove = () => {
      entries.delete(entry);
      if (entries.size === 0 && this.#wanted.get(channel) === entries) this.#wanted.delete(channel);
    };
    try {
      await this.#reconcile();
    } catch (error) {
      remove();
      throw error;
    }
    return () => {
      remove();
      // Nobody is called any more. Telling the server can wait: it may be away, and whoever stops must not wait for its return.
      if (!this.#closed.signal.aborted) this.#reconcile().catch((error: unknown) => this.#logger.debug({ err: error }, 'UNLISTEN failed'));
      return Promise.resolve();
    };
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('Postgres was closed'));
    await this.#queue;
    const last = this.#client;
    this.#client = undefined;
    await last?.end();
  }

  #reconcile(): Promise<void> {
    const run = this.#queue.then(() => this.#settleWithRetries());
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async #settleWithRetries(): Promise<void> {
    let mayHaveMissed = false;
    for (let waitMs = RECONNECT_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RECONNECT_LAST_MS)) {
      this.#closed.signal.throwIfAborted();
      try {
        mayHaveMissed = (await this.#connectAgain()) || mayHaveMissed;
        await this.#settle();
        break;
      } catch (error) {
        if (!this.#everConnected) throw error;
        const broken = this.#client;
        this.#client = undefined;
        this.#listening = new Set();
        await broken?.end().catch(() => undefined);
        this.#logger.debug({ err: error, waitMs }, 'cannot listen to Postgres yet');
        await delay(waitMs, undefined, { signal: this.#closed.signal });
      }
    }
    if (!mayHaveMissed) return;
    for (const listeners of [...this.#wanted.values()]) for (const onNotify of [...listeners]) this.#call(onNotify, '');
  }

  /** Answers whether there now is another connection in place of a lost one. */
  async #connectAgain(): Promise<boolean> {
    if (this.#client !== undefined) return false;
    const fresh = this.#createClient();
    fresh.on('error', (error) => this.#logger.debug({ err: error }, 'the Postgres connection that listens has failed'));
    fresh.on('end', () => this.#onLost(fresh));
    fresh.on('notification', ({ channel, payload }) => {
      for (const onNotify of [...(this.#wanted.get(channel) ?? [])]) this.#call(onNotify, payload ?? '');
    });
    await fresh.connect();
    this.#client = fresh;
    const again = this.#everConnected;
    this.#everConnected = true;
    return again;
  }

  async #settle(): Promise<void> {
    const client = this.#client;
    const listening = this.#listening;
    if (client === undefined) throw new Error('the connection was lost again');
    for (const channel of this.#wanted.keys()) {
      if (listening.has(channel)) continue;
      await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      listening.add(channel);
    }
    for (const channel of [...listening]) {
      if (this.#wanted.has(channel)) continue;
      await client.query(`UNLISTEN ${pg.escapeIdentifier(channel)}`);
      listening.delete(channel);
    }
  }

  #onLost(lost: Client): void {
    if (this.#client !== lost) return;
    this.#client = undefined;
    this.#listening = new Set();
    if (this.#closed.signal.aborted) return;
    this.#logger.warn('the Postgres connection that listens was lost; making another');
    this.#reconcile().catch((error: unknown) => {
      if (!this.#closed.signal.aborted) this.#logger.error({ err: error }, 'listening to Postgres cannot go on');
    });
  }

  #call(onNotify: (payload: string) => void, payload: string): void {
    try {
      onNotify(payload);
    } catch (error) {
      this.#logger.error({ err: error }, 'a listener of Postgres notifications failed');
    }
  }
}
