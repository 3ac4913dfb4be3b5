/**
 * Fetches from exactly the offset asked for.
 *
 * kafkajs' own consumer answers an offset that is out of range by jumping to the beginning or the end of the partition, which is
 * data lost in silence. One level below, at its brokers, the same request fails, and the reason can be told.
 */
import { createRequire } from 'node:module';
import type { Cluster } from 'kafkajs';
import { LogEndsEarlierError, LogTrimmedError } from './event-log.ts';

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
  readonly #cluster: Cluster;
  readonly #topic: string;
  #ready: Promise<void> | undefined;

  constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster;
    this.#topic = topic;
  }

  /** Connects; again after a failure. */
  connect(): Promise<void> {
    this.#ready ??= this.#connect().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #connect(): Promise<void> {
    await this.#cluster.connect();
    await this.#cluster.addTargetTopic(this.#topic);
  }

  disconnect(): Promise<void> {
    return this.#cluster.disconnect();
  }

  /** The broker that leads a partition, as far as is known. */
  async leaderOf(partition: number): Promise<string> {
    await this.connect();
    await this.#cluster.refreshMetadataIfNecessary();
    const [leader] = Object.keys(this.#cluster.findLeaderForPartitions(this.#topic, [partition]));
    if (leader === undefined) throw new Error(`partition ${partition} has no leader`);
    return leader;
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
          topic: this.#topic,
          partitions: points.map(({ partition, fromOffset }) => ({ partition, fetchOffset: String(fromOffset), maxBytes: FETCH_BYTES_MAX })),
        },
      ],
    };
    try {
      const broker = await this.#cluster.findBroker({ nodeId: leader });
      const { responses } = (await broker.fetch(request)) as { responses: { partitions: RawPartition[] }[] };
      const froms = new Map(points.map(({ partition, fromOffset }) => [partition, fromOffset]));
      const fetched = responses.flatMap(({ partitions }) => partitions).filter(({ messages }) => messages.length > 0);
      return new Map(fetched.map((raw) => [raw.partition, decode(raw, froms.get(raw.partition) ?? 0)]));
    } catch (error) {
      await this.#recover(error, points);
      throw error;
    }
  }

  /** Turns what cannot be repeated into what it means, and prepares the repetition of everything else. */
  async #recover(error: unknown, points: readonly FetchPoint[]): Promise<void> {
    const { type, name, host, port } = error as { type?: string; name?: string; host?: string; port?: number };
    if (type === 'OFFSET_OUT_OF_RANGE') {
      await this.#explainRange(points);
      return;
    }
    if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined) this.#cluster.removeBroker({ host, port });
    // The leader may be another by now. Where not even this can be had, the first error says more.
    await this.#cluster.refreshMetadata().catch(() => undefined);
  }

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
    await this.connect();
    await this.#cluster.refreshMetadataIfNecessary();
    const partitions = this.#cluster.findTopicPartitionMetadata(this.#topic).map(({ partitionId }) => ({ partition: partitionId }));
    try {
      const [topic] = await this.#cluster.fetchTopicsOffset([{ topic: this.#topic, partitions, fromBeginning: which === 'start' }]);
      const offsets = new Array<number>(partitions.length).fill(0);
      for (const { partition, offset } of topic?.partitions ?? []) offsets[partition] = Number(offset);
      return offsets;
    } catch (error) {
      await this.#recover(error, []);
      throw error;
    }
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
