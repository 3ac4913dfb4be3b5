/**
 * Appends to the topic: each append is one batch of records, so that Kafka takes it whole or not at all.
 *
 * An idempotent producer numbers its batches per partition, and the broker drops a number it has seen. After an append that
 * failed without an answer nobody knows whether its number was used; should the next append carry the same number, the broker
 * would answer "done" and drop it. So such a producer is never used again: the next append gets one with a new identity.
 */
import kafkajs from 'kafkajs';
import type { Kafka, Producer } from 'kafkajs';
import type { AppendedRange } from './event-log.ts';
import { APPEND_BYTES_MAX } from './kafka-topic.ts';

export type KafkaCompression = 'zstd' | 'gzip' | 'none';

export interface KafkaAppenderOptions {
  kafka: Kafka;
  topic: string;
  partitions: number;
  compression: KafkaCompression;
  /** Events packed into one message. 1: an offset for each event. */
  eventsPerMessage: number;
}

const { CompressionTypes } = kafkajs;
const CODECS = { zstd: CompressionTypes.ZSTD, gzip: CompressionTypes.GZIP, none: CompressionTypes.None } as const;
/** Every replica in sync has it. */
const ACKS_ALL = -1;
/** kafkajs collects the records of a batch with a call that has an argument each, and V8's stack takes some 120,000. */
const RECORDS_MAX = 50_000;
/** Numbers of a producer are 32 bits wide, and kafkajs does not carry over as the broker expects. */
const RECORDS_PER_PRODUCER_MAX = 1_000_000_000;

/** A producer, from one identity to the next. */
interface Identity {
  producer: Producer;
  connected: Promise<void>;
  appends: number;
  records: number;
  retired: boolean;
}

export class KafkaAppender {
  readonly #options: KafkaAppenderOptions;
  /** The last append of each partition: one at a time, or one that failed could be overtaken by its successor. */
  readonly #turns: Promise<unknown>[];
  readonly #identities = new Set<Identity>();
  #current: Identity | undefined;

  constructor(options: KafkaAppenderOptions) {
    this.#options = options;
    this.#turns = Array.from({ length: options.partitions }, () => Promise.resolve());
  }

  async append(partition: number, texts: readonly string[]): Promise<AppendedRange> {
    const last = this.#turns[partition];
    if (last === undefined) throw new Error(`the log has no partition ${partition}`);
    const values = packEvents(texts, this.#options.eventsPerMessage);
    const turn = last.then(() => this.#send(partition, values));
    this.#turns[partition] = turn.catch(() => undefined);
    return await turn;
  }

  async #send(partition: number, values: readonly string[]): Promise<AppendedRange> {
    const { topic, compression } = this.#options;
    const identity = this.#identity();
    identity.appends += 1;
    identity.records += values.length;
    try {
      await identity.connected;
      const [sent] = await identity.producer.send({
        topic,
        acks: ACKS_ALL,
        compression: CODECS[compression],
        messages: values.map((value) => ({ partition, value })),
      });
      const firstOffset = Number(sent?.baseOffset ?? -1);
      if (firstOffset < 0) throw new Error(`partition ${partition}: the broker acknowledged an append without saying where it is`);
      return { partition, firstOffset, nextOffset: firstOffset + values.length };
    } catch (error) {
      this.#retire(identity);
      throw error;
    } finally {
      identity.appends -= 1;
      if (identity.records > RECORDS_PER_PRODUCER_MAX) this.#retire(identity);
      if (identity.retired && identity.appends === 0) void this.#disconnect(identity);
    }
  }

  #identity(): Identity {
    if (this.#current !== undefined) return this.#current;
    const producer = this.#options.kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      // Only for kafkajs to ask: every message names its partition.
      createPartitioner: () => ({ message }) => message.partition ?? 0,
    });
    const identity: Identity = { producer, connected: producer.connect(), appends: 0, records: 0, retired: false };
    this.#identities.add(identity);
    this.#current = identity;
    return identity;
  }

  #retire(identity: Identity): void {
    identity.retired = true;
    if (this.#current === identity) this.#current = undefined;
  }

  async #disconnect(identity: Identity): Promise<void> {
    this.#identities.delete(identity);
    // One that never connected cannot be disconnected; nothing is lost with it.
    await identity.producer.disconnect().catch(() => undefined);
  }

  /** Appends under way come to their end first. */
  async close(): Promise<void> {
    await Promise.all(this.#turns);
    await Promise.all([...this.#identities].map((identity) => this.#disconnect(identity)));
  }
}

/** The values of the messages. Where there are more events than records fit into a batch, each takes as many as it must. */
export function packEvents(texts: readonly string[], eventsPerMessage: number): string[] {
  const events = texts.flatMap((text) => (text.includes('\n') ? text.split('\n') : text));
  const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(event), 0);
  if (bytes > APPEND_BYTES_MAX) throw new Error(`an append of ${bytes} bytes; ${APPEND_BYTES_MAX} are the most`);
  const each = Math.max(eventsPerMessage, Math.ceil(events.length / RECORDS_MAX));
  if (each === 1) return events;
  const values: string[] = [];
  for (let at = 0; at < events.length; at += each) values.push(events.slice(at, at + each).join('\n'));
  return values;
}
