/** Lets a fixed number of tasks run at once; the rest wait in order of arrival, and not without limit. */
import { ProblemError } from '../../core/errors.ts';

export interface Turns {
  /** Runs the task when its turn comes. Throws `store_unavailable` when `waitingMax` tasks wait already, or after `close`. */
  take<T>(task: () => Promise<T>): Promise<T>;
  /** Refuses new tasks and those that wait, and waits for those that run. */
  close(): Promise<void>;
}

interface Waiter {
  start(): void;
  refuse(error: Error): void;
}

const noop = () => undefined;

export function createTurns({ name, atOnce, waitingMax }: { name: string; atOnce: number; waitingMax: number }): Turns {
  const waiting: Waiter[] = [];
  const running = new Set<Promise<unknown>>();
  let taken = 0;
  let closed = false;

  function passOn(): void {
    const next = waiting.shift();
    if (next === undefined) taken -= 1;
    else next.start();
  }

  function wait(): Promise<void> {
    if (taken < atOnce) {
      taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => waiting.push({ start: resolve, refuse: reject }));
  }

  async function run<T>(task: () => Promise<T>): Promise<T> {
    await wait();
    try {
      return await task();
    } finally {
      passOn();
    }
  }

  return {
    take(task) {
      if (closed) return Promise.reject(new ProblemError('store_unavailable', `${name} is closed`));
      if (waiting.length >= waitingMax) {
        return Promise.reject(
          new ProblemError('store_unavailable', `${waiting.length} calls wait for ${name} already; try again in a moment`),
        );
      }
      const result = run(task);
      const settled: Promise<void> = result.then(noop, noop).finally(() => running.delete(settled));
      running.add(settled);
      return result;
    },
    async close() {
      closed = true;
      for (const waiter of waiting.splice(0)) waiter.refuse(new ProblemError('store_unavailable', `${name} is closed`));
      await Promise.all(running);
    },
  };
}
