/** Retrying what fails because a store is away: without end, since giving up would lose events, and never hot. */
import type { Logger } from 'pino';
import { LogEndsEarlierError, LogReplacedError, LogTrimmedError } from '../platform/event-log/event-log.ts';
import { Waker } from '../platform/waker.ts';
import { OtherLogError } from './steps/offsets.ts';
import { RollupDisagreement } from './steps/rollup-ranges.ts';

/** The log has lost events, or the stores disagree. */
const UNMENDABLE = [LogTrimmedError, LogEndsEarlierError, LogReplacedError, OtherLogError, RollupDisagreement];

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/** Repeats `work` until it succeeds; undefined when the signal fired. What no repetition can mend is thrown on. */
export async function retry<T>(what: string, logger: Logger, signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) return undefined;
      if (UNMENDABLE.some((kind) => error instanceof kind)) throw error;
      logger.warn({ err: error, waitMs }, `${what} failed, trying again`);
      await new Waker().wait(waitMs, signal);
    }
  }
  return undefined;
}
