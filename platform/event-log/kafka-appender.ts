/**
 * Appends to the topic: each append is one batch of records, so that Kafka takes it whole or not at all.
 *
 * A batch carries the identity of its producer and a sequence number, and the broker drops one that it has seen: so a batch is
 * sent again, with the same number, until there is an answer. After an append that failed for good nobody knows whether its
 * number was used. Should the next one carry it too, the broker would answer "done" and drop the events; so the partition's next
 * append begins with a new identity. (kafkajs' own producer goes on with the old one, and takes time that grows with the square
 * of the messages: 40,000 in one call took it 26 s.)
 */
import kafkajs from 'kafkajs';
import type { Broker } from 'kafkajs';
import type { Logger } from 'pino';
import { Waker } from '../waker.ts';
import type { AppendedRange } from './event-log.ts';
import { isRetriable } from './kafka-client.ts';
import type { KafkaLeaders } from './kafka-leaders.ts';
import type { KafkaTopicGuard } from './kafka-topic-id.ts';
import { APPEND_BYTES_MAX } from './kafka-topic.ts';

export type KafkaCompression = 'zstd' | 'gzip' | 'none';

export interface KafkaAppenderOptions {
  leaders: KafkaLeaders;
  guard: KafkaTopicGuard;
  partitions: number;
  compression: KafkaCompression;
  /** Events packed into one message. 1: an offset for each event. */
  eventsPerMessage: number;
  /** Ends the tries of what has not been acknowledged yet. */
  closed: AbortSignal;
  logger: Logger;
}

const { CompressionTypes } = kafkajs;
const CODECS = { zstd: CompressionTypes.ZSTD, gzip: CompressionTypes.GZIP, none: CompressionTypes.None } as const;
/** Every replica in sync has it. */
const ACKS_ALL = -1;
/** How long a broker waits for its replicas; less than its client waits for it. */
const REPLICATION_MS_MAX = 10_000;
/** kafkajs collects the records of a batch by a call with an argument for each, and V8's stack takes some 120,000. */
const RECORDS_MAX = 50_000;
/** Sequence numbers are 31 bits wide and begin anew. */
const SEQUENCES = 2 ** 31;
/** A broker that restarts, or an election, is over after a minute; beyond that the caller hears of it, and decides. */
const TRIES_MAX = 8;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

interface Identity {
  producerId: string;
  producerEpoch: number;
  /** The sequence number of the next record. */
  nextSequence: number;
}

/** What kafkajs' brokers do, but its types do not tell. */
interface IdentifyingBroker {
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>;
}

interface ProduceResponse {
  topics: readonly { partitions: readonly { baseOffset: string }[] }[];
}

export class KafkaAppender {
  readonly #options: KafkaAppenderOptions;
  /** The last append of each partition: one at a time, or one that is tried again could be overtaken by its successor. */
  readonly #turns: Promise<unknown>[];
  readonly #identities = new Map<number, Identity>();

  constructor(options: KafkaAppenderOptions) {
    this.#options = options;
    this.#turns = Array.from({ length: options.partitions }, () => Promise.resolve());
  }

  async append(partition: number, texts: readonly (string | Buffer)[]): Promise<AppendedRange> {
    const last = this.#turns[partition];
    if (last === undefined) throw new Error(`the log has no partition ${partition}`);
    const values = packEvents(texts, this.#options.eventsPerMessage);
    const turn = last.then(() => this.#appendInTurn(partition, values));
    this.#turns[partition] = turn.catch(() => undefined);
    return await turn;
  }

  async #appendInTurn(partition: number, values: readonly string[]): Promise<AppendedRange> {
    try {
      const firstOffset = await this.#try(partition, values);
      const identity = this.#identities.get(partition);
      if (identity !== undefined) identity.nextSequence = (identity.nextSequence + values.length) % SEQUENCES;
      return { partition, firstOffset, nextOffset: firstOffset + values.length };
    } catch (error) {
      this.#identities.delete(partition);
      throw error;
    }
  }

  async #try(partition: number, values: readonly string[]): Promise<number> {
    const { leaders, closed, logger } = this.#options;
    let waitMs = FIRST_WAIT_MS;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#produce(partition, values);
      } catch (error) {
        if (!isRetriable(error) || tries === TRIES_MAX || closed.aborted) throw error;
        logger.warn({ err: error, partition, tries }, 'append not acknowledged, trying again');
        await new Waker().wait(waitMs, closed);
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
        await leaders.recover(error);
      }
    }
  }

  async #produce(partition: number, values: readonly string[]): Promise<number> {
    const { leaders, guard, compression } = this.#options;
    const leader = await leaders.leaderOf(partition);
    const broker = await leaders.broker(leader);
    const { producerId, producerEpoch, nextSequence } = await this.#identify(partition, broker);
    const messages = values.map((value) => ({ value }));
    const response = (await broker.produce({
      acks: ACKS_ALL,
      timeout: REPLICATION_MS_MAX,
      compression: CODECS[compression],
      // A 64-bit number; kafkajs passes on what it was given by the broker, whatever its types say.
      producerId: producerId as unknown as number,
      producerEpoch,
      topicData: [{ topic: leaders.topic, partitions: [{ partition, firstSequence: nextSequence, messages }] }],
    })) as ProduceResponse;
    const offset = Number(response.topics[0]?.partitions[0]?.baseOffset ?? -1);
    if (offset < 0) throw new Error(`partition ${partition}: the broker acknowledged an append without saying where it is`);
    await guard.check(leaders, leader);
    return offset;
  }

  async #identify(partition: number, broker: Broker): Promise<Identity> {
    const known = this.#identities.get(partition);
    if (known !== undefined) return known;
    const request = { transactionTimeout: 0 };
    const { producerId, producerEpoch } = await (broker as unknown as IdentifyingBroker).initProducerId(request);
    const identity = { producerId, producerEpoch, nextSequence: 0 };
    this.#identities.set(partition, identity);
    return identity;
  }

  /** Resolves when no append is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#turns);
  }
}

/** The values of the messages. Where there are more events than records fit into a batch, each takes as many as it must. */
export function packEvents(texts: readonly (string | Buffer)[], eventsPerMessage: number): string[] {
  const events = texts.flatMap((text) => text.toString().split('\n'));
  const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(event), 0);
  if (bytes > APPEND_BYTES_MAX) throw new Error(`an append of ${bytes} bytes; ${APPEND_BYTES_MAX} are the most`);
  const each = Math.max(eventsPerMessage, Math.ceil(events.length / RECORDS_MAX));
  if (each === 1) return events;
  const values: string[] = [];
  for (let at = 0; at < events.length; at += each) values.push(events.slice(at, at + each).join('\n'));
  return values;
}
