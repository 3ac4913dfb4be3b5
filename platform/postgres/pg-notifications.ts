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

export interface Notifications {
  /** See `Postgres.listen`. Rejects when the very first connection fails; later it waits for the next one. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export interface NotificationOptions {
  createClient: () => Client;
  logger: Logger;
}

/** First wait after a lost connection; doubled up to the last. A restarted server is back within a second or two, and
 *  nothing is lost by asking an absent one every five. */
const RECONNECT_FIRST_MS = 100;
const RECONNECT_LAST_MS = 5_000;

export function createNotifications({ createClient, logger }: NotificationOptions): Notifications {
  const wanted = new Map<string, Set<(payload: string) => void>>();
  const closed = new AbortController();
  let client: Client | undefined;
  let listening = new Set<string>();
  let everConnected = false;
  let queue: Promise<void> = Promise.resolve();

  function call(onNotify: (payload: string) => void, payload: string): void {
    try {
      onNotify(payload);
    } catch (error) {
      logger.error({ err: error }, 'a listener of Postgres notifications failed');
    }
  }

  function onLost(lost: Client): void {
    if (client !== lost) return;
    client = undefined;
    listening = new Set();
    if (closed.signal.aborted) return;
    logger.warn('the Postgres connection that listens was lost; making another');
    reconcile().catch((error: unknown) => {
      if (!closed.signal.aborted) logger.error({ err: error }, 'listening to Postgres cannot go on');
    });
  }

  async function connect(): Promise<Client> {
    const fresh = createClient();
    fresh.on('error', (error) => logger.debug({ err: error }, 'the Postgres connection that listens has failed'));
    fresh.on('end', () => onLost(fresh));
    fresh.on('notification', ({ channel, payload }) => {
      for (const onNotify of [...(wanted.get(channel) ?? [])]) call(onNotify, payload ?? '');
    });
    await fresh.connect();
    return fresh;
  }

  /** One attempt. Answers whether this was a new connection after a lost one. */
  async function settle(): Promise<boolean> {
    let again = false;
    if (client === undefined) {
      client = await connect();
      again = everConnected;
      everConnected = true;
    }
    const current = client;
    for (const channel of wanted.keys()) {
      if (listening.has(channel)) continue;
      await current.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      listening.add(channel);
    }
    for (const channel of [...listening]) {
      if (wanted.has(channel)) continue;
      await current.query(`UNLISTEN ${pg.escapeIdentifier(channel)}`);
      listening.delete(channel);
    }
    return again;
  }

  async function settleWithRetries(): Promise<void> {
    let missed = false;
    for (let waitMs = RECONNECT_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RECONNECT_LAST_MS)) {
      closed.signal.throwIfAborted();
      try {
        missed = (await settle()) || missed;
        break;
      } catch (error) {
        if (!everConnected) throw error;
        const broken = client;
        client = undefined;
        listening = new Set();
        await broken?.end().catch(() => undefined);
        logger.debug({ err: error, waitMs }, 'cannot listen to Postgres yet');
        await delay(waitMs, undefined, { signal: closed.signal });
      }
    }
    if (!missed) return;
    for (const listeners of [...wanted.values()]) for (const onNotify of [...listeners]) call(onNotify, '');
  }

  function reconcile(): Promise<void> {
    const run = queue.then(settleWithRetries);
    queue = run.catch(() => undefined);
    return run;
  }

  return {
    async listen(channel, onNotify) {
      // The same function may listen twice; each call has its own entry.
      const entry = (payload: string) => onNotify(payload);
      const entries = wanted.get(channel) ?? new Set();
      wanted.set(channel, entries.add(entry));
      const remove = () => {
        entries.delete(entry);
        if (entries.size === 0 && wanted.get(channel) === entries) wanted.delete(channel);
      };
      try {
        await reconcile();
      } catch (error) {
        remove();
        throw error;
      }
      return async () => {
        remove();
        if (!closed.signal.aborted) await reconcile();
      };
    },
    async close() {
      closed.abort(new Error('Postgres was closed'));
      await queue;
      const last = client;
      client = undefined;
      await last?.end();
    },
  };
}
