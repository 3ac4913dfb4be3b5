/**
 * Start in order, stop in reverse: named phases, a cap on each.
 *
 * It knows nothing of signals. `stop` may come at any time, also while a phase is starting: no further phase starts then,
 * the one under way is waited for (its cap bounds the wait), and everything is stopped in reverse.
 */
import type { Logger } from 'pino';
import type { Clock } from './clock.ts';

export interface PhaseCaps {
  /** A start that takes longer has failed. */
  startCapMs: number;
  /** A stop that takes longer is logged and passed over, so that the phases before it still get theirs. */
  stopCapMs: number;
}

export interface Lifecycle {
  /**
   * Runs `start` as the next phase and remembers how to stop it. When it fails or takes too long, everything started so
   * far is stopped in reverse, and a `PhaseError` with the cause is thrown; `LifecycleStoppedError` once `stop` was called.
   */
  start<T>(name: string, start: () => Promise<T>, stop: (started: T) => Promise<void>, caps: PhaseCaps): Promise<T>;
  /** Stops everything in reverse. Never throws: a phase that fails to stop is logged. Later calls await the first. */
  stop(): Promise<void>;
}

/** A phase did not start; `cause` is why. */
export class PhaseError extends Error {
  readonly phase: string;

  constructor(phase: string, cause: unknown) {
    super(`${phase} did not start: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'PhaseError';
    this.phase = phase;
  }
}

/** `start` was called after `stop`. */
export class LifecycleStoppedError extends Error {
  constructor(phase: string) {
    super(`${phase} was not started: the process is stopping`);
    this.name = 'LifecycleStoppedError';
  }
}

interface StartedPhase {
  name: string;
  stop: () => Promise<void>;
  stopCapMs: number;
}

export function createLifecycle({ logger, clock }: { logger: Logger; clock: Clock }): Lifecycle {
  const started: StartedPhase[] = [];
  let starting: Promise<unknown> = Promise.resolve();
  let stopping: Promise<void> | undefined;

  async function stopPhase({ name, stop, stopCapMs }: StartedPhase): Promise<void> {
    const beganAtMs = clock.monotonicMs();
    try {
      await withCap(stop(), stopCapMs);
      logger.debug({ phase: name, tookMs: Math.round(clock.monotonicMs() - beganAtMs) }, 'stopped');
    } catch (error) {
      if (error instanceof CapError) logger.error({ phase: name, capMs: stopCapMs }, 'did not stop in time; going on without waiting');
      else logger.error({ phase: name, err: error }, 'failed to stop; going on');
    }
  }

  async function stopAll(): Promise<void> {
    for (let phase = started.pop(); phase !== undefined; phase = started.pop()) await stopPhase(phase);
  }

  async function run<T>(name: string, start: () => Promise<T>, stop: (value: T) => Promise<void>, caps: PhaseCaps): Promise<T> {
    const beganAtMs = clock.monotonicMs();
    const result = Promise.resolve().then(start);
    try {
      const value = await withCap(result, caps.startCapMs);
      started.push({ name, stop: async () => stop(value), stopCapMs: caps.stopCapMs });
      logger.debug({ phase: name, tookMs: Math.round(clock.monotonicMs() - beganAtMs) }, 'started');
      return value;
    } catch (error) {
      // Too late is still started: whatever it opened must be closed when it comes.
      if (error instanceof CapError)
        result.then((value) => stopPhase({ name, stop: async () => stop(value), stopCapMs: caps.stopCapMs })).catch(() => undefined);
      throw new PhaseError(name, error);
    }
  }

  function stop(): Promise<void> {
    stopping ??= starting.then(stopAll);
    return stopping;
  }

  return {
    stop,
    async start(name, start, stopOne, caps) {
      // Phases that depend on one another are started one by one, whoever calls.
      const previous = starting;
      const phase = previous.then(() => {
        if (stopping !== undefined) throw new LifecycleStoppedError(name);
        return run(name, start, stopOne, caps);
      });
      starting = phase.catch(() => undefined);
      try {
        return await phase;
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}

class CapError extends Error {
  constructor(capMs: number) {
    super(`it took longer than ${capMs / 1_000} s`);
    this.name = 'CapError';
  }
}

async function withCap<T>(work: Promise<T>, capMs: number): Promise<T> {
  const cap = Promise.withResolvers<never>();
  const timer = setTimeout(() => cap.reject(new CapError(capMs)), capMs);
  try {
    return await Promise.race([work, cap.promise]);
  } finally {
    clearTimeout(timer);
  }
}
