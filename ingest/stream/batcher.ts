/**
 * Group commit: what comes while a commit is under way goes along with the next. One at a time, in order.
 *
 * Whoever brings more waits once `sizeMax` is waiting, so that what is in memory is at most two batches, whatever comes in.
 */
import { Waker } from '../../platform/waker.ts';

export interface BatcherOptions<Item> {
  /** What an item counts against `sizeMax`. */
  sizeOf(item: Item): number;
  sizeMax: number;
  /** A lone item waits this long for company. */
  waitMs: number;
  /** May throw: no further items are taken then. */
  commit(items: Item[]): Promise<void>;
}

const NEVER = new AbortController().signal;

export class Batcher<Item> {
  readonly #options: BatcherOptions<Item>;
  readonly #arrived = new Waker();
  #waiting: Item[] = [];
  #size = 0;
  #room = Promise.withResolvers<void>();
  #ended = false;
  readonly #failed = new AbortController();
  /** Settles when all is committed after `end`, or with what a commit threw. */
  readonly done: Promise<void>;

  constructor(options: BatcherOptions<Item>) {
    this.#options = options;
    this.done = this.#run();
    // Whoever waits for it gets the error; until then it must not count as unhandled.
    this.done.catch(() => undefined);
  }

  /** Fires when a commit has thrown. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Resolves when there is room for the next item; its own commit is not waited for. Throws what a commit threw. */
  async add(item: Item): Promise<void> {
    if (this.#failed.signal.aborted) return this.done;
    this.#waiting.push(item);
    this.#size += this.#options.sizeOf(item);
    this.#arrived.wake();
    if (this.#size >= this.#options.sizeMax) await this.#room.promise;
    if (this.#failed.signal.aborted) return this.done;
  }

  /** Commits what is waiting, and no more. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#arrived.wake();
    await this.done;
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        while (this.#waiting.length === 0 && !this.#ended) await this.#arrived.wait(IDLE_MS, NEVER);
        if (this.#waiting.length === 0) return;
        await this.#waitForCompany();
        await this.#options.commit(this.#take());
      }
    } catch (error) {
      this.#failed.abort();
      throw error;
    } finally {
      this.#room.resolve();
    }
  }

  async #waitForCompany(): Promise<void> {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), this.#options.waitMs);
    while (!this.#ended && this.#size < this.#options.sizeMax && !over.signal.aborted)
      await this.#arrived.wait(this.#options.waitMs, over.signal);
    clearTimeout(timer);
  }

  #take(): Item[] {
    const items = this.#waiting;
    this.#waiting = [];
    this.#size = 0;
    this.#room.resolve();
    this.#room = Promise.withResolvers();
    return items;
  }
}

/** Nothing is looked for then: what arrives wakes it. */
const IDLE_MS = 60_000;
