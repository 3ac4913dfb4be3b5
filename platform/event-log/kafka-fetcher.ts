/**
 * Fetches from exactly the offset asked for.
 *
 * kafkajs' own consumer answers an offset that is out of range by jumping to the beginning or the end of the partition, which is
 * data lost in silence. One level below, at its brokers, the same request fails, and the reason can be told.
 */
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { LogEndsEarlierError, LogTrimmedError } from './event-log.ts';
import type { KafkaLeaders } from './kafka-leaders.ts';
import type { KafkaTopicGuard } from './kafka-topic-id.ts';

export interface FetchedMessage {
  offset: number;
  value: Buffer | null;
}

/** What stands in a partition between the offset asked for and `nextOffset`. */
export interface Fetched {
  messages: readonly FetchedMessage[];
  /** Larger than the last offset by more than one where what followed is no event. */
  nextOffset: number;
}

export interface FetchPoint {
  partition: number;
  fromOffset: number;
}

/** Compressed bytes per partition and fetch: some 50,000 events, and no more than memory has room for in every partition. */
const FETCH_BYTES_MAX = 1_048_576;
/** Per request, over all partitions. */
const RESPONSE_BYTES_MAX = 8 * FETCH_BYTES_MAX;
/** Hides what a transaction rolled back. We produce without transactions; others may not. */
const READ_COMMITTED = 1;
const CONSUMER = -1;

/** A broker that has just got a partition, or is giving it up, says so for some milliseconds. */
const MOVING: ReadonlySet<string> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE']);
const OFFSET_TRIES = 4;
const AGAIN_MS = 100;

interface RawMessage extends Omit<FetchedMessage, 'offset'> {
  offset: string;
  isControlRecord: boolean;
  batchContext: { firstOffset: string; lastOffsetDelta: number };
}

interface RawPartition {
  partition: number;
  abortedTransactions?: readonly unknown[];
  messages: RawMessage[];
}

type FilterAborted = (fetched: Pick<RawPartition, 'messages' | 'abortedTransactions'>) => RawMessage[];

const filterAborted = createRequire(import.meta.url)('kafkajs/src/consumer/filterAbortedMessages.js') as FilterAborted;

export class KafkaFetcher {
  readonly leaders: KafkaLeaders;
  readonly #guard: KafkaTopicGuard;

  constructor(leaders: KafkaLeaders, guard: KafkaTopicGuard) {
    this.leaders = leaders;
    this.#guard = guard;
  }

  /** What begins at each point; partitions with nothing new are left out. All points must have the same leader, and none twice. */
  async fetch(points: readonly FetchPoint[], leader: string, waitMs: number): Promise<Map<number, Fetched>> {
    const request = {
      replicaId: CONSUMER,
      isolationLevel: READ_COMMITTED,
      maxWaitTime: waitMs,
      minBytes: 1,
      maxBytes: RESPONSE_BYTES_MAX,
      topics: [
        {
          topic: this.leaders.topic,
          partitions: points.map(({ partition, fromOffset }) => ({
            partition,
            fetchOffset: String(fromOffset),
            maxBytes: FETCH_BYTES_MAX,
          })),
        },
      ],
    };
    try {
      const broker = await this.leaders.broker(leader);
      const { responses } = (await broker.fetch(request)) as { responses: { partitions: RawPartition[] }[] };
      const froms = new Map(points.map(({ partition, fromOffset }) => [partition, fromOffset]));
      const fetched = responses.flatMap(({ partitions }) => partitions).filter(({ messages }) => messages.length > 0);
      if (fetched.length > 0) await this.#guard.check(this.leaders, leader);
      return new Map(fetched.map((raw) => [raw.partition, decode(raw, froms.get(raw.partition) ?? 0)]));
    } catch (error) {
      if ((error as { type?: string }).type === 'OFFSET_OUT_OF_RANGE') await this.#explainRange(points);
      else await this.leaders.recover(error);
      throw error;
    }
  }

  /** Throws what is the matter, if that can be told. */
  async #explainRange(points: readonly FetchPoint[]): Promise<void> {
    const [starts, ends] = await Promise.all([this.offsets('start'), this.offsets('end')]);
    for (const { partition, fromOffset } of points) {
      const start = starts[partition] ?? 0;
      const end = ends[partition] ?? 0;
      if (fromOffset < start) throw new LogTrimmedError(partition, fromOffset, start);
      if (fromOffset > end) throw new LogEndsEarlierError(partition, fromOffset, end);
    }
  }

  /** By partition: the first offset that is still there, or the one the next event will get. */
  async offsets(which: 'start' | 'end'): Promise<number[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#readOffsets(which);
      } catch (error) {
        await this.leaders.recover(error);
        if (tries === OFFSET_TRIES || !MOVING.has((error as { type?: string }).type ?? '')) throw error;
        await delay(AGAIN_MS);
      }
    }
  }

  async #readOffsets(which: 'start' | 'end'): Promise<number[]> {
    const partitions = (await this.leaders.partitions()).map((partition) => ({ partition }));
    const { cluster, topic } = this.leaders;
    const [answer] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning: which === 'start' }]);
    const offsets = new Array<number>(partitions.length).fill(0);
    for (const { partition, offset } of answer?.partitions ?? []) offsets[partition] = Number(offset);
    const leaders = new Set(await Promise.all(partitions.map(({ partition }) => this.leaders.leaderOf(partition))));
    for (const leader of leaders) await this.#guard.check(this.leaders, leader);
    return offsets;
  }
}

function decode({ messages, abortedTransactions = [] }: RawPartition, fromOffset: number): Fetched {
  const last = messages.at(-1)?.batchContext;
  const nextOffset = last === undefined ? fromOffset : Number(last.firstOffset) + last.lastOffsetDelta + 1;
  const committed = abortedTransactions.length === 0 ? messages : filterAborted({ messages, abortedTransactions });
  const events: FetchedMessage[] = [];
  for (const { offset, value, isControlRecord } of committed) {
    // A batch comes whole, also when it is wanted from its middle on.
    const at = Number(offset);
    if (at >= fromOffset && !isControlRecord) events.push({ offset: at, value });
  }
  return { messages: events, nextOffset: Math.max(nextOffset, fromOffset) };
}
