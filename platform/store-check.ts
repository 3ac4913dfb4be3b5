/**
 * Whether a store answers, at a price that many callers can pay: one question at a time, its answer good for a moment, and nobody
 * waits long. A question that is overdue means "no" until its answer comes after all.
 */
import type { Clock } from './clock.ts';
import type { Platform } from './platform.ts';
import type { StoreName } from './store-unavailable.ts';

/** A store that takes longer than this is of no use to a request either. */
export const CHECK_TIMEOUT_MS = 3_000;
/** How old an answer may be: a few questions a second at the most, however many requests there are. */
const FRESH_MS = 500;

export interface StoreCheck {
  readonly name: StoreName;
  /** Undefined: it answers. Otherwise why it does not. Settles within `CHECK_TIMEOUT_MS`, and never rejects. */
  fault(): Promise<Error | undefined>;
}

export type StoreChecks = Readonly<Record<'postgres' | 'clickhouse' | 'log' | 'files', StoreCheck>>;

/** Of a process: whoever asks shares the answers. */
export function createStoreChecks({ postgres, clickhouse, log, files, clock }: Platform): StoreChecks {
  return {
    postgres: createStoreCheck('postgres', () => postgres.query('SELECT 1', [], { timeoutMs: CHECK_TIMEOUT_MS }), clock),
    clickhouse: createStoreCheck('clickhouse', () => clickhouse.query({ name: 'health', sql: 'SELECT 1 AS ok' }), clock),
    // Asks the leader of every partition.
    log: createStoreCheck('event log', () => log.endOffsets(), clock),
    files: createStoreCheck('file store', () => files.freeBytes(), clock),
  };
}

export function createStoreCheck(name: StoreName, ask: () => Promise<unknown>, clock: Clock): StoreCheck {
  let last: { fault: Error | undefined; atMs: number } | undefined;
  let asking: Promise<Error | undefined> | undefined;
  let overdue: Error | undefined;

  const keep = (fault: Error | undefined) => {
    asking = undefined;
    overdue = undefined;
    last = { fault, atMs: clock.monotonicMs() };
    return fault;
  };

  return {
    name,
    async fault() {
      if (overdue !== undefined) return overdue;
      if (last !== undefined && clock.monotonicMs() - last.atMs < FRESH_MS) return last.fault;
      asking ??= ask().then(
        () => keep(undefined),
        (error: unknown) => keep(error instanceof Error ? error : new Error(String(error))),
      );
      const asked = asking;
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<Error>((resolve) => {
        timer = setTimeout(() => {
          const late = new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`);
          if (asking === asked) overdue = late;
          resolve(late);
        }, CHECK_TIMEOUT_MS);
      });
      const fault = await Promise.race([asked, timeout]);
      clearTimeout(timer);
      return fault;
    },
  };
}
