/** Reads a partition: as much as was asked for, from what was fetched before or from the broker. */
import type { Clock } from '../clock.ts';
import type { LogBatch, PartitionReader, ReadOptions } from './event-log.ts';
import type { Fetched, KafkaFetcher } from './kafka-fetcher.ts';
import type { KafkaWaits } from './kafka-waits.ts';

/** Bytes of events in one batch: what a batch is worth in memory is several times this. */
const BATCH_BYTES_MAX = 16 * 1_048_576;
/** Two consumers read a partition, each at its own place. */
const KEPT_MAX = 2;

/** What was fetched and not read yet: `messages` from `at` on. */
interface Kept extends Fetched {
  at: number;
}

/** A batch in the making. */
interface Draft {
  payloads: string[];
  offsets: number[];
  indexes: number[];
  bytes: number;
  nextOffset: number;
}

export class KafkaReader implements PartitionReader {
  readonly partition: number;
  readonly #fetcher: KafkaFetcher;
  readonly #waits: KafkaWaits;
  readonly #clock: Clock;
  readonly #closed: AbortSignal;
  /** By the offset from which on it can be read, the oldest first. */
  readonly #kept = new Map<number, Kept>();

  constructor(partition: number, parts: { fetcher: KafkaFetcher; waits: KafkaWaits; clock: Clock; closed: AbortSignal }) {
    this.partition = partition;
    this.#fetcher = parts.fetcher;
    this.#waits = parts.waits;
    this.#clock = parts.clock;
    this.#closed = parts.closed;
  }

  async read(fromOffset: number, options: ReadOptions): Promise<LogBatch | undefined> {
    const { beforeOffset = Infinity, waitMs } = options;
    if (beforeOffset <= fromOffset) return undefined;
    const ended = options.signal === undefined ? this.#closed : AbortSignal.any([options.signal, this.#closed]);
    const deadlineMs = this.#clock.monotonicMs() + waitMs;
    while (!ended.aborted) {
      // A broker that is away is tried for a while; who is told to stop does not wait for that.
      const batch = await untilAborted(this.#collect(fromOffset, options.maxEvents, beforeOffset), ended);
      if (batch !== undefined) return batch;
      const remainingMs = deadlineMs - this.#clock.monotonicMs();
      if (remainingMs <= 0) return undefined;
      const fetched = await this.#waits.wait({ partition: this.partition, fromOffset }, remainingMs, ended);
      if (fetched !== undefined) this.#keep(fromOffset, { ...fetched, at: 0 });
    }
    return undefined;
  }

  /** Goes on as long as there is something at once. Never past a fetch that failed: what was collected before it is lost to nobody. */
  async #collect(fromOffset: number, maxEvents: number, beforeOffset: number): Promise<LogBatch | undefined> {
    const draft: Draft = { payloads: [], offsets: [], indexes: [], bytes: 0, nextOffset: fromOffset };
    while (draft.payloads.length < maxEvents && draft.bytes < BATCH_BYTES_MAX && draft.nextOffset < beforeOffset) {
      const kept = this.#take(draft.nextOffset) ?? (await this.#fetch(draft.nextOffset));
      if (kept === undefined) break;
      fill(draft, kept, maxEvents, beforeOffset);
      if (kept.at < kept.messages.length) this.#keep(draft.nextOffset, kept);
    }
    const { payloads, offsets, indexes, nextOffset } = draft;
    if (nextOffset === fromOffset) return undefined;
    return { partition: this.partition, firstOffset: fromOffset, nextOffset, payloads, offsets, indexes };
  }

  async #fetch(fromOffset: number): Promise<Kept | undefined> {
    const leader = await this.#fetcher.leaders.leaderOf(this.partition);
    const fetched = (await this.#fetcher.fetch([{ partition: this.partition, fromOffset }], leader, 0)).get(this.partition);
    return fetched === undefined || fetched.nextOffset === fromOffset ? undefined : { ...fetched, at: 0 };
  }

  #take(fromOffset: number): Kept | undefined {
    const kept = this.#kept.get(fromOffset);
    this.#kept.delete(fromOffset);
    return kept;
  }

  #keep(fromOffset: number, kept: Kept): void {
    this.#kept.set(fromOffset, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** Moves messages, each with all of its events, from what was fetched into the batch. */
function fill(draft: Draft, kept: Kept, maxEvents: number, beforeOffset: number): void {
  for (; kept.at < kept.messages.length; kept.at += 1) {
    const message = kept.messages[kept.at];
    if (message === undefined) break;
    const { offset, value } = message;
    if (offset >= beforeOffset) {
      draft.nextOffset = beforeOffset;
      return;
    }
    if (draft.payloads.length >= maxEvents || draft.bytes >= BATCH_BYTES_MAX) {
      draft.nextOffset = offset;
      return;
    }
    // A message without a value is none of ours: an empty text is a dead letter like any other.
    const text = value?.toString() ?? '';
    draft.bytes += value?.length ?? 0;
    if (!text.includes('\n')) push(draft, text, offset, 0);
    else for (const [index, event] of text.split('\n').entries()) push(draft, event, offset, index);
  }
  draft.nextOffset = Math.min(kept.nextOffset, beforeOffset);
}

function push({ payloads, offsets, indexes }: Draft, payload: string, offset: number, index: number): void {
  payloads.push(payload);
  offsets.push(offset);
  indexes.push(index);
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const onAbort = () => aborted.resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Nobody waits for it any more once the signal has fired.
    work.catch(() => undefined);
  }
}
