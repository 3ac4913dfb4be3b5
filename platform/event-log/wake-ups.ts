/**
 * Wakes those who wait for something to happen to a partition.
 *
 * One looks first and waits afterwards, and what happens between the two must not be missed: so one notes the count of
 * happenings before looking, and waits for it to change.
 */
export interface WakeUps {
  count(partition: number): number;
  /** Something happened to the partition; to any, when undefined. */
  happened(partition: number | undefined): void;
  /** Settles when the count is no longer `seen`, after `waitMs`, or when the signal fires. */
  wait(partition: number, seen: number, waitMs: number, signal?: AbortSignal): Promise<void>;
}

export function createWakeUps(partitions: number): WakeUps {
  const counts = new Array<number>(partitions).fill(0);
  const waiting = new Map<() => void, number>();

  return {
    count: (partition) => counts[partition] ?? 0,
    happened(partition) {
      for (let at = 0; at < partitions; at += 1) {
        if (partition === undefined || partition === at) counts[at] = (counts[at] ?? 0) + 1;
      }
      for (const [wake, waitsFor] of [...waiting]) {
        if (partition === undefined || partition === waitsFor) wake();
      }
    },
    wait(partition, seen, waitMs, signal) {
      if (signal?.aborted === true || counts[partition] !== seen) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', wake);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, waitMs);
        signal?.addEventListener('abort', wake, { once: true });
        waiting.set(wake, partition);
      });
    },
  };
}
