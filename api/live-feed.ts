/**
 * What is new, for open pages: one listener on the Postgres channel `usage` (payload: rows of a range that both stores now
 * have), one message for all who watch. Nothing is read while nobody does.
 */
import type { Platform } from '../platform/platform.ts';
import type { Live } from '../schemas/http/operations.ts';
import { readWatermark } from './queries/watermark.ts';

export const USAGE_CHANNEL = 'usage';

/** Four times a second looks continuous; ranges become done more often than that under load. */
const MESSAGE_INTERVAL_MS = 250;
/** The rate goes back to 0 when nothing came for this long. */
const QUIET_MS = 1_500;

export type Watcher = (message: Live) => void;

export interface LiveFeed {
  /** How many are watching. */
  watchers(): number;
  /** Calls back with every change until `stop` is called; `now` is the state at the beginning. */
  watch(watcher: Watcher): Promise<{ now: Live; stop: () => void }>;
  close(): Promise<void>;
}

export function createLiveFeed(platform: Platform): LiveFeed {
  const { postgres, clock, logger } = platform;
  const watchers = new Set<Watcher>();
  let listening: Promise<() => Promise<void>> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let rows = 0;
  let lastSentMs = clock.monotonicMs();

  function schedule(delayMs: number): void {
    timer ??= setTimeout(() => void send(), Math.max(0, delayMs));
  }

  async function send(): Promise<void> {
    const nowMs = clock.monotonicMs();
    // The first range after a pause is not a burst of 250 ms: what it holds arrived over some time.
    const elapsedMs = Math.min(Math.max(nowMs - lastSentMs, MESSAGE_INTERVAL_MS), QUIET_MS);
    const [sentRows, rowsPerSecond] = [rows, Math.round((rows * 1000) / elapsedMs)];
    rows = 0;
    lastSentMs = nowMs;
    try {
      const message = await readState(platform, rowsPerSecond);
      for (const watcher of watchers) watcher(message);
    } catch (error) {
      logger.warn({ err: error }, 'the live feed could not be read');
    }
    timer = undefined;
    if (watchers.size === 0) return;
    if (rows > 0) schedule(MESSAGE_INTERVAL_MS);
    else if (sentRows > 0) schedule(QUIET_MS);
  }

  function onNotify(payload: string): void {
    if (watchers.size === 0) return;
    rows += /^\d{1,9}$/.test(payload) ? Number(payload) : 0;
    if (rows > 0 && timer !== undefined && clock.monotonicMs() - lastSentMs >= MESSAGE_INTERVAL_MS) {
      // What is scheduled is the return to 0; this is sooner.
      clearTimeout(timer);
      timer = undefined;
    }
    schedule(MESSAGE_INTERVAL_MS - (clock.monotonicMs() - lastSentMs));
  }

  async function listen(): Promise<() => Promise<void>> {
    try {
      return await postgres.listen(USAGE_CHANNEL, onNotify);
    } catch (error) {
      // The next one to watch tries again.
      listening = undefined;
      throw error;
    }
  }

  async function stopListening(): Promise<void> {
    const stop = listening;
    listening = undefined;
    clearTimeout(timer);
    timer = undefined;
    await (await stop)?.();
  }

  return {
    watchers: () => watchers.size,
    async watch(watcher) {
      listening ??= listen();
      await listening;
      // First watched, then read: a change in between comes twice rather than never.
      watchers.add(watcher);
      const stop = () => void watchers.delete(watcher);
      try {
        return { now: await readState(platform, 0), stop };
      } catch (error) {
        stop();
        throw error;
      }
    },
    async close() {
      watchers.clear();
      await stopListening();
    },
  };
}

async function readState(platform: Platform, rowsPerSecond: number): Promise<Live> {
  const { partitions, asOf } = await readWatermark(platform);
  return { asOf, rowsPerSecond, lag: partitions.reduce((lag, { endOffset, rollups }) => lag + Math.max(0, endOffset - rollups), 0) };
}
