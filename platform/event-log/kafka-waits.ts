/**
 * Waits for events of many partitions with one request per broker: a broker answers the requests of a connection one after the
 * other, so that a wait for each partition would hold up all others. For the same reason it has connections of its own.
 */
import type { Fetched, FetchPoint, KafkaFetcher } from './kafka-fetcher.ts';

/** How long one request waits. Whoever begins to wait meanwhile is in the next one, so it also bounds how late he wakes. */
const POLL_MS = 200;

interface Waiter extends FetchPoint {
  wake(fetched?: Fetched): void;
}

export class KafkaWaits {
  readonly #fetcher: KafkaFetcher;
  readonly #waiters = new Set<Waiter>();
  /** The leaders a request is under way to. */
  readonly #polled = new Set<string>();

  constructor(fetcher: KafkaFetcher) {
    this.#fetcher = fetcher;
  }

  /** Settles when events are there from the point on, with them if possible; after `waitMs`, or when the signal fires, without.
   *  Also without when waiting fails: to fetch then says why. */
  async wait(point: FetchPoint, waitMs: number, signal: AbortSignal | undefined): Promise<Fetched | undefined> {
    if (signal?.aborted === true) return undefined;
    return await new Promise((settle) => {
      const finish = (fetched?: Fetched) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiters.delete(waiter);
        settle(fetched);
      };
      const onAbort = () => finish();
      const waiter: Waiter = { ...point, wake: finish };
      const timer = setTimeout(finish, waitMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
      this.#fetcher.leaders.leaderOf(point.partition).then((leader) => this.#poll(leader), onAbort);
    });
  }

  wakeAll(): void {
    for (const waiter of [...this.#waiters]) waiter.wake();
  }

  async #poll(leader: string): Promise<void> {
    if (this.#polled.has(leader)) return;
    this.#polled.add(leader);
    try {
      for (let waiters = await this.#waitersOf(leader); waiters.length > 0; waiters = await this.#waitersOf(leader)) {
        await this.#pollOnce(leader, waiters);
      }
    } catch {
      this.wakeAll();
    } finally {
      this.#polled.delete(leader);
    }
    // Whoever came between the last look and now found a request under way that will not happen.
    if ((await this.#waitersOf(leader).catch(() => [])).length > 0) await this.#poll(leader);
  }

  async #waitersOf(leader: string): Promise<Waiter[]> {
    const waiters = [...this.#waiters];
    const leaders = await Promise.all(waiters.map(({ partition }) => this.#fetcher.leaders.leaderOf(partition)));
    return waiters.filter((waiter, at) => leaders[at] === leader && this.#waiters.has(waiter));
  }

  async #pollOnce(leader: string, waiters: readonly Waiter[]): Promise<void> {
    const points = new Map<number, FetchPoint>();
    for (const { partition, fromOffset } of waiters) {
      const point = points.get(partition);
      if (point === undefined || fromOffset < point.fromOffset) points.set(partition, { partition, fromOffset });
    }
    const found = await this.#fetcher.fetch([...points.values()], leader, POLL_MS);
    for (const waiter of waiters) {
      const fetched = found.get(waiter.partition);
      if (fetched === undefined) continue;
      waiter.wake(points.get(waiter.partition)?.fromOffset === waiter.fromOffset ? fetched : undefined);
    }
  }
}
